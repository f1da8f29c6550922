"""A table and the folder that its paths begin in, as rows: every value checked, complaints with line and column."""

import collections
import dataclasses
import pathlib
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from chex_tf_datasets.radiograph_records import tables
from chex_tf_datasets.radiograph_records.errors import MissingImage, SourceError
from chex_tf_datasets.radiograph_records.missing import Missing
from chex_tf_datasets.radiograph_records.row import PROJECTIONS, UNKNOWN_AGE, VIEWS, Row
from chex_tf_datasets.radiograph_records.source import Source, complete
from chex_tf_datasets.radiograph_records.splits import HOLDOUT, describe_drawn, drawn_split
from chex_tf_datasets.radiograph_records.survey import Files
from chex_tf_datasets.radiograph_records.tables import Table

from .columns import Columns
from .config import TableConfig

LAYOUT = "films of a table"
_USUAL = ("train", "valid", "test")
_SPLIT_NAME = re.compile(r"[A-Za-z]\w*\Z")
_NO_PROJECTION = PROJECTIONS.index("none")
_OF_A_SIDE = ("LL", "RL")

Read = TypeVar("Read")


def read(folder: pathlib.Path, config: TableConfig, columns: Columns) -> Source:
    """Raises SourceError unless every row can be used."""
    folder = pathlib.Path(folder).expanduser()
    if not folder.is_dir():
        kind = "a file" if folder.exists() else "nothing"
        raise SourceError(f"{folder}: expected the folder that the table's paths begin in; received {kind}")
    reader = _Reader(folder, config, columns)
    splits = reader.splits()
    file = pathlib.Path(config.table).expanduser().resolve()
    source = Source(LAYOUT, folder.resolve(), (file,), splits, (*columns.describe(), *reader.notes))
    return complete(source, reader.missing, config.missing_images)


class _Reader:
    def __init__(self, folder: pathlib.Path, config: TableConfig, columns: Columns) -> None:
        self._folder, self._root = folder, folder.resolve()
        self._config, self._columns, self._roles = config, columns, columns.roles
        self._file = pathlib.Path(config.table).expanduser()
        self._table = Table(self._file, (*self._roles.values(), *columns.labels))
        self._files = Files(self._root)
        self._lines: dict[str, int] = {}  # key of an image -> the line that names it
        self._home: dict[str, tuple[str, int]] = {}  # patient -> split, and the line that says so
        self.missing = Missing()
        self.notes: list[str] = []

    def splits(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = collections.defaultdict(list)
        for line, cells in self._table.rows():
            try:
                split = self._split(line, cells)
                found[split].append(self._row(line, cells))
            except MissingImage as error:
                self.missing.add(split, cells[self._roles["path"]], self._table.error(line, str(error)))
            except (SourceError, ValueError) as error:
                raise self._table.error(line, str(error)) from error
        if not self._lines:
            raise SourceError(f"{self._file}: expected at least one row; received a header only")
        self._note_splits(found)
        self._note_absent()
        order = [*(split for split in _USUAL if split in found), *(split for split in found if split not in _USUAL)]
        return self._told_apart({split: found[split] for split in order})

    def _row(self, line: int, cells: Mapping[str, str]) -> Row:
        place = self._cell(cells, "path", self._place)
        if self._lines.setdefault(place, line) != line:
            raise ValueError(f"expected each image once; received {place} again, first in line {self._lines[place]}")
        size = self._files.size(place)
        if size is None:
            column = self._roles["path"]
            raise MissingImage(f"column {column!r}: expected an image {self._root / place}; received nothing there")
        view, projection = self._cell(cells, "view", _view) if "view" in self._roles else _view("")
        return Row(
            key=place,
            path=place,
            file=place,
            size=size,
            patient=self._cell(cells, "patient", _named),
            study=self._cell(cells, "study", _named) if "study" in self._roles else place.rpartition(".")[0] or place,
            view=view,
            projection=projection,
            sex=self._cell(cells, "sex", tables.sex) if "sex" in self._roles else tables.sex(""),
            age=self._cell(cells, "age", tables.age) if "age" in self._roles else UNKNOWN_AGE,
            labels=tables.labels(cells, self._columns.labels),
        )

    def _cell(self, cells: Mapping[str, str], role: str, read: Callable[[str], Read]) -> Read:
        return tables.cell(cells, self._roles[role], read)

    def _place(self, text: str) -> str:
        """The path from the folder of images, without dots and doubled slashes."""
        if not text:
            raise ValueError("expected the path of an image; received nothing")
        path = pathlib.PurePosixPath(text)
        if path.is_absolute():
            bases = [base for base in (self._folder.absolute(), self._root) if path.is_relative_to(base)]
            if not bases:
                raise ValueError(f"expected a path inside {self._root}, the folder of images; received {text[:200]}")
            path = path.relative_to(bases[0])
        if ".." in path.parts:
            raise ValueError(f"expected a path that does not go upwards; received {text[:200]}")
        return str(path)

    def _split(self, line: int, cells: Mapping[str, str]) -> str:
        patient = self._cell(cells, "patient", _named)
        if "split" not in self._roles:
            return drawn_split(patient, self._config.seed, self._config.shares)
        column = self._roles["split"]
        split = tables.cell(cells, column, _split_name)
        if split == HOLDOUT and self._config.holdout_patients:
            raise ValueError(f"column {column!r}: expected no split {HOLDOUT} where holdout_patients carves one")
        home, first = self._home.setdefault(patient, (split, line))
        if home != split:
            raise ValueError(
                f"column {column!r}: expected each patient in one split; received patient {patient} in {split}, and "
                f"in {home} in line {first}"
            )
        return split

    def _note_splits(self, found: Mapping[str, list[Row]]) -> None:
        if "split" in self._roles:
            if self._config.gives_shares:
                raise SourceError(
                    f"{self._file}: expected a column of splits or shares of patients; received shares, and the column "
                    f"{self._roles['split']!r}: leave the shares out, or rename the column"
                )
            self.notes.append(f"splits: those of the column {self._roles['split']!r}")
            return
        drawn = [split for split, share in self._config.shares.items() if share]
        absent = [split for split in drawn if split not in found and split not in self.missing.paths]
        if absent:
            patients = len({row.patient for rows in found.values() for row in rows})
            raise SourceError(
                f"{self._file}: expected patients for {' and '.join(absent)}; received none, of {patients:,} patients "
                f"with seed {self._config.seed}; take other shares, another seed, or a column of splits"
            )
        self.notes.append(f"splits: {describe_drawn(self._config.seed, self._config.shares)}")

    def _note_absent(self) -> None:
        if "study" not in self._roles:
            self.notes.append("no column of studies: each film counts as one")
        if "view" not in self._roles:
            self.notes.append("no column of views: that of every film is unknown")

    def _told_apart(self, splits: dict[str, list[Row]]) -> dict[str, list[Row]]:
        """Studies that are numbered within each patient get the patient's name before theirs."""
        patients: dict[str, set[str]] = collections.defaultdict(set)
        for rows in splits.values():
            for row in rows:
                patients[row.study].add(row.patient)
        shared = next((study for study, of in patients.items() if len(of) > 1), None)
        if shared is None:
            return splits
        if "study" in self._roles:
            self.notes.append(f"studies: stored as PATIENT/STUDY, since several patients have a study {shared!r}")
        return {
            split: [dataclasses.replace(row, study=f"{row.patient}/{row.study}") for row in rows]
            for split, rows in splits.items()
        }


def _named(text: str) -> str:
    if not text:
        raise ValueError("expected a name or number; received nothing")
    return text


def _split_name(text: str) -> str:
    if not _SPLIT_NAME.match(text) or text == "all":
        raise ValueError(f"expected the name of a split, such as train, valid or test; received {text[:80]!r}")
    return text


def _view(text: str) -> tuple[int, int]:
    """View and projection; a projection says the view as well."""
    if not text:
        return VIEWS.index("unknown"), _NO_PROJECTION
    if text.lower() in VIEWS:
        return VIEWS.index(text.lower()), _NO_PROJECTION
    if text.upper() in PROJECTIONS[:_NO_PROJECTION]:
        view = "lateral" if text.upper() in _OF_A_SIDE else "frontal"
        return VIEWS.index(view), PROJECTIONS.index(text.upper())
    raise ValueError(f"expected frontal, lateral, AP, PA, LL, RL or nothing; received {text[:80]!r}")
