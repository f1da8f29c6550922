"""PadChest on disk: one table, and its images as PNG of 16 bits in folders 0 to 54 or in any other.

What is relied on, from the release's own description and from public readers of it: the table has a column `Labels`
with Python lists of strings, some of which begin with a blank or are blank; `Projection` is PA, AP, AP_horizontal, L,
COSTAL or EXCLUDE; `MethodLabel` is Physician or RNN_model; `PatientBirth` is a year, `StudyDate_DICOM` begins with one.
The 193 names in labels.txt are all that `Labels` holds: 174 findings, `normal`, `exclude` and the like among them, and
19 diagnoses. About a hundred rows have no list.
"""

import ast
import collections
import pathlib
from collections.abc import Mapping

from chex_tf_datasets.radiograph_records import splits, tables
from chex_tf_datasets.radiograph_records.errors import MissingImage, SourceError
from chex_tf_datasets.radiograph_records.missing import REFUSE, Missing
from chex_tf_datasets.radiograph_records.row import (
    NEGATIVE,
    NOT_MENTIONED,
    POSITIVE,
    PROJECTIONS,
    SEXES,
    UNKNOWN_AGE,
    VIEWS,
    Row,
)
from chex_tf_datasets.radiograph_records.source import Source, complete
from chex_tf_datasets.radiograph_records.survey import Files, Survey, survey
from chex_tf_datasets.radiograph_records.tables import Table

TABLE = "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv"
_HERE = pathlib.Path(__file__)
LABEL_NAMES = tuple(_HERE.with_name("labels.txt").read_text(encoding="utf-8").splitlines())
# Cut off or without data in the release, as public readers of it list them.
CORRUPT = frozenset(_HERE.with_name("corrupt.txt").read_text(encoding="utf-8").splitlines())
# Value of `labels` -> the MethodLabel of the rows that are used; None: all.
METHODS = {"source": None, "physician": "Physician", "rnn": "RNN_model"}

_IMAGE, _FOLDER, _STUDY, _PATIENT = "ImageID", "ImageDir", "StudyID", "PatientID"
_PROJECTION, _POSITION = "Projection", "ViewPosition_DICOM"
_LABELS, _METHOD = "Labels", "MethodLabel"
_BIRTH, _DATE, _SEX = "PatientBirth", "StudyDate_DICOM", "PatientSex_DICOM"
_OLDEST = 120

# COSTAL (ribs) and EXCLUDE (anything else) are neither the frontal nor the lateral film of a chest.
_VIEWS = {
    "PA": ("frontal", "PA"),
    "AP": ("frontal", "AP"),
    "AP_HORIZONTAL": ("frontal", "AP"),
    "L": ("lateral", "none"),
    "COSTAL": ("unknown", "none"),
    "EXCLUDE": ("unknown", "none"),
    "": ("unknown", "none"),
}
_LATERALS = ("LL", "RL")
_SEXES = {"m": "male", "f": "female"}
_NO_SEX = ("", "o", "none", "nan", "unknown")
_PLACES = {name.lower(): place for place, name in enumerate(LABEL_NAMES)}


def read(folder: pathlib.Path, labels: str = "source", seed: int = 0, missing_images: str = REFUSE) -> Source:
    """Raises SourceError unless every row can be used, or lacks no more than an image that may be left out."""
    if labels not in METHODS:
        raise SourceError(f"labels: expected {' or '.join(METHODS)}; received {labels!r}")
    found = survey(pathlib.Path(folder))
    file = found.table(TABLE)
    if file is None:
        raise SourceError(f"{found.root}: expected {TABLE} or {TABLE}.gz in it or below; received neither")
    missing, seen = Missing(), collections.Counter[str]()
    rows = _rows(file, found, METHODS[labels], seed, missing, seen)
    empty = [split for split, some in rows.items() if not some and split not in missing.paths]
    if empty and any(rows.values()):
        raise SourceError(
            f"{found.root}: expected patients in each of {', '.join(rows)}; received none in {empty[0]}; "
            "take another seed"
        )
    notes = [
        f"no official splits: {splits.describe_drawn(seed)}",
        f"{seen['corrupt']:,} of {len(CORRUPT)} images known to be corrupt left out by name",
    ]
    if METHODS[labels] is not None:
        notes.append(f"labels by {METHODS[labels]} only: {seen['other method']:,} images with others left out")
    for what in ("without any label: all are stored as not mentioned", "of an impossible age: stored as unknown"):
        if seen[what]:
            notes.append(f"{seen[what]:,} images {what}")
    return complete(Source("PadChest", found.root, (file,), rows, tuple(notes)), missing, missing_images)


def _rows(
    file: pathlib.Path, found: Survey, method: str | None, seed: int, missing: Missing, seen: collections.Counter[str]
) -> dict[str, list[Row]]:
    """By split; `seen` counts what notes tell."""
    more = (_FOLDER, _METHOD, _POSITION, _BIRTH, _DATE, _SEX)
    table = Table(file, (_IMAGE, _STUDY, _PATIENT, _PROJECTION, _LABELS), more)
    rows: dict[str, list[Row]] = {split: [] for split in splits.DRAWN}
    first_lines: dict[str, int] = {}
    looked_up = Files(found.root)
    for line, cells in table.rows():
        name = cells[_IMAGE]
        try:
            if first_lines.setdefault(name, line) != line:
                raise ValueError(f"expected each image once; received {name} again, first in line {first_lines[name]}")
            if name in CORRUPT:
                seen["corrupt"] += 1
            elif method is not None and tables.cell(cells, _METHOD, _method) != method:
                seen["other method"] += 1
            else:
                split = splits.drawn_split(_patient(cells), seed)
                rows[split].append(_row(cells, found, looked_up, seen))
        except MissingImage as error:
            missing.add(split, _path(cells), table.error(line, str(error)))
        except (SourceError, ValueError) as error:
            raise table.error(line, str(error)) from error
    return rows


def _row(cells: Mapping[str, str], found: Survey, looked_up: Files, seen: collections.Counter[str]) -> Row:
    view, projection = tables.cell(cells, _PROJECTION, _view)
    position = cells.get(_POSITION, "").upper()
    if view == "lateral" and position in _LATERALS:
        projection = position
    labels = tables.cell(cells, _LABELS, findings)
    years = _age(cells)
    age = years if years is None or 0 <= years <= _OLDEST else None
    sex = tables.cell(cells, _SEX, _sex)
    place = _place(cells, found)
    size = looked_up.size(place)
    if size is None:
        raise SourceError(f"{found.root / place}: expected an image; received nothing any more")
    seen["without any label: all are stored as not mentioned"] += labels[0] == NOT_MENTIONED
    seen["of an impossible age: stored as unknown"] += age != years
    return Row(
        key=cells[_IMAGE],
        path=_path(cells),
        file=place,
        size=size,
        patient=_patient(cells),
        study=cells[_STUDY],
        view=VIEWS.index(view),
        projection=PROJECTIONS.index(projection),
        sex=SEXES.index(sex),
        age=UNKNOWN_AGE if age is None else age,
        labels=labels,
    )


def _path(cells: Mapping[str, str]) -> str:
    """As the table has it, in two columns."""
    return f"{cells[_FOLDER]}/{cells[_IMAGE]}" if cells.get(_FOLDER) else cells[_IMAGE]


def _patient(cells: Mapping[str, str]) -> str:
    if not cells[_PATIENT]:
        raise ValueError(f"column {_PATIENT!r}: expected a patient; received nothing")
    return cells[_PATIENT]


def _place(cells: Mapping[str, str], found: Survey) -> str:
    """Where the image lies: in its numbered folder, or in the only one that has it."""
    name = cells[_IMAGE]
    folders = found.images.get(name, [])
    if len(folders) > 1:
        numbered = [folder for folder in folders if folder.rpartition("/")[2] == cells.get(_FOLDER)]
        if len(numbered) != 1:
            raise ValueError(f"expected one image {name[:80]} below {found.root}; received {' and '.join(folders[:2])}")
        folders = numbered
    if not folders:
        if not name.lower().endswith(".png") or "/" in name:
            raise ValueError(f"column {_IMAGE!r}: expected the name of a PNG file; received {name[:80]!r}")
        raise MissingImage(f"expected an image {name[:80]} in {found.root} or below; received none")
    return f"{folders[0]}/{name}"


def findings(text: str) -> tuple[int, ...]:
    """`['cardiomegaly', ' pneumonia']` as 1 and 0 in the order of LABEL_NAMES; all not mentioned for an empty list."""
    try:
        named = ast.literal_eval(text) if text and text.lower() != "nan" else []
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        named = None
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise ValueError(f"expected a list of labels such as ['cardiomegaly']; received {text[:80]!r}")
    names = {name.strip().lower() for name in named} - {""}
    unknown = sorted(names - _PLACES.keys())
    if unknown:
        raise ValueError(
            f"expected labels of PadChest, of which there are {len(LABEL_NAMES)}; received {unknown[0][:80]!r}"
        )
    if not names:
        return (NOT_MENTIONED,) * len(LABEL_NAMES)
    positive = {_PLACES[name] for name in names}
    return tuple(POSITIVE if place in positive else NEGATIVE for place in range(len(LABEL_NAMES)))


def _view(text: str) -> tuple[str, str]:
    if text.upper() not in _VIEWS:
        raise ValueError(f"expected PA, AP, AP_horizontal, L, COSTAL, EXCLUDE or nothing; received {text[:80]!r}")
    return _VIEWS[text.upper()]


def _method(text: str) -> str:
    known = {name.lower(): name for name in METHODS.values() if name is not None}
    if text.lower() not in known:
        raise ValueError(f"expected {' or '.join(known.values())}; received {text[:80]!r}")
    return known[text.lower()]


def _sex(text: str) -> str:
    if text.lower() in _NO_SEX:
        return "unknown"
    if text.lower() not in _SEXES:
        raise ValueError(f"expected M, F, O or nothing; received {text[:80]!r}")
    return _SEXES[text.lower()]


def _age(cells: Mapping[str, str]) -> int | None:
    """Years from that of birth to that of the study: the table knows no days of birth. None where one is not there."""
    birth, date = tables.cell(cells, _BIRTH, _year), tables.cell(cells, _DATE, _year)
    return None if birth is None or date is None else date - birth


def _year(text: str) -> int | None:
    """1949, 1949.0, or of a date such as 20140915 or 20140915.0 the first four digits; None for nothing."""
    digits = text.removesuffix(".0")
    if digits.lower() in ("", "nan"):
        return None
    if not digits.isascii() or not digits.isdigit() or len(digits) not in (4, 8):
        raise ValueError(f"expected a year or a date such as 20140915; received {text[:80]!r}")
    return int(digits[:4])
