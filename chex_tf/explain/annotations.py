"""CheXlocalize's annotations: segmentations in COCO's run lengths, and the polygons that they were made from."""

import json
import pathlib
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw

from chex_tf.films.limits import MOST_PIXELS
from chex_tf.observations import ALIASES
from chex_tf.settings import InputError

_LARGEST = 1024
_SIZE = "img_size"  # of a film in a file of polygons: height and width


def open_annotations(file: pathlib.Path, whole: bool = False) -> "Annotations":
    """gt_segmentations_*.json or gt_annotations_*.json. `whole`: at the film's size; otherwise at most 1,024 pixels
    per side, which is finer than any network's map."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: expected JSON; {error}", "regions") from error
    if not isinstance(content, dict) or not all(isinstance(masks, dict) for masks in content.values()):
        raise InputError(
            f"{file}: expected masks or polygons by film and task, as in CheXlocalize's gt_segmentations and "
            "gt_annotations",
            "regions",
        )
    return Annotations(content, file, whole)


class Annotations:
    """By film, patient64541_study1_view1_frontal, and task."""

    def __init__(self, content: dict[str, dict[str, Any]], file: pathlib.Path, whole: bool) -> None:
        self._file, self._whole = file, whole
        self._content = {
            film: {ALIASES.get(task, task): given for task, given in tasks.items()} for film, tasks in content.items()
        }

    def __call__(self, path: str, task: str) -> np.ndarray | None:
        # …/patient64541/study1/view1_frontal.jpg in records
        film = path if path in self._content else "_".join(pathlib.PurePosixPath(path).with_suffix("").parts[-3:])
        tasks = self._content.get(film, {})
        given = tasks.get(ALIASES.get(task, task))
        if given is None:
            return None
        try:
            if _SIZE in tasks:
                region = filled(given, *_size(tasks[_SIZE]))
            else:
                region = decode_runs(given["counts"], *_size(given["size"]))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{self._file}: {film}, {task}: {error}", "regions") from error
        if not region.any():
            return None
        return region if self._whole else _bounded(region)

    def marked(self) -> Iterator[tuple[str, str]]:
        for film, tasks in self._content.items():
            for task, given in tasks.items():
                if task == _SIZE:
                    continue
                try:
                    is_marked = bool(given) if _SIZE in tasks else any(runs_of(given["counts"])[1::2])
                except (KeyError, TypeError, ValueError) as error:
                    raise InputError(f"{self._file}: {film}, {task}: {error}", "regions") from error
                if is_marked:
                    yield film, task


def _size(given: Any) -> tuple[int, int]:
    height, width = given
    if type(height) is not int or type(width) is not int or min(height, width) < 1:
        raise ValueError(f"expected a film's height and width; received {given}")
    if height * width > MOST_PIXELS:
        raise ValueError(f"expected at most {MOST_PIXELS:,} pixels; the file claims {width}×{height}")
    return height, width


def filled(polygons: list[list[list[float]]], height: int, width: int) -> np.ndarray:
    """The union of polygons [x, y] in pixels, their outlines included, as Pillow fills them: CheXlocalize's masks are
    made so, and another rule would move every edge by half a pixel."""
    mask = Image.new("1", (width, height))
    pen = ImageDraw.Draw(mask)
    for polygon in polygons:
        points = np.array(polygon, np.float64)
        if points.ndim != 2 or points.shape[1] != 2 or len(points) < 2 or not np.isfinite(points).all():
            raise ValueError(f"expected polygons of two or more points [x, y]; received {str(polygon)[:60]}")
        pen.polygon([(float(x), float(y)) for x, y in points], outline=1, fill=1)
    return np.array(mask)


def _bounded(region: np.ndarray) -> np.ndarray:
    """At most _LARGEST pixels per side: no map is that fine, and a full-size film has eight million pixels."""
    scale = _LARGEST / max(region.shape)
    if scale >= 1:
        return region
    height, width = (max(1, round(side * scale)) for side in region.shape)
    share = cv2.resize(region.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return share >= 0.5 if (share >= 0.5).any() else share > 0


def decode_runs(counts: str, height: int, width: int) -> np.ndarray:
    """COCO's compressed run lengths as a mask, bool (height, width): runs of 0 and 1 in turn, down the columns."""
    runs = runs_of(counts)
    if sum(runs) != height * width or min(runs, default=0) < 0:
        raise ValueError(f"expected runs of {height}×{width} pixels; received {sum(runs)} in all")
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(width, height).T


def runs_of(counts: str) -> list[int]:
    """The lengths of the runs. A length is written as five bits per character (from "0"), lowest first; the sixth bit
    says that more follow. From the fourth on, it is the difference from the length two before."""
    runs: list[int] = []
    value = shift = 0
    for character in counts:
        bits = ord(character) - 48
        if not 0 <= bits < 64:
            raise ValueError(f"expected run lengths in COCO's compressed form; received the character {character!r}")
        value |= (bits & 31) << shift
        shift += 5
        if shift > 60:
            raise ValueError("expected run lengths in COCO's compressed form; received one of more than 60 bits")
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = shift = 0
    return runs
