"""How one map is scored against one region: the pointing game, and IoU at each of the cuts that are tried.

A protocol holds the rules. `PEAK` is this project's own; `chex_tf.explain.chexlocalize` makes CheXlocalize's.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping

import cv2
import numpy as np

from chex_tf.data.view import View
from chex_tf.explain.placing import upsample
from chex_tf.settings import InputError

# Shares of a map's peak that are tried.
SHARES = np.arange(1, 20) / 20
_ROUNDING = 1e-6  # of upsampling: the pixels beyond the outermost cells' centres are equally high
_WHOLE_FILM = View(1, 1)

Shape = tuple[int, int]


@dataclasses.dataclass(frozen=True, eq=False)
class Protocol:
    """`cuts` are tried on other films, by task where these differ; NaN stands for Otsu's, found map by map.

    place         puts a map of a whole film on the pixels of a region
    hit           from a map on those pixels and the region: 0 to 1
    overlaps      from the same and the cuts: IoU [cuts]; NaN where the protocol leaves a map out
    whole_regions whether regions are taken at the film's own size, however large
    """

    key: str
    cuts: np.ndarray
    cut_title: str  # above the column of the chosen cuts
    cut_note: str
    place: Callable[[np.ndarray, Shape], np.ndarray]
    hit: Callable[[np.ndarray, np.ndarray], float]
    overlaps: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
    whole_regions: bool = False
    cuts_by_task: Mapping[str, float] = dataclasses.field(default_factory=dict)

    @property
    def chooses(self) -> bool:
        """Whether a cut is to be chosen on other films."""
        return len(self.cuts) > 1 and not self.cuts_by_task

    def cuts_of(self, task: str) -> np.ndarray:
        if not self.cuts_by_task:
            return self.cuts
        if task not in self.cuts_by_task:
            raise InputError(
                f"expected a threshold for {task}; received {', '.join(sorted(self.cuts_by_task))}", "map_thresholds"
            )
        return np.array([self.cuts_by_task[task]])


def on_film(pixels: np.ndarray, shape: Shape) -> np.ndarray:
    """A map of a whole film on `shape` pixels: bilinear, after averaging where the map is finer."""
    coarse = min(pixels.shape[0], shape[0]), min(pixels.shape[1], shape[1])
    if coarse != pixels.shape:
        pixels = cv2.resize(pixels, (coarse[1], coarse[0]), interpolation=cv2.INTER_AREA)
    return upsample(pixels, shape, _WHOLE_FILM)


def hit(bright: np.ndarray, region: np.ndarray) -> float:
    """Of several equally high points, the share within the region; a map that is nowhere above 0 misses."""
    peak = bright.max()
    return float(region[bright >= peak * (1 - _ROUNDING)].mean()) if peak > 0 else 0.0


def overlaps(bright: np.ndarray, region: np.ndarray, shares: np.ndarray = SHARES) -> np.ndarray:
    """IoU [shares] of `region` and the pixels that reach each share of the map's peak."""
    peak = bright.max()
    if not peak > 0:
        return np.zeros(len(shares))
    # The number of shares each pixel reaches, counted and summed from the highest down.
    reached = np.searchsorted(shares.astype(bright.dtype) * peak, bright.ravel(), side="right")
    marked, shared = (
        np.bincount(pixels, minlength=len(shares) + 1)[::-1].cumsum()[::-1][1:]
        for pixels in (reached, reached[region.ravel()])
    )
    return np.asarray(shared / (marked + region.sum() - shared))


PEAK = Protocol(
    "peak",
    SHARES,
    "Of peak",
    "Of peak: the share of a map's peak from which pixels count as marked",
    place=on_film,
    hit=hit,
    overlaps=overlaps,
)


def shown_cut(cut: float) -> str:
    return "Otsu" if math.isnan(cut) else f"{cut:.2f}"
