"""A study's plan, written and read back by another version."""

import dataclasses
import json

import pytest

from chex_tf.settings import InputError
from chex_tf.study import folder, state


def test_a_plan_is_read_back_as_it_was_written(study, kinds):
    place, made = study
    folder.write(place, made)
    assert folder.read(place, {"train": kinds}) == made
    assert folder.read(place / "nothing", {"train": kinds}) is None


def test_a_setting_that_the_plans_version_did_not_have_takes_its_default(study, kinds):
    """Its cells keep their runs, and a plan made anew keeps their folders."""
    place, made = study
    folder.write(place, made)
    plan = json.loads((place / folder.FILE).read_text())
    for cell in plan["cells"]:
        del cell["identity"]["settings"]["model"]["fused"]
        cell["folder"] = f"{cell['name']}-before"
    (place / folder.FILE).write_text(json.dumps(plan))
    for cell in made.cells:
        cell.run_dir(place).rename(place / "runs" / f"{cell.name}-before")
    before = folder.read(place, {"train": kinds})
    assert [cell.identity.key for cell in before.cells] == [cell.identity.key for cell in made.cells]
    assert state.of_cell(place, before, before.cell("done"), {"train": kinds}).is_finished
    now = folder.kept(before, made)
    assert [cell.folder for cell in now.cells] == ["done-before", "begun-before"]
    assert folder.changes(before, now) == []


def test_a_cell_that_starts_from_another_follows_its_key(study, kinds):
    """Of a source, and of one that starts from that one, keys change with a new setting's default."""
    place, made = study
    source, begun = made.cells
    middle = dataclasses.replace(source, name="middle", needs=("done",), folder="").starting_from(source)
    last = dataclasses.replace(begun, needs=("middle",)).starting_from(middle)
    assert last.identity.settings["model"]["weights"] == f"run:{middle.identity.key}"
    planned = dataclasses.replace(made, cells=(last, middle, source))  # whatever their order
    plan = planned.to_json()
    keys = {"done": "0123456789abcdef", "middle": "fedcba9876543210"}  # as an earlier version would have made them
    for cell in plan["cells"]:
        model = cell["identity"]["settings"]["model"]
        del model["fused"]
        if cell["needs"]:
            model["weights"] = f"run:{keys[cell['needs'][0]]}"
    place.mkdir(exist_ok=True)
    (place / folder.FILE).write_text(json.dumps(plan))
    assert folder.read(place, {"train": kinds}).cells == planned.cells


def test_what_an_edited_grid_changes_is_said(study, kinds):
    _, made = study
    done, begun = made.cells
    other = dataclasses.replace(done.identity, data={"train": "another"})
    changed = dataclasses.replace(done, identity=other, folder="")
    added = dataclasses.replace(done, name="new", folder="")
    now = folder.kept(made, dataclasses.replace(made, cells=(changed, added), version="0.2.0"))
    assert folder.changes(made, now) == [
        "1 cell with other settings, data or version than before, to be trained anew: done",
        "1 new cell: new",
        "1 cell no longer in the grid, whose runs are kept and left out: begun",
        "the software's version changed since the study was planned: 0.1.0 -> 0.2.0",
    ]
    assert begun.folder == made.cell("begun").folder


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ("abc", "abc", []),
        ("abc", "def", ["note: the code changed since the study was planned: abc -> def"]),
        (None, "abc", ["note: the code may have changed since the study was planned: unknown -> abc"]),
        ("abc", None, ["note: the code may have changed since the study was planned: abc -> unknown"]),
        (None, None, []),
    ],
)
def test_another_commit_is_said_and_one_that_was_not_recorded_is_unknown(study, before, now, said):
    planned, today = (dataclasses.replace(study[1], revision=one) for one in (before, now))
    assert folder.changes(planned, today) == said
    assert folder.changed_software(planned, planned.version, now) == said


def test_what_splits_hold_is_written_and_an_older_plan_has_nothing(study, kinds):
    place, made = study
    looked = ({"name": "films", "folder": "/data", "splits": [], "shared": []},)
    folder.write(place, dataclasses.replace(made, data=looked, revision="abc"))
    assert folder.read(place, {"train": kinds}).data == looked
    assert folder.read(place, {"train": kinds}).revision == "abc"
    plan = json.loads((place / folder.FILE).read_text())
    del plan["data"]
    (place / folder.FILE).write_text(json.dumps(plan))
    assert folder.read(place, {"train": kinds}).data is None


@pytest.mark.parametrize("text", ["{", "[]", '{"form": 1}', '{"form": 1, "cells": [{}]}'])
def test_a_damaged_plan_is_one_line(tmp_path, kinds, text):
    (tmp_path / folder.FILE).write_text(text)
    with pytest.raises(InputError, match="damaged"):
        folder.read(tmp_path, {"train": kinds})


def test_a_newer_plan_is_refused(tmp_path, kinds):
    (tmp_path / folder.FILE).write_text(json.dumps({"form": folder.FORM + 1}))
    with pytest.raises(InputError, match="newer version"):
        folder.read(tmp_path, {"train": kinds})
