"""The true regions of findings: phantoms' masks, ChestX-ray14's boxes, CheXlocalize's segmentations and polygons."""

import csv
import pathlib
from collections.abc import Iterator
from typing import Protocol

import cv2
import numpy as np

from chex_tf.explain.annotations import open_annotations
from chex_tf.observations import ALIASES, CHEST_XRAY14_FINDINGS
from chex_tf.phantom.chest_xray14_layout import BOXED
from chex_tf.phantom.picture_tables import MASKS, mask_path
from chex_tf.settings import InputError

BOXES = "BBox_List_2017.csv"
_BOX_COLUMNS = ("Image Index", "Finding Label", "Bbox [x", "y", "w", "h]")
# The published boxes are in pixels of 1024 by 1024 images (Wang et al. 2017), whatever size images are stored at.
_BOX_FRAME = 1024
_PHANTOM_RECORD, _PHANTOM_TABLE = "phantom.json", "Data_Entry_2017_v2020.csv"
_FINDINGS = {published: name for name, published in BOXED.items()}


class Regions(Protocol):
    def __call__(self, path: str, task: str) -> np.ndarray | None:
        """The region of a task on a film, bool (height, width), not empty; None if there is none.

        Its proportions are the film's, but not necessarily its size. `path` is spelled as in the records.
        """

    def marked(self) -> Iterator[tuple[str, str]]:
        """Every film and task that seem to have a region, the film as a path that `__call__` takes."""


def open_regions(place: pathlib.Path, whole: bool = False) -> Regions:
    """The path's name decides which of the three it is. `whole`: regions of the film's own size, however large."""
    if place.is_dir():
        found = find_in(place)
        if found is None:
            raise InputError(f"expected a folder with {MASKS}/ or {BOXES} in it; received {place}", "regions")
        return found
    if place.suffix == ".csv":
        return _boxes(place)
    if place.suffix == ".json":
        return open_annotations(place, whole)
    raise InputError(f"expected a phantom's folder, {BOXES} or a JSON of CheXlocalize; received {place}", "regions")


def find_in(folder: pathlib.Path) -> Regions | None:
    """The regions in the folder of a data set, if there are any."""
    if (folder / MASKS).is_dir():
        return _Masks(folder)
    return _boxes(folder / BOXES) if (folder / BOXES).is_file() else None


class _Masks:
    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder

    def __call__(self, path: str, task: str) -> np.ndarray | None:
        # ChestX-ray14's records name an image only; a phantom keeps its masks under that name.
        place = path if "/" in path else f"images/images/{path}"
        spellings = (task, *(other for other, name in ALIASES.items() if name == task))
        files = [self._folder / mask_path(place, spelling) for spelling in spellings]
        file = next((file for file in files if file.is_file()), None)
        if file is None:
            return None
        mask = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        if mask is None:
            raise InputError(f"{file}: expected a PNG; it cannot be decoded", "regions")
        return mask > 0 if mask.any() else None

    def marked(self) -> Iterator[tuple[str, str]]:
        folder = self._folder / MASKS
        for file in sorted(folder.rglob("*.png")):
            task = file.stem.replace("_", " ") if file.stem not in CHEST_XRAY14_FINDINGS else file.stem
            # mask_path() puts `masks` in place of a path's first part and takes its suffix away.
            yield f"images/{file.parent.relative_to(folder).as_posix()}.png", ALIASES.get(task, task)


class _Boxes:
    """The region of several boxes of one finding on one film is their union."""

    def __init__(self) -> None:
        self.boxes: dict[tuple[str, str], list[tuple[float, ...]]] = {}
        self.frames: dict[str, tuple[int, int]] = {}  # (height, width) where it differs from the published one

    def __call__(self, path: str, task: str) -> np.ndarray | None:
        name = path.rpartition("/")[2]
        boxes = self.boxes.get((name, ALIASES.get(task, task)))
        if not boxes:
            return None
        height, width = self.frames.get(name, (_BOX_FRAME, _BOX_FRAME))
        region = np.zeros((height, width), bool)
        for left, top, across, down in boxes:
            columns = slice(round(left), max(round(left + across), round(left) + 1))
            region[round(top) : max(round(top + down), round(top) + 1), columns] = True
        return region if region.any() else None

    def marked(self) -> Iterator[tuple[str, str]]:
        yield from self.boxes


def _boxes(file: pathlib.Path) -> Regions:
    found = _Boxes()
    with open(file, encoding="utf-8-sig", newline="") as stream:
        rows = csv.reader(stream)
        header = next(rows, [])
        if tuple(header[: len(_BOX_COLUMNS)]) != _BOX_COLUMNS:
            raise InputError(
                f"{file}: expected columns {', '.join(_BOX_COLUMNS)}; received {', '.join(header)}", "regions"
            )
        for row in rows:
            try:
                name, finding, box = row[0], row[1], tuple(float(number) for number in row[2:6])
                if len(box) != 4 or not np.isfinite(box).all() or min(box) < 0:
                    raise ValueError
            except (IndexError, ValueError):
                raise InputError(
                    f"{file}, line {rows.line_num}: expected an image, a finding and four numbers; received "
                    f"{','.join(row)[:80]}",
                    "regions",
                ) from None
            finding = _FINDINGS.get(finding, finding)
            found.boxes.setdefault((name, ALIASES.get(finding, finding)), []).append(box)
    if (file.parent / _PHANTOM_RECORD).is_file():
        with open(file.parent / _PHANTOM_TABLE, encoding="utf-8", newline="") as stream:
            for cells in csv.DictReader(stream):
                found.frames[cells["Image Index"]] = (int(cells["Height]"]), int(cells["OriginalImage[Width"]))
    return found
