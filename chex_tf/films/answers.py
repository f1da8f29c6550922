"""Readings as text, film by film as they arrive: a table for people, CSV and JSON for programs."""

import dataclasses
import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from chex_tf.csv_text import csv_text
from chex_tf.films.search import printable
from chex_tf.films.stream import Reading
from chex_tf.trained.recalibration import Recalibrations
from chex_tf.trained.run import TrainedRun
from chex_tf.trained.thresholds import Thresholds, decimals

NOTICE = "Research use, not a medical device"


@dataclasses.dataclass(frozen=True)
class About:
    """What is common to all films of a reading."""

    run: TrainedRun
    checkpoints: int
    thresholds: Thresholds
    recalibrate: Recalibrations | None = None

    @property
    def network(self) -> str:
        return self.run.arch

    @property
    def made_of(self) -> str:
        many = f"mean of {self.checkpoints} checkpoints and, in brackets, their lowest and highest"
        return many if self.checkpoints > 1 else "one checkpoint, so no spread"


@dataclasses.dataclass(frozen=True)
class _Answer:
    """One film's answer for one task; `threshold` and `positive` are None where there is no threshold."""

    task: str
    value: float
    lowest: float
    highest: float
    threshold: float | None
    positive: bool | None


def _answers(reading: Reading, about: About) -> list[_Answer]:
    if reading.members is None:
        return []
    values, members, cuts = reading.probabilities, reading.members, about.thresholds
    if about.recalibrate is not None:  # the maps rise, so the lowest and highest stay those
        values, members = about.recalibrate(values), about.recalibrate(members)
    columns = zip(
        about.run.tasks,
        values.tolist(),
        members.min(axis=0).tolist(),
        members.max(axis=0).tolist(),
        [None if np.isnan(cut) else cut for cut in cuts.values.tolist()],
        cuts.positive(values),
        strict=True,
    )
    return [_Answer(*column) for column in columns]


def as_table(readings: Iterable[Reading], about: About) -> Iterator[str]:
    width = max(len(task) for task in about.run.tasks)
    yield f"{NOTICE}.\n{about.network}: {about.made_of}.\nThresholds: {about.thresholds.about}.\n"
    if about.recalibrate is not None:
        yield f"Recalibrated: {about.recalibrate.about}.\n"
    for reading in readings:
        lines = ["", printable(reading.path)]
        lines += [f"  not read: {reading.error}"] if reading.error else []
        lines += [f"  warning: {doubt}" for doubt in reading.doubts]
        for one in _answers(reading, about):
            cut, decision, digits = one.threshold, "", 3
            if cut is not None:
                digits = decimals(cut, [one.value])
                decision = f"  {'above' if one.positive else 'below'} {cut:.{digits}f}"
            spread = f"  ({one.lowest:.{digits}f} to {one.highest:.{digits}f})" if about.checkpoints > 1 else ""
            lines.append(f"  {one.task:<{width}}  {one.value:.{digits}f}{spread}{decision}")
        yield "\n".join(lines) + "\n"


def as_csv(readings: Iterable[Reading], about: About) -> Iterator[str]:
    """The form that `launch.evaluate` reads: Path and one probability column per task, followed by further columns."""
    tasks = about.run.tasks
    more = [f"{task} {what}" for task in tasks for what in ("lowest", "highest", "threshold", "positive")]
    yield _line(["Path", *tasks, *more, "Warnings", "Error", "Use"])
    for reading in readings:
        found = _answers(reading, about)
        cells = [f"{one.value:.9g}" for one in found]
        for one in found:
            decided = ["", ""] if one.threshold is None else [f"{one.threshold:.9g}", "1" if one.positive else "0"]
            cells += [f"{one.lowest:.9g}", f"{one.highest:.9g}", *decided]
        empty = [""] * (5 * len(tasks) - len(cells))
        yield _line([printable(reading.path), *cells, *empty, "; ".join(reading.doubts), reading.error, NOTICE])


def as_json(readings: Iterable[Reading], about: About) -> Iterator[str]:
    head = {
        "use": NOTICE,
        "model": about.network,
        "checkpoints": about.checkpoints,
        "thresholds": about.thresholds.about,
        **({"recalibrated": about.recalibrate.about} if about.recalibrate is not None else {}),
    }
    yield json.dumps(head, indent=1)[:-2] + ',\n "films": ['
    between = "\n  "
    for reading in readings:
        yield between + json.dumps(_entry(reading, about), allow_nan=False)
        between = ",\n  "
    yield "\n ]\n}\n"


def _entry(reading: Reading, about: About) -> dict[str, Any]:
    found: dict[str, Any] = {"path": str(reading.path), "warnings": list(reading.doubts)}
    if reading.error:
        return {**found, "error": reading.error}
    tasks = {
        one.task: {
            "probability": round(one.value, 9),
            "lowest": round(one.lowest, 9),
            "highest": round(one.highest, 9),
            "threshold": one.threshold,
            "positive": one.positive,
        }
        for one in _answers(reading, about)
    }
    return {**found, "tasks": tasks}


def _line(cells: list[str]) -> str:
    return csv_text([cells])
