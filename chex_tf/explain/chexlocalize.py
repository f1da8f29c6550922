"""CheXlocalize's way to score a map (Saporta et al. 2022), step by step as its published code takes them.

A map is interpolated to the film's own size and stretched to 0 to 1. Its highest pixel, the first of equally high ones,
hits or misses. The pixels above a threshold overlap: above Otsu's, each contour filled, or above one that was tuned by
task on other films. A map that marks nothing has no IoU.
"""

import csv
import math
import pathlib

import cv2
import numpy as np
from PIL import Image, ImageDraw

from chex_tf.explain.scoring import Protocol, Shape
from chex_tf.observations import ALIASES
from chex_tf.settings import InputError

KEY = "chexlocalize"
OTSU, TUNED = "otsu", "tuned"
# What its tuning tries.
THRESHOLDS = np.arange(2, 8) / 10
_COLUMNS = ("threshold", "task")


def protocol(thresholds: str) -> Protocol:
    """`thresholds`: otsu, tuned, or a CSV file with a threshold for each task."""
    by_task = {} if thresholds in (OTSU, TUNED) else read_thresholds(pathlib.Path(thresholds))
    return Protocol(
        KEY,
        np.array([math.nan]) if thresholds == OTSU else THRESHOLDS,
        "Threshold",
        "Threshold: of a map stretched to 0 to 1, above which pixels count as marked",
        place=interpolated,
        hit=hit,
        overlaps=overlaps,
        whole_regions=True,
        cuts_by_task=by_task,
    )


def interpolated(pixels: np.ndarray, shape: Shape) -> np.ndarray:
    """Bilinear with centres at halves and no averaging, float32 rounded where PyTorch rounds: a different last bit can
    move a pixel across a threshold."""
    low, high, share = _neighbours(pixels.shape[1], shape[1])
    wide = _fused(pixels[:, low], 1 - share, pixels[:, high] * share)
    low, high, share = (array[:, np.newaxis] for array in _neighbours(pixels.shape[0], shape[0]))
    return _fused(wide[low[:, 0]], 1 - share, wide[high[:, 0]] * share)


def _neighbours(cells: int, pixels: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each pixel along an axis the two cells around its centre, and the second one's share."""
    centres = np.arange(pixels, dtype=np.float32) + np.float32(0.5)
    place = np.maximum(_fused(centres, np.float32(cells) / np.float32(pixels), np.float32(-0.5)), np.float32(0))
    low = np.minimum(np.floor(place).astype(int), cells - 1)
    share = np.clip(place - low.astype(np.float32), np.float32(0), np.float32(1))
    return low, np.minimum(low + 1, cells - 1), share


def _fused(first: np.ndarray, second: np.ndarray | np.float32, added: np.ndarray | np.float32) -> np.ndarray:
    """first × second + added, rounded once as a processor's fused multiply-add does, float32."""
    return np.asarray(first.astype(np.float64) * second + added, np.float32)


def hit(bright: np.ndarray, region: np.ndarray) -> float:
    return float(region.ravel()[np.argmax(bright)])


def overlaps(bright: np.ndarray, region: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """IoU [thresholds] with `region`, which is not empty; NaN where no pixel is marked."""
    stretched = bright - bright.min()
    peak = stretched.max()
    if not peak > 0:
        return np.full(len(thresholds), np.nan)
    stretched /= peak
    found = np.full(len(thresholds), np.nan)
    for place, threshold in enumerate(thresholds):
        marked = otsu(stretched) if math.isnan(threshold) else stretched > np.float32(threshold)
        if marked.any():
            found[place] = np.count_nonzero(marked & region) / np.count_nonzero(marked | region)
    return found


def otsu(stretched: np.ndarray) -> np.ndarray:
    """The pixels above Otsu's threshold among 256 levels; then every contour is filled, which closes holes, and
    contours of a single point are dropped."""
    levels = (255 * stretched).astype(np.uint8)
    _, above = cv2.threshold(levels, 0, 255, cv2.THRESH_OTSU)
    contours, _ = cv2.findContours(above, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    marked = Image.new("1", (levels.shape[1], levels.shape[0]))
    pen = ImageDraw.Draw(marked)
    for contour in contours:
        if len(contour) > 1:
            pen.polygon([(int(x), int(y)) for x, y in contour.reshape(-1, 2)], outline=1, fill=1)
    return np.array(marked)


def read_thresholds(file: pathlib.Path) -> dict[str, float]:
    """A CSV with the columns threshold and task, as CheXlocalize's tuning writes it."""
    try:
        with open(file, encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
        found = {ALIASES.get(row["task"], row["task"]): float(row["threshold"]) for row in rows}
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise InputError(
            f"expected {OTSU}, {TUNED} or a CSV file with columns {' and '.join(_COLUMNS)}; received {file} ({error})",
            "map_thresholds",
        ) from error
    if not found or len(found) != len(rows) or not all(0 <= threshold < 1 for threshold in found.values()):
        raise InputError(
            f"expected one threshold from 0 to 1 for each task; {file} has {len(rows)} rows and {len(found)} tasks",
            "map_thresholds",
        )
    return found
