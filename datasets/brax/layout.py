"""BRAX on disk: the master spreadsheet, and PNG images by patient, study and series."""

import collections
import pathlib
import re
from collections.abc import Mapping

from chex_tf_datasets.radiograph_records import splits, tables
from chex_tf_datasets.radiograph_records.errors import MissingImage, SourceError
from chex_tf_datasets.radiograph_records.missing import REFUSE, Missing
from chex_tf_datasets.radiograph_records.patient_folders import PatientFolders
from chex_tf_datasets.radiograph_records.row import SEXES, UNKNOWN_AGE, Row
from chex_tf_datasets.radiograph_records.source import Source, complete
from chex_tf_datasets.radiograph_records.survey import survey
from chex_tf_datasets.radiograph_records.tables import Table
from chex_tf_datasets.radiograph_records.view_positions import UNKNOWN_VIEW, describe_unknown, view_and_projection

LABEL_NAMES = tuple(pathlib.Path(__file__).with_name("labels.txt").read_text(encoding="utf-8").splitlines())

_TABLES = ("master_spreadsheet_update.csv", "master_spreadsheet.csv")
_PATH, _PATIENT, _SEX, _AGE, _POSITION = "PngPath", "PatientID", "PatientSex", "PatientAge", "ViewPosition"
_FOLDER = re.compile(r"id_[^/]+\Z")
_IMAGE = re.compile(r"(?:.*/)?(id_[^/]+)/(Study_[^/]+)/(Series_[^/]+/[^/]+\.png)\Z")
_OLDEST = "85 or more"


def read(folder: pathlib.Path, seed: int = 0, missing_images: str = REFUSE) -> Source:
    """Raises SourceError unless every row can be used, or lacks no more than an image that may be left out."""
    found = survey(pathlib.Path(folder), _FOLDER)
    files = [file for name in _TABLES if (file := found.table(name))]
    if not files:
        raise SourceError(f"{found.root}: expected {' or '.join(_TABLES)} in it or below; received neither")
    reader = _Reader(PatientFolders(found), seed)
    rows = reader.rows(files[0])
    empty = [split for split, some in rows.items() if not some and split not in reader.missing.paths]
    if empty and any(rows.values()):
        raise SourceError(
            f"{found.root}: expected patients in each of {', '.join(rows)}; received none in {empty[0]}; take another "
            "seed"
        )
    notes = [f"no official splits: {splits.describe_drawn(seed)}", *reader.notes()]
    notes += [f"{file.name} is left aside for {files[0].name}" for file in files[1:]]
    return complete(Source("BRAX", found.root, (files[0],), rows, tuple(notes)), reader.missing, missing_images)


class _Reader:
    """Reads the spreadsheet, and counts what notes tell."""

    def __init__(self, folders: PatientFolders, seed: int) -> None:
        self._folders, self._seed = folders, seed
        self.missing = Missing()
        self._positions = collections.Counter[str]()  # of the films whose view is neither frontal nor lateral
        self._seen = collections.Counter[str]()

    def rows(self, file: pathlib.Path) -> dict[str, list[Row]]:
        table = Table(file, (_PATH, _PATIENT, *LABEL_NAMES), (_SEX, _AGE, _POSITION))
        rows: dict[str, list[Row]] = {split: [] for split in splits.DRAWN}
        first_lines: dict[str, int] = {}
        owners: dict[str, str] = {}
        for line, cells in table.rows():
            path, patient = cells[_PATH], cells[_PATIENT]
            try:
                if first_lines.setdefault(path, line) != line:
                    raise ValueError(
                        f"expected each image once; received {path[:200]} again, first in line {first_lines[path]}"
                    )
                if not patient:
                    raise ValueError(f"column {_PATIENT!r}: expected a patient; received nothing")
                folder, study, rest = _parts(path)
                if owners.setdefault(folder, patient) != patient:
                    raise ValueError(f"expected one patient in {folder}; received {owners[folder]} and {patient}")
                split = splits.drawn_split(patient, self._seed)
                try:
                    rows[split].append(self._row(cells, folder, study, rest))
                except MissingImage as error:
                    self.missing.add(split, path, table.error(line, str(error)))
            except (SourceError, ValueError) as error:
                raise table.error(line, str(error)) from error
        return rows

    def _row(self, cells: Mapping[str, str], folder: str, study: str, rest: str) -> Row:
        view, projection = tables.cell(cells, _POSITION, view_and_projection)
        sex, age = tables.cell(cells, _SEX, _sex), tables.cell(cells, _AGE, _age)
        labels = tables.labels(cells, LABEL_NAMES)
        place, size = self._folders.image(folder, f"{study}/{rest}")
        if view == UNKNOWN_VIEW:
            self._positions[cells.get(_POSITION, "").upper()] += 1
        self._seen["sex"] += sex == SEXES.index("unknown")
        self._seen["age"] += age == UNKNOWN_AGE
        return Row(
            key=f"{folder}/{study}/{rest}",
            path=cells[_PATH],
            file=place,
            size=size,
            patient=cells[_PATIENT],
            study=f"{folder}/{study}",
            view=view,
            projection=projection,
            sex=sex,
            age=age,
            labels=labels,
        )

    def notes(self) -> list[str]:
        return [
            f"ages are in steps of five years, {_OLDEST} stored as 85; sex of {self._seen['sex']:,} images and age of "
            f"{self._seen['age']:,} unknown",
            *describe_unknown(self._positions),
        ]


def _parts(path: str) -> tuple[str, str, str]:
    """Patient's folder, study, and what follows."""
    match = _IMAGE.match(path)
    if not match or ".." in path.split("/") or "\\" in path or not path.isprintable():
        raise ValueError(
            f"column {_PATH!r}: expected a path like images/id_X/Study_Y/Series_Z/image-W.png; received {path[:200]!r}"
        )
    folder, study, rest = match.groups()
    return folder, study, rest


def _sex(text: str) -> int:
    """O stands for other."""
    return SEXES.index("unknown") if text.upper() == "O" else tables.sex(text)


def _age(text: str) -> int:
    return tables.age("85" if text == _OLDEST else text)
