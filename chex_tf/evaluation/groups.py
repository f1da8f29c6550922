"""Which group each evaluated row belongs to: by sex, age, view, projection, hospital or any column of a groups file.

A row may be a study of several images. Its group is then the set of its images' values, so that views and projections
are well defined: "Frontal", "Lateral" or "Frontal + Lateral". An age must be one.
"""

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from chex_tf.evaluation.grouping import study_of, tail
from chex_tf.evaluation.matching import Cohort
from chex_tf.prediction_files import Table, first_few
from chex_tf.settings import InputError, nearest

# What may be asked for by a word -> CheXpert's column.
COLUMNS = {
    "sex": "Sex",
    "age": "Age",
    "view": "Frontal/Lateral",
    "projection": "AP/PA",
    "hospital": "Hospital",
}
AGE = "Age"
SETS = (COLUMNS["view"], COLUMNS["projection"])  # of a study's images these may well differ
UNKNOWN = ("", "unknown")
GROUPS_AT_MOST = 20

Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Grouping:
    """`places` has each row's place in `names`, -1 where it is not known; `variable` is as it was asked for."""

    variable: str
    names: tuple[str, ...]
    places: np.ndarray

    @property
    def unknown(self) -> int:
        return int(np.sum(self.places < 0))


def groupings(
    variables: Sequence[str], age_bands: Sequence[int], table: Table, truth: Table, cohort: Cohort, say: Say
) -> list[Grouping]:
    """One for each of `variables`, in their order."""
    rows = _rows_of(table, truth, cohort)
    found_any = [bool(group) for group in rows]
    if not any(found_any):
        raise InputError(
            f"{table.path}: expected rows for what is evaluated, such as {cohort.keys[0]}; received {table.keys[0]}",
            "groups",
        )
    if not all(found_any):
        absent = [key for key, known in zip(cohort.keys, found_any, strict=True) if not known]
        say(f"{table.path}: no row for {len(absent):,} of {len(rows):,} evaluated ({first_few(absent)}); in no group")
    return [_grouping(variable, age_bands, table, rows, cohort, say) for variable in variables]


def _grouping(
    variable: str, age_bands: Sequence[int], table: Table, rows: Sequence[Sequence[int]], cohort: Cohort, say: Say
) -> Grouping:
    column = _column(variable, table)
    if column == AGE:
        _say_what_is_no_age(table, rows, say)
        names, places = _bands(age_bands, table, rows, cohort)
    else:
        cells = table.columns[column]
        known = [sorted(_known(cells[row].strip() for row in group)) for group in rows]
        values = [" + ".join(found) for found in known]
        several = [
            f"{key} {value}" for key, value, found in zip(cohort.keys, values, known, strict=True) if len(found) > 1
        ]
        if several and column not in SETS:
            whose = "1 study has" if len(several) == 1 else f"{len(several):,} studies have"
            say(
                f"{table.path}: {whose} several values of {column} ({first_few(several)}), and such values are a group "
                "of their own; if they contradict each other, mend the file"
            )
        names = tuple(sorted(set(values) - {""}))
        place_of = {name: place for place, name in enumerate(names)}
        places = np.array([place_of.get(value, -1) for value in values])
    if not names:
        raise InputError(f"{table.path}: the column {column} is empty for every row that is evaluated", "subgroups")
    if len(names) > GROUPS_AT_MOST:
        raise InputError(
            f"{table.path}: expected at most {GROUPS_AT_MOST} groups; {column} has {len(names)}: {first_few(names)}",
            "subgroups",
        )
    return Grouping(variable, names, places)


def _say_what_is_no_age(table: Table, rows: Sequence[Sequence[int]], say: Say) -> None:
    """An age that is no number, or negative, is not known."""
    cells, years = table.columns[AGE], table.numbers(AGE)
    wrong = [
        f"{table.keys[row]} {cells[row].strip()}"
        for group in rows
        for row in group
        if cells[row].strip().lower() not in UNKNOWN and not years[row] >= 0
    ]
    if wrong:
        what = "1 age is no number of years" if len(wrong) == 1 else f"{len(wrong):,} ages are no numbers of years"
        say(f"{table.path}: {what} and counted as not known: {first_few(wrong)}")


def _column(variable: str, table: Table) -> str:
    wanted = COLUMNS.get(variable.lower(), variable)
    by_folded = {name.lower(): name for name in table.columns}
    column = by_folded.get(wanted.lower())
    if column is None:
        raise InputError(
            f"{table.path}: expected a column {wanted}; received no such{nearest(wanted, table.columns)}", "subgroups"
        )
    return column


def _known(values: Iterable[str]) -> set[str]:
    return {value for value in values if value.lower() not in UNKNOWN}


def _bands(
    edges: Sequence[int], table: Table, rows: Sequence[Sequence[int]], cohort: Cohort
) -> tuple[tuple[str, ...], np.ndarray]:
    """Bands of age that some row is in; from an edge up is the next band."""
    years = table.numbers(AGE)
    ages = []
    for key, group in zip(cohort.keys, rows, strict=True):
        found = {float(years[row]) for row in group if not math.isnan(years[row]) and years[row] >= 0}
        if len(found) > 1:
            listed = ", ".join(f"{age:g}" for age in sorted(found))
            raise InputError(f"{table.path}: expected one age for {key}; received {listed}", "groups")
        ages.append(found.pop() if found else math.nan)
    known = ~np.isnan(ages)
    bands = np.where(known, np.searchsorted(edges, np.nan_to_num(np.array(ages), nan=-1), side="right"), -1)
    words = [f"below {edges[0]}", *(f"{low} to {high - 1}" for low, high in itertools.pairwise(edges))]
    words.append(f"{edges[-1]} and above")
    present = sorted(set(bands[known].tolist()))
    place_of = {band: place for place, band in enumerate(present)}
    return tuple(words[band] for band in present), np.array([place_of.get(band, -1) for band in bands.tolist()])


def _rows_of(table: Table, truth: Table, cohort: Cohort) -> list[list[int]]:
    """For each evaluated row, the rows of the table that describe it: one, or a study's images."""
    keys = _keys_for(table, truth, cohort)
    wanted: Sequence[str] = cohort.keys
    if not set(keys) & set(wanted):  # the data set lies elsewhere
        keys, wanted = [tail(key) for key in keys], [tail(key) for key in wanted]
    found: dict[str, list[int]] = {}
    for row, key in enumerate(keys):
        found.setdefault(key, []).append(row)
    return [found.get(key, []) for key in wanted]


def _keys_for(table: Table, truth: Table, cohort: Cohort) -> Sequence[str]:
    """What each row of the table is called among what is evaluated; empty where it is not part of it."""
    if table.key == cohort.key:
        return table.keys
    if cohort.key == "Path":
        raise InputError(
            f"{table.path}: its rows are studies, while images are evaluated; expected a column Path", "groups"
        )
    studies: dict[str, str] = {}
    for source in (truth, table):
        if source.key == "Path" and "Study" in source.columns:
            studies |= dict(zip(source.keys, (study.rstrip("/") for study in source.columns["Study"]), strict=True))
    named = [studies.get(key) or study_of(key) or "" for key in table.keys]
    if truth.key != "Path":
        return named
    # A table of the whole data set may have images that are not evaluated, such as laterals.
    evaluated = {tail(key) for key in truth.keys}
    return [name if tail(key) in evaluated else "" for name, key in zip(named, table.keys, strict=True)]
