"""What makes two runs the same experiment."""

import dataclasses
import json
import shutil

import pytest

from chex_tf.study.identity import RUN, Identity, differences, of_run, started_from

BASE = Identity({"model": {"arch": "ResNet18", "weights": "none"}, "training": {"seed": 0}}, {"train": "a"}, "1")


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"version": "2"}, ["version: 1 -> 2"]),
        ({"data": {"train": "b"}}, ["train data: a -> b"]),
        ({"data": {"train": "a", "valid": "c"}}, ["valid data: none -> c"]),
        ({"settings": {**BASE.settings, "training": {"seed": 1}}}, ["seed: 0 -> 1"]),
        ({"settings": {**BASE.settings, "data": {"tasks": ["x", "y"]}}}, ["tasks: none -> x,y"]),
    ],
)
def test_whatever_decides_changes_the_key_and_is_named(other, said):
    changed = dataclasses.replace(BASE, **other)
    assert changed.key != BASE.key
    assert differences(BASE, changed) == said


def test_the_order_in_which_settings_stand_is_nothing():
    turned = Identity(dict(reversed(BASE.settings.items())), BASE.data, BASE.version)
    assert turned.key == BASE.key
    assert differences(BASE, turned) == []


def test_a_runs_folder_and_what_decides_nothing_are_not_part_of_it(tmp_path, kinds, fixture_runs):
    of = of_run(fixture_runs / "finished", {"train": kinds})
    moved = tmp_path / "elsewhere"
    shutil.copytree(fixture_runs / "finished", moved)
    config = json.loads((moved / "config.json").read_text())
    config["training"] |= {"run_dir": str(moved), "log_every": 999}
    config["data"]["data"] = "/gone"
    (moved / "config.json").write_text(json.dumps(config))
    assert of_run(moved, {"train": kinds}).key == of.key
    config["training"]["learning_rate"] = 0.5
    (moved / "config.json").write_text(json.dumps(config))
    assert of_run(moved, {"train": kinds}).key != of.key


def test_a_run_that_starts_from_another_has_its_key_wherever_it_lies(tmp_path, kinds, fixture_runs):
    first, second = tmp_path / "a" / "first", tmp_path / "second"
    shutil.copytree(fixture_runs / "finished", first)
    shutil.copytree(fixture_runs / "finished", second)
    config = json.loads((second / "config.json").read_text())
    config["model"]["weights"] = str(first)
    (second / "config.json").write_text(json.dumps(config))
    found = of_run(second, {"train": kinds})
    assert found.settings["model"]["weights"] == f"{RUN}{of_run(first, {'train': kinds}).key}"
    moved = first.rename(tmp_path / "moved")
    config["model"]["weights"] = str(moved)
    (second / "config.json").write_text(json.dumps(config))
    assert of_run(second, {"train": kinds}).key == found.key
    assert started_from(tmp_path / "nothing", {"train": kinds}) is None


def test_a_folder_without_a_run_has_none(tmp_path, kinds, fixture_runs):
    assert of_run(tmp_path, {"train": kinds}) is None
