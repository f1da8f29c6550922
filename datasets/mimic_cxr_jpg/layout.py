"""MIMIC-CXR-JPG on disk: its tables of splits, views and labels, and its images by patient and study."""

import collections
import dataclasses
import pathlib
import re
from collections.abc import Callable, Mapping

from chex_tf_datasets.radiograph_records import tables
from chex_tf_datasets.radiograph_records.errors import MissingImage, SourceError
from chex_tf_datasets.radiograph_records.missing import REFUSE, Missing
from chex_tf_datasets.radiograph_records.patient_folders import PatientFolders
from chex_tf_datasets.radiograph_records.row import NOT_MENTIONED, SEXES, UNKNOWN_AGE, Row
from chex_tf_datasets.radiograph_records.source import Source, complete
from chex_tf_datasets.radiograph_records.survey import Survey, survey
from chex_tf_datasets.radiograph_records.tables import Table
from chex_tf_datasets.radiograph_records.view_positions import UNKNOWN_VIEW, describe_unknown, view_and_projection

from .people import NOBODY, TABLE, Person, read_people

LABEL_NAMES = tuple(pathlib.Path(__file__).with_name("labels.txt").read_text(encoding="utf-8").splitlines())
# Value of `labels` -> the table of the labeler.
LABEL_TABLES = {"source": "mimic-cxr-2.0.0-chexpert.csv", "negbio": "mimic-cxr-2.0.0-negbio.csv"}
SPLIT_TABLE, METADATA = "mimic-cxr-2.0.0-split.csv", "mimic-cxr-2.0.0-metadata.csv"
# The table's name of a split -> that of the records, which is the one that all data sets here have.
SPLITS = {"train": "train", "validate": "valid", "test": "test"}

_IMAGE, _STUDY, _PATIENT, _SPLIT = "dicom_id", "study_id", "subject_id", "split"
_POSITION, _DATE = "ViewPosition", "StudyDate"
_FOLDER = re.compile(r"p\d{8}\Z")
_NUMBER = re.compile(r"\d{8}\Z", re.ASCII)
_NAME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{8}){4}\Z")
# 8 of the release's 227,835 studies have no labels. A table that lacks more than that, or than a thousandth of another
# selection's studies, is not the whole table.
_WITHOUT_LABELS, _SHARE_WITHOUT_LABELS = 8, 0.001


def read(folder: pathlib.Path, labels_name: str = "source", missing_images: str = REFUSE) -> Source:
    """Raises SourceError unless every row can be used, or lacks no more than an image that may be left out."""
    if labels_name not in LABEL_TABLES:
        raise SourceError(f"labels: expected {' or '.join(LABEL_TABLES)}; received {labels_name!r}")
    found = survey(pathlib.Path(folder), _FOLDER)
    files = [_table(found, name) for name in (SPLIT_TABLE, METADATA, LABEL_TABLES[labels_name])]
    labels, people_file = _read_labels(files[2]), found.table(TABLE)
    missing = Missing()
    reader = _Reader(
        PatientFolders(found),
        _read_metadata(files[1]),
        labels,
        read_people(people_file) if people_file else {},
        missing,
    )
    splits = reader.rows(files[0])
    notes = [f"labels from {files[2].name}", *reader.notes(people_file)]
    read_tables = (*files, *([people_file] if people_file else []))
    return complete(Source("MIMIC-CXR-JPG", found.root, read_tables, splits, tuple(notes)), missing, missing_images)


def _table(found: Survey, name: str) -> pathlib.Path:
    file = found.table(name)
    if file is None:
        raise SourceError(f"{found.root}: expected {name} or {name}.gz in it or below; received neither")
    return file


@dataclasses.dataclass(frozen=True, slots=True)
class _Film:
    """What the metadata say of an image."""

    patient: str
    study: str
    position: str
    view: int
    projection: int
    date: str


def _read_metadata(file: pathlib.Path) -> dict[str, _Film]:
    films: dict[str, _Film] = {}
    table = Table(file, (_IMAGE, _PATIENT, _STUDY, _POSITION), (_DATE,))

    def use(cells: dict[str, str]) -> None:
        view, projection = tables.cell(cells, _POSITION, view_and_projection)
        film = _Film(cells[_PATIENT], cells[_STUDY], cells[_POSITION], view, projection, cells.get(_DATE, ""))
        if films.setdefault(cells[_IMAGE], film) is not film:
            raise ValueError(f"expected each image once; received {cells[_IMAGE][:80]} again")

    _each_line(table, use)
    return films


def _read_labels(file: pathlib.Path) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Study -> its patient and label values."""
    studies: dict[str, tuple[str, tuple[int, ...]]] = {}
    table = Table(file, (_PATIENT, _STUDY, *LABEL_NAMES))

    def use(cells: dict[str, str]) -> None:
        entry = cells[_PATIENT], tables.labels(cells, LABEL_NAMES)
        if studies.setdefault(cells[_STUDY], entry) is not entry:
            raise ValueError(f"expected each study once; received {cells[_STUDY][:80]} again")

    _each_line(table, use)
    return studies


def _each_line(table: Table, use: Callable[[dict[str, str]], None]) -> None:
    for line, cells in table.rows():
        try:
            use(cells)
        except ValueError as error:
            raise table.error(line, str(error)) from error


class _Reader:
    """Joins the tables along the one that says which image is in which split."""

    def __init__(
        self,
        folders: PatientFolders,
        films: Mapping[str, _Film],
        labels: Mapping[str, tuple[str, tuple[int, ...]]],
        people: Mapping[str, Person],
        missing: Missing,
    ) -> None:
        self._folders, self._films, self._labels, self._people = folders, films, labels, people
        self._missing = missing
        self._positions = collections.Counter[str]()  # of the films whose view is neither frontal nor lateral
        self._studies: set[str] = set()
        self._without_labels: set[str] = set()
        self._unknown = collections.Counter[str]()

    def rows(self, file: pathlib.Path) -> dict[str, list[Row]]:
        table = Table(file, (_IMAGE, _STUDY, _PATIENT, _SPLIT))
        splits: dict[str, list[Row]] = {split: [] for split in SPLITS.values()}
        first_lines: dict[str, int] = {}
        for line, cells in table.rows():
            image = cells[_IMAGE]
            try:
                if first_lines.setdefault(image, line) != line:
                    first = first_lines[image]
                    raise ValueError(f"expected each image once; received {image[:80]} again, first in line {first}")
                split = SPLITS.get(cells[_SPLIT])
                if split is None:
                    raise ValueError(f"column {_SPLIT!r}: expected {', '.join(SPLITS)}; received {cells[_SPLIT]!r}")
                try:
                    splits[split].append(self._row(cells))
                except MissingImage as error:
                    self._missing.add(split, _path(cells), table.error(line, str(error)))
            except (SourceError, ValueError) as error:
                raise table.error(line, str(error)) from error
        absent = sorted(self._films.keys() - first_lines.keys())
        if absent:
            raise SourceError(
                f"{file}: expected a split for each of {len(self._films):,} images of the metadata; received none for "
                f"{len(absent):,}, such as {absent[0][:80]}"
            )
        self._check_labels(file)
        # A table may be a selection of one's own, without some split.
        return {split: rows for split, rows in splits.items() if rows or split in self._missing.paths}

    def _row(self, cells: Mapping[str, str]) -> Row:
        image, study, patient = cells[_IMAGE], cells[_STUDY], cells[_PATIENT]
        for column, pattern, example in (
            (_IMAGE, _NAME, "02aa804e-bde0afdd-112c0b34-7bc16630-4e384014"),
            (_STUDY, _NUMBER, "50414267"),
            (_PATIENT, _NUMBER, "10000032"),
        ):
            if not pattern.match(cells[column]):
                raise ValueError(f"column {column!r}: expected {example} or the like; received {cells[column][:80]!r}")
        film = self._films.get(image)
        if film is None:
            raise ValueError(f"expected a row of {image} in {METADATA}; received none")
        owner, values = self._labels.get(study, (patient, None))
        if (film.patient, film.study) != (patient, study) or owner != patient:
            others = f"patient {film.patient} and study {film.study} in the metadata, patient {owner} with the labels"
            raise ValueError(f"expected patient {patient} and study {study} in every table; received {others}")
        self._studies.add(study)
        if values is None:
            self._without_labels.add(study)
        person = self._people.get(patient, NOBODY)
        folder = f"p{patient}"
        # MIMIC-CXR itself has the same films as DICOM, in the same folders.
        place, size = self._folders.image(folder, f"s{study}/{image}.jpg", f"s{study}/{image}.dcm")
        age = person.age_on(film.date)
        if film.view == UNKNOWN_VIEW:
            self._positions[film.position.upper()] += 1
        self._unknown["sex"] += person.sex == SEXES.index("unknown")
        self._unknown["age"] += age == UNKNOWN_AGE
        return Row(
            key=image,
            path=_path(cells),
            file=place,
            size=size,
            patient=folder,
            study=f"{folder}/s{study}",
            view=film.view,
            projection=film.projection,
            sex=person.sex,
            age=age,
            labels=(NOT_MENTIONED,) * len(LABEL_NAMES) if values is None else values,
        )

    def _check_labels(self, file: pathlib.Path) -> None:
        without = len(self._without_labels)
        if without > max(_WITHOUT_LABELS, _SHARE_WITHOUT_LABELS * len(self._studies)):
            raise SourceError(
                f"{file}: expected labels of all but a few of {len(self._studies):,} studies; received none for "
                f"{without:,}, such as s{min(self._without_labels)}; is the table of labels whole?"
            )

    def notes(self, people_file: pathlib.Path | None) -> list[str]:
        notes = ["the split that MIMIC calls validate is called valid", *describe_unknown(self._positions)]
        if self._without_labels:
            notes.append(
                f"{len(self._without_labels):,} studies have no row of labels: all 14 are stored as not mentioned"
            )
        if people_file is None:
            notes.append(f"no {TABLE} of MIMIC-IV: sex and age are unknown")
        else:
            unknown = f"sex of {self._unknown['sex']:,} images and age of {self._unknown['age']:,} unknown"
            notes.append(f"sex and age in the year of the study from {people_file.name}; {unknown}")
        return notes


def _path(cells: Mapping[str, str]) -> str:
    """As the release's own list of images spells it."""
    patient = cells[_PATIENT]
    return f"files/p{patient[:2]}/p{patient}/s{cells[_STUDY]}/{cells[_IMAGE]}.jpg"
