"""The true regions of findings: phantoms' masks, published boxes, CheXlocalize's segmentations and polygons."""

import pathlib
from collections.abc import Iterator
from typing import Protocol

import cv2
import numpy as np

from chex_tf.explain import boxes
from chex_tf.explain.annotations import open_annotations
from chex_tf.observations import ALIASES, CHEST_XRAY14_FINDINGS
from chex_tf.phantom.picture_tables import MASKS, mask_path
from chex_tf.settings import InputError


class Regions(Protocol):
    def __call__(self, path: str, task: str) -> np.ndarray | None:
        """The region of a task on a film, bool (height, width), not empty; None if there is none.

        Its proportions are the film's, but not necessarily its size. `path` is spelled as in the records.
        """

    def marked(self) -> Iterator[tuple[str, str]]:
        """Every film and task that seem to have a region, the film as a path that `__call__` takes."""


def open_regions(place: pathlib.Path, whole: bool = False) -> Regions:
    """The path's name decides which of them it is. `whole`: regions of the film's own size, however large."""
    if place.is_dir():
        found = find_in(place)
        if found is None:
            raise InputError(
                f"expected a folder with {MASKS}/, {boxes.CHEST_XRAY14} or {boxes.VINDR[1]} in it; received {place}",
                "regions",
            )
        return found
    if place.suffix == ".csv":
        return boxes.open_boxes([place])
    if place.suffix == ".json":
        return open_annotations(place, whole)
    raise InputError(
        f"expected a phantom's folder, {boxes.CHEST_XRAY14}, VinDr-CXR's annotations or a JSON of CheXlocalize; "
        f"received {place}",
        "regions",
    )


def find_in(folder: pathlib.Path) -> Regions | None:
    """The regions in the folder of a data set, if there are any."""
    if (folder / MASKS).is_dir():
        return _Masks(folder)
    return boxes.find_in(folder)


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
            spelt = file.stem if file.stem in CHEST_XRAY14_FINDINGS else file.stem.replace("_", " ")
            task = spelt.replace("-", "/")
            # mask_path() puts `masks` in place of a path's first part and takes its suffix away.
            yield f"images/{file.parent.relative_to(folder).as_posix()}.png", ALIASES.get(task, task)
