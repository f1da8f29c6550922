"""Results of launch.evaluate for a run, stored in the run by set."""

import pathlib
from collections.abc import Iterator
from typing import TypedDict

from chex_tf import json_files
from chex_tf.runs import layout


class Value(TypedDict):
    """A measure of one task; without an interval where there are too few positives or negatives."""

    value: float | None
    low: float | None
    high: float | None


class Measures(TypedDict):
    auroc: dict[str, Value]


class Evaluated(TypedDict):
    """What is read of an evaluation.json: models by name, in each the measures of every task."""

    set: str
    studies: int
    mean_over: list[str]
    models: dict[str, Measures]


def folder(run_dir: pathlib.Path, name: str) -> pathlib.Path:
    return run_dir / layout.EVALUATION / name


def read_all(run_dir: pathlib.Path) -> Iterator[Evaluated]:
    """The content of every evaluation.json, by the set's name."""
    # Not those in scratch, whose names begin with a dot.
    for path in sorted((run_dir / layout.EVALUATION).glob(f"[!.]*/{layout.EVALUATION_RESULT}")):
        own = layout.path_within(run_dir, str(path.relative_to(run_dir)))
        yield json_files.read(own, Evaluated, "run_dir", "launch.evaluate writes it anew")
