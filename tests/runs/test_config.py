"""config.json: typed settings come back, and what changed since is told."""

import dataclasses
import json
import pathlib
from typing import ClassVar

import pytest

from chex_tf.runs import config, layout
from chex_tf.settings import InputError, Settings, setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class Procedure(Settings):
    section: ClassVar[str] = "procedure"

    batch: int = setting(16, help="images a step", low=1)
    tasks: tuple[str, ...] = setting(("a",), help="tasks")
    added: float = setting(0.5, help="a setting of a later version")
    place: pathlib.Path = setting(pathlib.Path("here"), help="where", decides=False)


HEADS, RECORDS = {"outputs": 1}, {"train": {"fingerprint": "f", "tasks": ["a"], "classes": 1}}


def made(settings, records=RECORDS):
    return config.assemble([settings], HEADS, records, 1, {"keras": "3"}, None)


def test_settings_come_back_from_the_file(tmp_path):
    given = Procedure(batch=8, place=pathlib.Path("a/b"))
    config.write(tmp_path, made(given))
    found = config.read(tmp_path)
    assert found.settings(Procedure) == given
    assert (found.tasks, found.classes, found.heads, found.versions) == (("a",), 1, HEADS, {"keras": "3"})
    assert config.read(tmp_path / "nowhere") is None


def test_differences_name_what_decides_in_words():
    before, now = Procedure(tasks=("a", "b")), Procedure(batch=32, place=pathlib.Path("there"))
    found = config.differences(made(before), made(now, {"train": {"fingerprint": "g"}}), [now])
    assert found == ["batch: 16 -> 32", "tasks: a,b -> a", "fingerprint: f -> g"]


def test_a_setting_that_the_run_did_not_know_takes_its_default():
    before = json.loads(json.dumps(made(Procedure()).content))
    del before["procedure"]["added"]
    assert config.differences(config.Config(before), made(Procedure()), [Procedure()]) == []
    changed = Procedure(added=0.7)
    assert config.differences(config.Config(before), made(changed), [changed]) == ["added: 0.5 -> 0.7"]


def test_a_setting_that_this_version_does_not_know_is_told():
    before = json.loads(json.dumps(made(Procedure()).content))
    before["procedure"]["later"] = True
    assert config.differences(config.Config(before), made(Procedure()), [Procedure()]) == [
        "later: True -> unknown to this version"
    ]


def test_what_only_one_version_recorded_is_no_difference():
    now = made(Procedure(), {"train": {**RECORDS["train"], "stored": {"image_size": 320}}})
    assert config.differences(made(Procedure()), now, [Procedure()]) == []


@pytest.mark.parametrize("content", ["{", "{}", '{"form": 1, "training": 3}'])
def test_a_damaged_file_is_one_line(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(InputError, match=r"config\.json is damaged: "):
        config.read(tmp_path)


def test_a_file_of_a_newer_version_says_so(tmp_path):
    (tmp_path / "config.json").write_text('{"form": 99}')
    with pytest.raises(InputError, match="from a newer version"):
        config.read(tmp_path)


def test_all_runs_below_a_folder_are_found_and_named_where_a_run_was_wanted(tmp_path):
    for place in ("b", "a/first", "a/second", "a/second/predictions", ".hidden"):
        (tmp_path / place).mkdir(parents=True)
    for place in ("b", "a/first", "a/second", ".hidden"):
        (tmp_path / place / "config.json").write_text("{}")
    runs = tuple(tmp_path / place for place in ("a/first", "a/second", "b"))
    assert layout.runs_below(tmp_path) == runs
    layout.check(runs[0])
    with pytest.raises(InputError, match="expected a run directory") as caught:
        layout.check(tmp_path)
    assert str(caught.value).endswith(f"received {tmp_path}; runs below it: {', '.join(map(str, runs))}")


def test_what_was_learned_from_is_one_data_set_or_several(tmp_path):
    one = {"name": "brax/1.0.0", "fingerprint": "f", "images": 7}
    assert made(Procedure(), {"train": one}).learned_from == (one,)
    several = [one, {"name": "padchest/1.0.0", "fingerprint": "g", "images": 3}]
    config.write(tmp_path, made(Procedure(), {"train": {**one, "images": 10, "sources": several}}))
    assert config.read(tmp_path).learned_from == tuple(several)
    config.write(tmp_path, made(Procedure(), {"train": {**one, "sources": ["padchest"]}}))
    with pytest.raises(InputError, match=r"records\.train\.sources\[0\]: expected an object; found"):
        config.read(tmp_path)
