"""One HTML page with every film of a split and its maps, with filters by task and outcome; it needs no server.

The page holds films as small JPEGs and maps as one byte per cell, and overlays them itself: a map of a coarse grid
costs a hundred bytes, a picture of it would cost thousands.
"""

import base64
import contextlib
import dataclasses
import json
import pathlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from chex_tf.data.view import View
from chex_tf.explain import overlay
from chex_tf.files import whole_file
from chex_tf.trained.thresholds import decimals

NAME = "gallery.html"
THUMBNAIL = 192  # pixels of the longer side
FINEST_GRID = 64  # cells per side of a stored map; a finer one (saliency) is averaged down
_JPEG_QUALITY = 82

_SMOOTH = 0.7  # pixels by which an outline may leave its region's edge

# name, film (height, width), truth (tasks,), probabilities (runs, tasks), of each run brightness (tasks, rows,
# columns), true regions by the task's place, where they are known
Add = Callable[[str, np.ndarray, np.ndarray, np.ndarray, Sequence[np.ndarray], Mapping[int, np.ndarray]], None]


def outcome(truth: float, probability: float, threshold: float) -> str:
    """TP, FP, FN or TN; empty without a label or a threshold."""
    if np.isnan(truth) or np.isnan(threshold):
        return ""
    return ("T" if (probability >= threshold) == (truth == 1) else "F") + ("P" if probability >= threshold else "N")


@dataclasses.dataclass(frozen=True)
class Head:
    """What the whole page is about; the last three are by run, thresholds then by task."""

    title: str
    notes: str
    tasks: tuple[str, ...]
    runs: tuple[str, ...]
    grids: tuple[tuple[int, int], ...]
    views: tuple[View, ...]
    thresholds: tuple[np.ndarray, ...]


@contextlib.contextmanager
def page(file: pathlib.Path, head: Head) -> Iterator[Add]:
    """Gives a function that adds one film; the page is written when the block succeeds."""
    template = pathlib.Path(__file__).with_suffix(".html").read_text(encoding="utf-8")
    start, _, rest = template.partition("/*ABOUT*/")
    middle, _, end = rest.partition("/*FILMS*/\n")
    colours, opacities = overlay.table()
    about = {
        "title": head.title,
        "notes": head.notes,
        "tasks": head.tasks,
        "runs": head.runs,
        "grids": head.grids,
        "thresholds": [[None if np.isnan(cut) else round(float(cut), 6) for cut in cuts] for cuts in head.thresholds],
        "stored": [[min(cells, FINEST_GRID) for cells in grid] for grid in head.grids],
        "colours": colours.tolist(),
        "opacities": opacities.tolist(),
    }
    with whole_file(file) as scratch, open(scratch, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(start + _script(about) + middle)

        def add(
            name: str,
            grey: np.ndarray,
            truth: np.ndarray,
            probable: np.ndarray,
            bright: Sequence[np.ndarray],
            regions: Mapping[int, np.ndarray],
        ) -> None:
            film = _film(head, name, grey, truth, probable, bright)
            film["r"] = {place: outlines(region) for place, region in regions.items()}
            stream.write(_script(film) + ",\n")

        yield add
        stream.write(end)


def _film(
    head: Head, name: str, grey: np.ndarray, truth: np.ndarray, probable: np.ndarray, bright: Sequence[np.ndarray]
) -> dict[str, Any]:
    """One film's entry, with lists by task and then by run; gallery.html reads it. `d` is how many decimals `p` has."""
    small = thumbnail(grey)
    places = range(len(head.tasks))
    return {
        "n": name,
        "s": [small.shape[1], small.shape[0]],
        "g": _base64(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()),
        "v": [_seen((grey.shape[0], grey.shape[1]), view) for view in head.views],
        "t": [None if np.isnan(value) else int(value) for value in truth],
        "p": [[round(float(one[task]), 6) for one in probable] for task in places],
        "d": [
            [decimals(cut[task], [one[task]], fewest=2) for one, cut in zip(probable, head.thresholds, strict=True)]
            for task in places
        ],
        "o": [
            [outcome(truth[task], one[task], cut[task]) for one, cut in zip(probable, head.thresholds, strict=True)]
            for task in places
        ],
        "m": [[_base64(_stored(one[task])) for one in bright] for task in places],
    }


def thumbnail(grey: np.ndarray) -> np.ndarray:
    scale = THUMBNAIL / max(grey.shape)
    height, width = (max(1, round(side * scale)) for side in grey.shape)
    return cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def outlines(region: np.ndarray) -> list[list[float]]:
    """Each part of a region, bool (height, width), as the corners of its edge: x, y, x, y, … as shares of the sides."""
    height, width = (max(1, round(side * THUMBNAIL / max(region.shape))) for side in region.shape)
    small = cv2.resize(region.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA) >= 0.5
    found, _ = cv2.findContours(small.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    corners = [cv2.approxPolyDP(one, _SMOOTH, True)[:, 0] for one in found]
    # A contour goes through the middle of the outermost pixels.
    return [np.round((one + 0.5) / (width, height), 4).ravel().tolist() for one in corners]


def _stored(bright: np.ndarray) -> bytes:
    rows, columns = (min(cells, FINEST_GRID) for cells in bright.shape)
    if bright.shape != (rows, columns):
        bright = cv2.resize(bright, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.rint(255 * np.clip(bright, 0, 1)).astype(np.uint8).tobytes()


def _seen(shape: tuple[int, int], view: View) -> list[float]:
    """Left, top, width and height of what the network sees of a film, as shares of its sides."""
    top, down, left, across = (round(share, 5) for pair in view.window(shape) for share in pair)
    return [left, top, across, down]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _script(value: Any) -> str:
    """JSON that cannot end the script, whatever it contains: names come from files."""
    return (
        json.dumps(value, separators=(",", ":")).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    )
