"""ChestX-ray14 on disk: its table, its lists of the official splits, and its images in one folder or twelve."""

import pathlib
import re
from collections.abc import Mapping

from chex_tf_datasets.radiograph_records import tables
from chex_tf_datasets.radiograph_records.errors import MissingImage, SourceError
from chex_tf_datasets.radiograph_records.missing import REFUSE, Missing
from chex_tf_datasets.radiograph_records.row import NEGATIVE, POSITIVE, VIEWS, Row
from chex_tf_datasets.radiograph_records.source import Source, complete
from chex_tf_datasets.radiograph_records.survey import Files, Survey, survey
from chex_tf_datasets.radiograph_records.tables import Table

LABEL_NAMES = tuple(pathlib.Path(__file__).with_name("labels.txt").read_text(encoding="utf-8").splitlines())
NO_FINDING = "No Finding"

_TABLES = ("Data_Entry_2017_v2020.csv", "Data_Entry_2017.csv")
_LISTS = {"train": "train_val_list.txt", "test": "test_list.txt"}
_IMAGE, _FINDINGS, _PATIENT = "Image Index", "Finding Labels", "Patient ID"
_AGE, _SEX, _PROJECTION = "Patient Age", "Patient Sex", "View Position"
_NAME = re.compile(r"\d{8}_\d{3}\.png\Z")
# The first release's table spells the sex so.
_ALIASES = {"Patient Gender": _SEX}


def read(folder: pathlib.Path, missing_images: str = REFUSE) -> Source:
    """Raises SourceError unless every row can be used, or lacks no more than an image that may be left out."""
    found = survey(pathlib.Path(folder))
    files = [file for name in _TABLES if (file := found.file(name))]
    if not files:
        raise SourceError(f"{found.root}: expected {' or '.join(_TABLES)} in it or below; received neither")
    lists = {split: file for split, name in _LISTS.items() if (file := found.file(name))}
    notes = [f"images in {_folders(found)}"]
    if len(lists) == 1:
        raise SourceError(
            f"{found.root}: expected both {' and '.join(_LISTS.values())}, or neither; received only "
            f"{next(iter(lists.values())).name}"
        )
    if not lists:
        notes.append(f"no {' and '.join(_LISTS.values())}: every image is in train; --holdout_patients carves a part")
    missing = Missing()
    splits = _rows(files[0], found, _official_splits(lists), missing)
    source = Source("ChestX-ray14", found.root, (files[0], *lists.values()), splits, tuple(notes))
    return complete(source, missing, missing_images)


def _folders(found: Survey) -> str:
    folders = sorted({folder for name, folders in found.images.items() if _NAME.match(name) for folder in folders})
    return f"{folders[0]} and {len(folders) - 1} more folders" if len(folders) > 1 else "".join(folders) or "no folder"


def _official_splits(lists: Mapping[str, pathlib.Path]) -> dict[str, tuple[str, int]]:
    """Name of an image -> its split and the line that says so."""
    homes: dict[str, tuple[str, int]] = {}
    for split, file in lists.items():
        try:
            names = file.read_text(encoding="utf-8-sig").split("\n")
        except UnicodeDecodeError as error:
            raise SourceError(f"{file}: expected UTF-8 text; {error.reason}") from error
        for line, name in enumerate(map(str.strip, names), start=1):
            if name and homes.setdefault(name, (split, line)) != (split, line):
                other, first = homes[name]
                raise SourceError(
                    f"{file}, line {line}: expected each image once; received {name[:80]!r} again, first in "
                    f"line {first} of {lists[other].name}"
                )
    return homes


def _rows(
    file: pathlib.Path, found: Survey, homes: Mapping[str, tuple[str, int]], missing: Missing
) -> dict[str, list[Row]]:
    table = Table(file, (_IMAGE, _FINDINGS, _PATIENT), (_AGE, _SEX, _PROJECTION), _ALIASES)
    splits: dict[str, list[Row]] = {split: [] for split in (_LISTS if homes else ("train",))}
    first_lines: dict[str, int] = {}
    looked_up = Files(found.root)
    for line, cells in table.rows():
        name = cells[_IMAGE]
        try:
            if first_lines.setdefault(name, line) != line:
                raise ValueError(f"expected each image once; received {name} again, first in line {first_lines[name]}")
            if homes and name not in homes:
                raise ValueError(f"expected {name[:80]!r} in {' or '.join(_LISTS.values())}; received it in neither")
            split = homes[name][0] if homes else "train"
            splits[split].append(_row(cells, found, looked_up))
        except MissingImage as error:
            missing.add(split, name, table.error(line, str(error)))
        except (SourceError, ValueError) as error:
            raise table.error(line, str(error)) from error
    absent = sorted(homes.keys() - first_lines.keys())
    if absent:
        raise SourceError(f"{file}: expected a row for each listed image; received none for {absent[0][:80]!r}")
    return splits


def _row(cells: Mapping[str, str], found: Survey, looked_up: Files) -> Row:
    name = cells[_IMAGE]
    if not _NAME.match(name):
        raise ValueError(f"column {_IMAGE!r}: expected a name like 00000001_000.png; received {name[:80]!r}")
    if not cells[_PATIENT].isascii() or not cells[_PATIENT].isdigit() or int(cells[_PATIENT]) != int(name[:8]):
        raise ValueError(f"column {_PATIENT!r}: expected {int(name[:8])} as in {name}; received {cells[_PATIENT]!r}")
    folders = found.images.get(name, [])
    if not folders:
        raise MissingImage(f"expected one image {name} below {found.root}; received no such file in {_folders(found)}")
    if len(folders) > 1:
        raise ValueError(f"expected one image {name} below {found.root}; received {' and '.join(folders[:2])}")
    place = f"{folders[0]}/{name}"
    size = looked_up.size(place)
    if size is None:
        raise SourceError(f"{found.root / place}: expected an image; received nothing any more")
    return Row(
        key=name,
        path=name,
        file=place,
        size=size,
        patient=name[:8],
        study=name.partition(".")[0],
        view=VIEWS.index("frontal"),
        projection=tables.cell(cells, _PROJECTION, tables.projection),
        sex=tables.cell(cells, _SEX, tables.sex),
        age=tables.cell(cells, _AGE, tables.age),
        labels=tables.cell(cells, _FINDINGS, findings),
    )


def findings(text: str) -> tuple[int, ...]:
    """`Cardiomegaly|Effusion` or `No Finding` as 1 and 0 in the order of LABEL_NAMES."""
    named = text.split("|")
    unknown = [name for name in named if name not in LABEL_NAMES and name != NO_FINDING]
    if unknown or len(set(named)) != len(named) or (NO_FINDING in named and len(named) > 1):
        raise ValueError(f"expected findings joined by | or {NO_FINDING}; received {text[:80]!r}")
    return tuple(POSITIVE if name in named else NEGATIVE for name in LABEL_NAMES)
