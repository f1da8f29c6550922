"""The true regions of findings: phantoms' masks, ChestX-ray14's boxes, CheXlocalize's segmentations."""

import csv
import json
import pathlib
from typing import Any, Protocol

import cv2
import numpy as np

from chex_tf.observations import ALIASES
from chex_tf.phantom.chest_xray14_layout import BOXED
from chex_tf.phantom.picture_tables import MASKS, mask_path
from chex_tf.settings import InputError

BOXES = "BBox_List_2017.csv"
_BOX_COLUMNS = ("Image Index", "Finding Label", "Bbox [x", "y", "w", "h]")
# The published boxes are in pixels of 1024 by 1024 images (Wang et al. 2017), whatever size images are stored at.
_BOX_FRAME = 1024
_LARGEST = 1024
_PHANTOM_RECORD, _PHANTOM_TABLE = "phantom.json", "Data_Entry_2017_v2020.csv"
_FINDINGS = {published: name for name, published in BOXED.items()}


class Regions(Protocol):
    def __call__(self, path: str, task: str) -> np.ndarray | None:
        """The region of a task on a film, bool (height, width), not empty; None if there is none.

        Its proportions are the film's, but not necessarily its size. `path` is spelled as in the records.
        """


def open_regions(place: pathlib.Path) -> Regions:
    """The path's name decides which of the three it is."""
    if place.is_dir():
        found = find_in(place)
        if found is None:
            raise InputError(f"expected a folder with {MASKS}/ or {BOXES} in it; received {place}", "regions")
        return found
    if place.suffix == ".csv":
        return _boxes(place)
    if place.suffix == ".json":
        return _segmentations(place)
    raise InputError(f"expected a phantom's folder, {BOXES} or a segmentations JSON; received {place}", "regions")


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


class _Segmentations:
    def __init__(self, content: dict[str, dict[str, Any]], file: pathlib.Path) -> None:
        self._file = file
        self._content = {
            film: {ALIASES.get(task, task): mask for task, mask in masks.items()} for film, masks in content.items()
        }

    def __call__(self, path: str, task: str) -> np.ndarray | None:
        # patient64541_study1_view1_frontal, for …/patient64541/study1/view1_frontal.jpg
        film = "_".join(pathlib.PurePosixPath(path).with_suffix("").parts[-3:])
        encoded = self._content.get(film, {}).get(ALIASES.get(task, task))
        if encoded is None:
            return None
        try:
            region = _bounded(decode_runs(encoded["counts"], *encoded["size"]))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{self._file}: {film}, {task}: {error}", "regions") from error
        return region if region.any() else None


def _segmentations(file: pathlib.Path) -> Regions:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: expected JSON; {error}", "regions") from error
    if not isinstance(content, dict) or not all(isinstance(masks, dict) for masks in content.values()):
        raise InputError(f"{file}: expected masks by film and task, as in CheXlocalize's gt_segmentations", "regions")
    return _Segmentations(content, file)


def _bounded(region: np.ndarray) -> np.ndarray:
    """At most _LARGEST pixels per side: no map is that fine, and a full-size film has eight million pixels."""
    scale = _LARGEST / max(region.shape)
    if scale >= 1 or not region.any():
        return region
    height, width = (max(1, round(side * scale)) for side in region.shape)
    share = cv2.resize(region.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return share >= 0.5 if (share >= 0.5).any() else share > 0


def decode_runs(counts: str, height: int, width: int) -> np.ndarray:
    """COCO's compressed run lengths as a mask, bool (height, width).

    Lengths of runs of 0 and 1 in turn, down the columns. A length is written as five bits per character (from "0"),
    lowest first; the sixth bit says that more follow. From the fourth on, it is the difference from the length two
    before.
    """
    runs: list[int] = []
    value = shift = 0
    for character in counts:
        bits = ord(character) - 48
        if not 0 <= bits < 64:
            raise ValueError(f"expected run lengths in COCO's compressed form; received the character {character!r}")
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = shift = 0
    if sum(runs) != height * width or min(runs, default=0) < 0:
        raise ValueError(f"expected runs of {height}×{width} pixels; received {sum(runs)} in all")
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(width, height).T
