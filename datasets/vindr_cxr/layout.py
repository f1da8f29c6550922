"""VinDr-CXR on disk: DICOM files in train/ and test/, and tables of what radiologists saw in annotations/.

What is relied on, from the release's paper and from public readers of it: `image_labels_train.csv` has a row for each
film and reader (`rad_id`, R1 to R17; three readers a film), `image_labels_test.csv` a row for each film; the 28 labels
are columns of 0 and 1, of which the test table calls the last but one `Other disease`; every film is a PA film of an
adult; no patient is named. Sex and age stand in the DICOM files where they were not removed; an age of 0 was removed.
"""

import dataclasses
import pathlib
import re
from collections.abc import Mapping, Sequence

from chex_tf_datasets.radiograph_records import dicom, tables
from chex_tf_datasets.radiograph_records.errors import BadImage, MissingImage, SourceError
from chex_tf_datasets.radiograph_records.missing import REFUSE, Missing
from chex_tf_datasets.radiograph_records.parallel import ordered_map
from chex_tf_datasets.radiograph_records.row import (
    NEGATIVE,
    NOT_MENTIONED,
    POSITIVE,
    PROJECTIONS,
    SEXES,
    UNCERTAIN,
    UNKNOWN_AGE,
    VIEWS,
    Row,
)
from chex_tf_datasets.radiograph_records.source import Source, complete
from chex_tf_datasets.radiograph_records.survey import Files, Survey, survey
from chex_tf_datasets.radiograph_records.tables import Table

LABEL_NAMES = tuple(pathlib.Path(__file__).with_name("labels.txt").read_text(encoding="utf-8").splitlines())
ALIASES = {"Other disease": "Other diseases"}
TABLES = {"train": "image_labels_train.csv", "test": "image_labels_test.csv"}
MAJORITY, ANY = "majority", "any"
DEFAULT = "source"  # is the majority
READER = re.compile(r"R\d+\Z")

_IMAGE, _READER = "image_id", "rad_id"
_NAME = re.compile(r"[0-9A-Za-z_.-]+\Z")
_SUFFIXES = (".dicom", ".dcm")
_SEXES = {"M": "male", "F": "female"}

Labels = tuple[int, ...]
Readings = dict[str, dict[str, Labels]]  # film -> reader -> what that reader said


def read(folder: pathlib.Path, labels: str = DEFAULT, missing_images: str = REFUSE, threads: int = 0) -> Source:
    """Raises SourceError unless every row can be used, or lacks no more than an image that may be left out."""
    rule = MAJORITY if labels == DEFAULT else labels
    if rule not in (MAJORITY, ANY) and not READER.match(rule):
        raise SourceError(f"labels: expected {MAJORITY}, {ANY} or a reader such as R8; received {labels!r}")
    found = survey(pathlib.Path(folder))
    files = {split: file for split, name in TABLES.items() if (file := found.table(name))}
    if not files:
        raise SourceError(f"{found.root}: expected {' or '.join(TABLES.values())} in it or below; received neither")
    missing, notes = Missing(), ["no patients are named: each film counts as a patient of its own"]
    splits: dict[str, list[Row]] = {}
    for split, file in files.items():
        readings = _readings(file, split)
        if split == "train":
            films, note = train_labels(readings, rule)
            notes.append(f"labels of train: {note}; --labels takes {MAJORITY}, {ANY} or a reader such as R8")
            silent = sum(POSITIVE not in labels for labels in films.values())
            if silent:
                notes.append(f"train: no label of {silent:,} films is positive, not even No finding: readers disagreed")
        else:
            films = {film: labels for film, by_reader in readings.items() for labels in by_reader.values()}
        splits[split] = _rows(file, split, films, found, missing)
    splits = {split: _with_people(found.root, rows, threads) for split, rows in splits.items()}
    rows = [row for some in splits.values() for row in some]
    sexes, ages = (sum(row.sex != SEXES.index("unknown") for row in rows), sum(row.age != UNKNOWN_AGE for row in rows))
    notes.append(f"from the DICOM files: the sex of {sexes:,} and the age of {ages:,} of {len(rows):,} films")
    return complete(
        Source("VinDr-CXR", found.root, tuple(files.values()), splits, tuple(notes)), missing, missing_images
    )


def _readings(file: pathlib.Path, split: str) -> Readings:
    """The films in the order of the table."""
    required = (_IMAGE, *((_READER,) if split == "train" else ()), *LABEL_NAMES)
    table = Table(file, required, (), ALIASES)
    readings: Readings = {}
    for line, cells in table.rows():
        try:
            film, reader = cells[_IMAGE], cells.get(_READER, "")
            if not _NAME.match(film):
                raise ValueError(f"column {_IMAGE!r}: expected a film's name; received {film[:80]!r}")
            if split == "train" and not READER.match(reader):
                raise ValueError(f"column {_READER!r}: expected a reader such as R8; received {reader[:80]!r}")
            if reader in readings.setdefault(film, {}):
                raise ValueError(f"expected one row for each film and reader; received {film} {reader} again".rstrip())
            readings[film][reader] = tables.labels(cells, LABEL_NAMES)
            if UNCERTAIN in readings[film][reader]:
                raise ValueError("expected labels 1, 0 or nothing; received -1")
        except ValueError as error:
            raise table.error(line, str(error)) from error
    return readings


def train_labels(readings: Readings, rule: str) -> tuple[dict[str, Labels], str]:
    """Labels of each film, and in words where they are from and what that leaves out."""
    if rule in (MAJORITY, ANY):
        numbers = sorted({len(by_reader) for by_reader in readings.values()})
        many = " or ".join(map(str, numbers)) + (" reader" if numbers == [1] else " readers")
        note = f"the majority of {many} a film" if rule == MAJORITY else f"positive where any of {many} a film says so"
        vote = majority if rule == MAJORITY else any_reader
        return {film: vote(list(by_reader.values())) for film, by_reader in readings.items()}, note
    films = {film: by_reader[rule] for film, by_reader in readings.items() if rule in by_reader}
    if not films:
        known = sorted(
            {reader for by_reader in readings.values() for reader in by_reader}, key=lambda name: int(name[1:])
        )
        raise SourceError(f"labels: expected a reader of {', '.join(known)}; received {rule}")
    return films, f"what {rule} said; {len(readings) - len(films):,} films that {rule} did not see left out"


def majority(readings: Sequence[Labels]) -> Labels:
    """Positive where more than half of those who gave the label say so; not mentioned where nobody gave it."""
    return tuple(_of(given, 2 * sum(given) > len(given)) for given in _given(readings))


def any_reader(readings: Sequence[Labels]) -> Labels:
    """Positive where at least one says so; not mentioned where nobody gave the label."""
    return tuple(_of(given, any(given)) for given in _given(readings))


def _given(readings: Sequence[Labels]) -> list[list[int]]:
    """For each label the values that readers gave, 1 or 0."""
    return [[value for value in values if value != NOT_MENTIONED] for values in zip(*readings, strict=True)]


def _of(given: Sequence[int], positive: bool) -> int:
    return NOT_MENTIONED if not given else POSITIVE if positive else NEGATIVE


def _rows(file: pathlib.Path, split: str, films: Mapping[str, Labels], found: Survey, missing: Missing) -> list[Row]:
    rows = []
    looked_up = Files(found.root)
    for film, labels in films.items():
        path = f"{split}/{film}{_SUFFIXES[0]}"
        try:
            place = _place(film, split, found)
            size = looked_up.size(place)
            if size is None:
                raise MissingImage(f"{found.root / place}: expected an image; received nothing any more")
        except MissingImage as error:
            missing.add(split, path, SourceError(f"{file}: {error}"))
            continue
        rows.append(
            Row(
                key=film,
                path=path,
                file=place,
                size=size,
                patient=film,
                study=film,
                view=VIEWS.index("frontal"),
                projection=PROJECTIONS.index("PA"),
                sex=SEXES.index("unknown"),
                age=UNKNOWN_AGE,
                labels=labels,
            )
        )
    return rows


def _place(film: str, split: str, found: Survey) -> str:
    places = [f"{folder}/{film}{end}" for end in _SUFFIXES for folder in found.images.get(f"{film}{end}", [])]
    if not places:
        raise MissingImage(f"expected an image {film}{_SUFFIXES[0]} in {found.root} or below; received none")
    if len(places) > 1:
        raise SourceError(f"{found.root}: expected one image {film}; received {places[0]} and {places[1]}")
    return places[0]


def _with_people(root: pathlib.Path, rows: Sequence[Row], threads: int) -> list[Row]:
    """The same rows with the sex and age that the DICOM files tell."""

    def look(some: list[Row]) -> list[Row]:
        return [_with_person(row, *dicom.person(root / row.file)) for row in some]

    try:
        return [row for some in ordered_map(look, rows, threads) for row in some]
    except BadImage as error:
        raise SourceError(str(error)) from error


def _with_person(row: Row, sex: str, age: str) -> Row:
    try:
        years = tables.age(age) or UNKNOWN_AGE
    except ValueError:  # such as an age in a form that DICOM does not have
        years = UNKNOWN_AGE
    return dataclasses.replace(row, sex=SEXES.index(_SEXES.get(sex.upper(), "unknown")), age=years)
