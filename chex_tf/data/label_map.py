"""What each data set calls a finding (label_map.csv), and which labels of one set stand for the tasks of another.

A row of the file says of a finding by which labels some data sets give it, in what relation these are to it, from which
source that is known, and what is lost. The relations:

    same      the label is the finding
    with      the first label is the finding; the others are kinds of it, which that set may name in its place
    union     no label is the finding: it is there where any of these is
    wider     the label's positives may be something else; narrower: some of the finding lie outside the label
    none      the set has no label for it

A data set that the file does not list, such as films of one's own, has the finding whose name its label bears.
"""

import csv
import dataclasses
import functools
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from chex_tf.observations import ALIASES
from chex_tf.settings import InputError

FILE = pathlib.Path(__file__).with_name("label_map.csv")
COLUMNS = ("finding", "data_sets", "relation", "labels", "source", "lost")
SAME, WITH, UNION, WIDER, NARROWER, NONE = "same", "with", "union", "wider", "narrower", "none"
RELATIONS = (SAME, WITH, UNION, WIDER, NARROWER, NONE)
_SEVERAL = (WITH, UNION)
_SEPARATOR = "|"


@dataclasses.dataclass(frozen=True)
class Row:
    """`labels` as prepared records spell them, aliases resolved."""

    finding: str
    data_sets: tuple[str, ...]
    relation: str
    labels: tuple[str, ...]
    source: str
    lost: str


@dataclasses.dataclass(frozen=True)
class Reading:
    """A task that is read from labels of another data set: positive where any of them is."""

    task: str
    labels: tuple[str, ...]
    relation: str
    source: str
    lost: str


@dataclasses.dataclass(frozen=True)
class Translation:
    """From the data set `own`, whose tasks these are, to `other`, whose labels are read; of a task that is left out the
    reason."""

    own: str
    other: str
    readings: tuple[Reading, ...]
    left_out: Mapping[str, str]

    @property
    def tasks(self) -> tuple[str, ...]:
        return tuple(reading.task for reading in self.readings)

    @property
    def is_identity(self) -> bool:
        return all(reading.labels == (reading.task,) for reading in self.readings)

    def to_json(self) -> dict[str, Any]:
        return {reading.task: list(reading.labels) for reading in self.readings}


def data_set_of(records_name: str) -> str:
    """The builder's name from that of records (data set, configuration and version)."""
    return records_name.partition("/")[0]


@functools.cache
def rows(file: pathlib.Path = FILE) -> tuple[Row, ...]:
    """Raises InputError for a file that contradicts itself."""
    with open(file, encoding="utf-8", newline="") as text:
        lines = list(csv.reader(text))
    if not lines or tuple(lines[0]) != COLUMNS:
        raise InputError(f"{file}: expected the columns {', '.join(COLUMNS)}; received {', '.join(lines[0][:9])}")
    found: list[Row] = []
    given: set[tuple[str, str]] = set()  # finding and data set
    owned: set[tuple[str, str]] = set()  # label and data set
    for number, line in enumerate(lines[1:], start=2):
        row = _row(f"{file}, line {number}", line)
        for data_set in row.data_sets:
            if (row.finding, data_set) in given:
                raise InputError(f"{file}, line {number}: a second row of {row.finding} for {data_set}")
            given.add((row.finding, data_set))
            if row.relation in (SAME, WITH):
                if (row.labels[0], data_set) in owned:
                    raise InputError(f"{file}, line {number}: {data_set}'s {row.labels[0]} is already another finding")
                owned.add((row.labels[0], data_set))
        found.append(row)
    return tuple(found)


def _row(place: str, line: Sequence[str]) -> Row:
    if len(line) != len(COLUMNS):
        raise InputError(f"{place}: expected {len(COLUMNS)} cells; received {len(line)}")
    finding, data_sets, relation, labels, source, lost = line
    names = tuple(ALIASES.get(name, name) for name in labels.split(_SEPARATOR) if name)
    if relation not in RELATIONS:
        raise InputError(f"{place}: expected one of {', '.join(RELATIONS)}; received {relation!r}")
    fits = not names if relation == NONE else len(names) > 1 if relation in _SEVERAL else len(names) == 1
    if not fits or len(set(names)) < len(names):
        expected = "no label" if relation == NONE else "several labels" if relation in _SEVERAL else "one label"
        raise InputError(f"{place}: expected {expected} for {relation}, each once; received {labels!r}")
    if not finding or not data_sets or not source or (relation in (NONE, WIDER, NARROWER) and not lost):
        raise InputError(f"{place}: expected a finding, data sets, a source and, for {relation}, what is lost")
    return Row(finding, tuple(data_sets.split(_SEPARATOR)), relation, names, source, lost)


def translate(tasks: Sequence[str], own: str, other: str, labels: Sequence[str]) -> Translation:
    """Reads `tasks` of the data set `own` from `labels`, which are those of records of `other`."""
    readings, left_out = [], {}
    for task in tasks:
        found = _reading(task, own, other, labels)
        if isinstance(found, Reading):
            readings.append(found)
        else:
            left_out[task] = found
    return Translation(own, other, tuple(readings), left_out)


def _reading(task: str, own: str, other: str, labels: Sequence[str]) -> Reading | str:
    """The reading of a task, or the reason that there is none."""
    listed = {data_set for row in rows() for data_set in row.data_sets}
    if own == other or not listed & {own, other}:
        if task in labels:
            return Reading(task, (task,), SAME, "the same name", "")
        return f"no label {task} in these records"
    finding = _finding(task, own) if own in listed else task
    if finding is None:
        return f"no finding of the label map is what {own} calls {task}"
    if other not in listed:
        if finding in labels:
            return Reading(task, (finding,), SAME, "the same name", "")
        return f"no label {finding} in these records"
    row = next((row for row in rows() if row.finding == finding and other in row.data_sets), None)
    if row is None:
        return f"no finding of the label map is called {finding}"
    if row.relation == NONE:
        return f"{other} has no label for it: {row.lost}"
    absent = [label for label in row.labels if label not in labels]
    if absent:
        return f"these records lack {', '.join(absent)}"
    return Reading(task, row.labels, row.relation, row.source, row.lost)


def _finding(task: str, own: str) -> str | None:
    """The finding that `own` calls by the name of the task."""
    owned = (row for row in rows() if own in row.data_sets and row.relation in (SAME, WITH))
    return next((row.finding for row in owned if row.labels[0] == task), None)
