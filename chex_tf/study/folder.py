"""A study's folder: study.json, its plan, and what may be read from it without anything else."""

import dataclasses
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from chex_tf import software
from chex_tf.amounts import counted
from chex_tf.files import write_text
from chex_tf.settings import InputError, Settings
from chex_tf.study.cell import Cell
from chex_tf.study.identity import RUN

FILE = "study.json"
FORM = 1  # version of the file


@dataclasses.dataclass(frozen=True)
class Study:
    """`about` says in words what a reader must know first, such as that its data are synthetic; `splits` are those that
    every run predicts (but see `splits_of`); `models` has facts of the catalogue by architecture; `claims` are the rows
    of the claims with their rules, fixed before there are results; `steps_to` has the AUROCs whose steps are counted,
    fixed likewise; `data` says of every prepared folder what its splits
    hold and which share patients (`chex_tf.data.splits`), None in a plan of a version that did not look."""

    cells: tuple[Cell, ...]
    version: str
    revision: str | None = None
    about: str = ""
    splits: tuple[str, ...] = ("test",)
    models: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    claims: tuple[Mapping[str, str], ...] = ()
    data: tuple[Mapping[str, Any], ...] | None = None
    steps_to: tuple[float, ...] = ()

    def cell(self, name: str) -> Cell:
        return next(cell for cell in self.cells if cell.name == name)

    def splits_of(self, cell: Cell) -> tuple[str, ...]:
        """Those that the cell's run is to predict."""
        return () if cell.is_source else self.splits

    def to_json(self) -> dict[str, Any]:
        return {
            "form": FORM,
            "about": self.about,
            "version": self.version,
            "revision": self.revision,
            "splits": list(self.splits),
            "models": {arch: dict(facts) for arch, facts in self.models.items()},
            "claims": [dict(claim) for claim in self.claims],
            "steps_to": list(self.steps_to),
            "data": None if self.data is None else [dict(one) for one in self.data],
            "cells": [cell.to_json() for cell in self.cells],
        }


def write(folder: pathlib.Path, study: Study) -> None:
    write_text(folder / FILE, json.dumps(study.to_json(), indent=1, ensure_ascii=False) + "\n")


def read(folder: pathlib.Path, kinds: Mapping[str, Sequence[type[Settings]]]) -> Study | None:
    """None where no study was begun; raises InputError for a file that is not a study's. `kinds` has the settings of
    every verb."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["form"] > FORM:
            raise InputError(f"{path} is from a newer version of this software; update it", "study")
        cells = _with_keys_of_today(tuple(Cell.from_json(one, kinds) for one in found["cells"]))
        about = found["version"], found["revision"], found["about"], tuple(found["splits"])
        data = None if found.get("data") is None else tuple(found["data"])
        steps_to = tuple(map(float, found.get("steps_to", ())))
        return Study(cells, *about, dict(found["models"]), tuple(found["claims"]), data, steps_to)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} is damaged: it is not as launch.study wrote it", "study") from error


def _with_keys_of_today(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """A cell that starts from another has that one's key as its weights. Where settings that the plan's version did not
    have took their defaults, that key is another now, here as in the run's configuration."""
    by_name = {cell.name: cell for cell in cells}
    done: dict[str, Cell] = {}

    def renewed(name: str) -> Cell:
        if name not in done:
            cell = by_name[name]
            weights = str(cell.identity.settings.get("model", {}).get("weights", ""))
            if cell.needs and weights.startswith(RUN):
                cell = cell.starting_from(renewed(cell.needs[0]))
            done[name] = cell
        return done[name]

    return tuple(renewed(cell.name) for cell in cells)


def kept(before: Study | None, now: Study) -> Study:
    """The same plan, with the folders of cells that were planned before and are still the same experiment."""
    known = {} if before is None else {(cell.name, cell.identity.key): cell.folder for cell in before.cells}
    cells = (
        dataclasses.replace(cell, folder=known.get((cell.name, cell.identity.key), cell.folder)) for cell in now.cells
    )
    return dataclasses.replace(now, cells=tuple(cells))


def changes(before: Study | None, now: Study) -> list[str]:
    """In words, what an edited grid adds, changes and leaves out; nothing for a study that is new or the same."""
    if before is None:
        return []
    then, today = ({cell.folder: cell.name for cell in one.cells} for one in (before, now))
    added, gone = (
        [name for folder, name in one.items() if folder not in other] for one, other in ((today, then), (then, today))
    )
    changed = sorted({*added} & {*gone})
    lines = []
    for noun, words, names in (
        ("cell", " with other settings, data or version than before, to be trained anew", changed),
        ("new cell", "", [name for name in added if name not in changed]),
        ("cell", " no longer in the grid, whose runs are kept and left out", [n for n in gone if n not in changed]),
    ):
        if names:
            lines.append(f"{counted(len(names), noun)}{words}: {_few(names)}")
    lines += changed_software(before, now.version, now.revision)
    if before.claims and now.claims != before.claims:
        lines.append("note: the claims or their rules are not those with which the study was planned")
    if before.steps_to and now.steps_to != before.steps_to:
        lines.append("note: steps are counted to other AUROCs than those with which the study was planned")
    return lines


def changed_software(before: Study, version: str, revision: str | None) -> list[str]:
    """In words, whether the code is another than that with which the study was planned."""
    lines = []
    if before.version != version:
        lines.append(f"the software's version changed since the study was planned: {before.version} -> {version}")
    if before.revision != revision:
        changed = "changed" if before.revision and revision else "may have changed"
        commits = software.change(before.revision, revision)
        lines.append(f"note: the code {changed} since the study was planned: {commits}")
    return lines


def _few(names: Sequence[str], most: int = 6) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
