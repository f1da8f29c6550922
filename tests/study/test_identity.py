"""What makes two runs the same experiment."""

import dataclasses
import hashlib
import json
import shutil

import pytest

from chex_tf.study.identity import FILE, RUN, Identity, differences, of_run, started_from

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


def test_a_file_of_weights_is_known_by_its_content(tmp_path, kinds, fixture_runs):
    run, file = tmp_path / "run", tmp_path / "weights.h5"
    file.write_bytes(b"three bytes and more")
    shutil.copytree(fixture_runs / "finished", run)

    def key(weights, **recorded):
        config = json.loads((run / "config.json").read_text())
        config["model"]["weights"] = str(weights)
        config.pop("weights_sha256", None)
        (run / "config.json").write_text(json.dumps(config | recorded))
        return of_run(run, {"train": kinds}).key

    first = key(file)
    digest = hashlib.sha256(b"three bytes and more").hexdigest()
    assert of_run(run, {"train": kinds}).settings["model"]["weights"] == f"{FILE}{digest[:16]}"
    assert key(file.rename(tmp_path / "called_otherwise.h5")) == first
    (tmp_path / "called_otherwise.h5").write_bytes(b"other weights of the same name")
    assert key(tmp_path / "called_otherwise.h5") != first
    # What the run recorded when it began counts, whatever became of the file.
    assert key(tmp_path / "called_otherwise.h5", weights_sha256=digest) == first
    assert key(tmp_path / "gone.h5", weights_sha256=digest) == first


def test_a_plan_that_has_a_files_path_is_read_as_one_that_has_its_digest(tmp_path, kinds):
    (tmp_path / "weights.h5").write_bytes(b"weights")
    by_path = Identity({"model": {"weights": str(tmp_path / "weights.h5")}}, {}, "1").filled(kinds)
    assert by_path.settings["model"]["weights"] == f"{FILE}{hashlib.sha256(b'weights').hexdigest()[:16]}"
    assert by_path.filled(kinds).key == by_path.key
    released = Identity({"model": {"weights": "imagenet"}}, {}, "1").filled(kinds)
    assert released.settings["model"]["weights"] == "imagenet"


def test_a_folder_without_a_run_has_none(tmp_path, kinds, fixture_runs):
    assert of_run(tmp_path, {"train": kinds}) is None
