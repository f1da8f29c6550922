"""How alike a run's layers are to what its training began with, as launch.similarity wrote it into the run."""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import TypedDict

from chex_tf import json_files
from chex_tf.runs import layout

STATISTIC = "cka"
ADVICE = "launch.similarity --run_a=initial:RUN_DIR --run_b=RUN_DIR writes it anew"


class _Similarity(TypedDict):
    a: str
    b: str
    statistic: str
    value: float | None
    random: list[float]


class _Compared(TypedDict):
    """What is read of a similarity.json."""

    set: str
    run_a: str | None
    run_b: str | None
    films: int
    points: str
    similarities: list[_Similarity]


@dataclasses.dataclass(frozen=True)
class FromStart:
    """Debiased linear CKA by layer, and that of random networks; `films` says in words what was compared on."""

    films: str
    layers: Mapping[str, float]
    random: Mapping[str, tuple[float, ...]]


def read(run_dir: pathlib.Path) -> FromStart | None:
    """None where nothing was written. A comparison of anything but this run with its start raises InputError."""
    path = layout.path_within(run_dir, layout.FROM_START)
    if not path.is_file():
        return None
    found = json_files.read(path, _Compared, "run_dir", ADVICE)
    kind, _, start = (found["run_a"] or "").partition(":")
    names = [pathlib.PurePath(one).name for one in (start, found["run_b"] or "")]
    if kind != "initial" or names != [run_dir.name] * 2:
        given = f"{found['run_a']} with {found['run_b']}"
        raise json_files.damaged(path, f"expected this run and its start; it compares {given}", "run_dir", ADVICE)
    rows = {row["a"]: row for row in found["similarities"] if row["a"] == row["b"] and row["statistic"] == STATISTIC}
    known = {layer: row["value"] for layer, row in rows.items() if row["value"] is not None}
    return FromStart(
        f"{found['set']}, {found['films']:,} films, points {found['points']}",
        {layer: float(value) for layer, value in known.items()},
        {layer: tuple(rows[layer]["random"]) for layer in known},
    )
