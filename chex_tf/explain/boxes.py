"""Boxes around findings as published: ChestX-ray14's list, and VinDr-CXR's tables with the readers' boxes."""

import csv
import functools
import pathlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from chex_tf.films import dicom
from chex_tf.films.limits import UnreadableFilm
from chex_tf.observations import ALIASES
from chex_tf.phantom.chest_xray14_layout import BOXED
from chex_tf.settings import InputError

CHEST_XRAY14 = "BBox_List_2017.csv"
VINDR = ("annotations/annotations_train.csv", "annotations/annotations_test.csv")
_CHEST_XRAY14_COLUMNS = ("Image Index", "Finding Label", "Bbox [x", "y", "w", "h]")
_VINDR_COLUMNS = ("image_id", "class_name", "x_min", "y_min", "x_max", "y_max")
# The published boxes are in pixels of 1024 by 1024 images (Wang et al. 2017), whatever size images are stored at.
_FRAME = 1024
_PHANTOM_RECORD, _PHANTOM_TABLE = "phantom.json", "Data_Entry_2017_v2020.csv"
_FINDINGS = {published: name for name, published in BOXED.items()}
_VINDR_FINDINGS = {"Other disease": "Other diseases"}  # as the release spells it in some of its tables
_VINDR_SPLITS, _VINDR_SUFFIXES = ("train", "test"), (".dicom", ".dcm")
_NO_FINDING = "No finding"

Box = tuple[float, float, float, float]  # left, top, width, height


class Boxes:
    """The region of several boxes of one finding on one film is their union, whoever drew them.

    `frame` gives the (height, width) in whose pixels a film's boxes are; `name` shortens a path to a film's name.
    """

    def __init__(self, frame: Callable[[str], tuple[int, int]], name: Callable[[str], str]) -> None:
        self.boxes: dict[tuple[str, str], list[Box]] = {}
        self._frame, self._name = frame, name

    def add(self, film: str, finding: str, box: Box) -> None:
        self.boxes.setdefault((film, ALIASES.get(finding, finding)), []).append(box)

    def __call__(self, path: str, task: str) -> np.ndarray | None:
        film = self._name(path)
        boxes = self.boxes.get((film, ALIASES.get(task, task)))
        if not boxes:
            return None
        region = np.zeros(self._frame(film), bool)
        for left, top, across, down in boxes:
            columns = slice(round(left), max(round(left + across), round(left) + 1))
            region[round(top) : max(round(top + down), round(top) + 1), columns] = True
        return region if region.any() else None

    def marked(self) -> Iterator[tuple[str, str]]:
        yield from self.boxes


def open_boxes(files: Sequence[pathlib.Path]) -> Boxes:
    """BBox_List_2017.csv, or one or both of annotations_train.csv and annotations_test.csv. Raises InputError."""
    header = _rows(files[0])[0]
    return _vindr(files) if set(_VINDR_COLUMNS) <= set(header) else _chest_xray14(files[0])


def find_in(folder: pathlib.Path) -> Boxes | None:
    """The boxes in the folder of a data set, if there are any."""
    if (folder / CHEST_XRAY14).is_file():
        return open_boxes([folder / CHEST_XRAY14])
    files = [folder / name for name in VINDR if (folder / name).is_file()]
    return open_boxes(files) if files else None


def _chest_xray14(file: pathlib.Path) -> Boxes:
    frames = {}  # where it differs from the published one
    if (file.parent / _PHANTOM_RECORD).is_file():
        with open(file.parent / _PHANTOM_TABLE, encoding="utf-8", newline="") as stream:
            for cells in csv.DictReader(stream):
                frames[cells["Image Index"]] = (int(cells["Height]"]), int(cells["OriginalImage[Width"]))
    found = Boxes(lambda film: frames.get(film, (_FRAME, _FRAME)), lambda path: path.rpartition("/")[2])
    header, *rows = _rows(file)
    if tuple(header[: len(_CHEST_XRAY14_COLUMNS)]) != _CHEST_XRAY14_COLUMNS:
        raise InputError(
            f"{file}: expected columns {', '.join(_CHEST_XRAY14_COLUMNS)} or {', '.join(_VINDR_COLUMNS)}; received "
            f"{', '.join(header)}",
            "regions",
        )
    for line, row in enumerate(rows, start=2):
        left, top, across, down = _numbers(file, line, row, row[2:6])
        found.add(row[0], _FINDINGS.get(row[1], row[1]), (left, top, across, down))
    return found


def _vindr(files: Sequence[pathlib.Path]) -> Boxes:
    """Films by their name without a suffix. Boxes are in pixels of the DICOM image, whose file says how many it has."""

    @functools.cache
    def frame(film: str) -> tuple[int, int]:
        folders = [folder / split for folder in _folders(files) for split in _VINDR_SPLITS]
        places = [folder / f"{film}{end}" for folder in folders for end in _VINDR_SUFFIXES]
        place = next((place for place in places if place.is_file()), None)
        if place is None:
            raise InputError(
                f"expected {film}.dicom in train/ or test/ beside the folder of {files[0]}, for the size that its "
                "boxes are measured in; received none",
                "regions",
            )
        try:
            return dicom.size(place)
        except UnreadableFilm as error:
            raise InputError(f"{place}: {error}", "regions") from error

    found = Boxes(frame, lambda path: pathlib.PurePosixPath(path).stem)
    for file in files:
        header, *rows = _rows(file)
        missing = [name for name in _VINDR_COLUMNS if name not in header]
        if missing:
            raise InputError(f"{file}: expected a column {missing[0]}; received {', '.join(header)}", "regions")
        places = [header.index(name) for name in _VINDR_COLUMNS]
        for line, row in enumerate(rows, start=2):
            if len(row) != len(header):
                raise _no_box(file, line, row)
            film, finding, *edges = (row[place] for place in places)
            if finding == _NO_FINDING:
                continue
            left, top, right, bottom = _numbers(file, line, row, edges)
            if right < left or bottom < top:
                raise _no_box(file, line, row)
            found.add(film, _VINDR_FINDINGS.get(finding, finding), (left, top, right - left, bottom - top))
    return found


def _folders(files: Sequence[pathlib.Path]) -> list[pathlib.Path]:
    return list(dict.fromkeys(folder for file in files for folder in (file.parent.parent, file.parent)))


def _rows(file: pathlib.Path) -> list[list[str]]:
    """The header first; an empty one for an empty file."""
    with open(file, encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream)) or [[]]


def _numbers(file: pathlib.Path, line: int, row: Sequence[str], cells: Sequence[str]) -> Box:
    try:
        first, second, third, fourth = (float(cell) for cell in cells)
    except ValueError:
        raise _no_box(file, line, row) from None
    numbers = first, second, third, fourth
    if not np.isfinite(numbers).all() or min(numbers) < 0:
        raise _no_box(file, line, row)
    return numbers


def _no_box(file: pathlib.Path, line: int, row: Sequence[str]) -> InputError:
    return InputError(
        f"{file}, line {line}: expected an image, a finding and four numbers; received {','.join(row)[:80]}", "regions"
    )
