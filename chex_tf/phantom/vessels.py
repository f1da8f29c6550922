"""Branching vessels of the lung, as a tree of tapering lines that spreads from the hilum."""

import dataclasses
import functools

import numpy as np

from chex_tf.phantom.drawing import Layer, Points

GENERATIONS = 6


@dataclasses.dataclass(frozen=True)
class Branches:
    """Curves of equal rank: `curves` (branches, points, 2), `width` in film units, `weight` from 0 to 1."""

    curves: Points
    width: float
    weight: float


@functools.lru_cache(maxsize=16)
def grow(
    seed: int, root: tuple[float, float], headings: tuple[tuple[float, float], ...], calibre: float = 1.0
) -> list[Branches]:
    """Thick branches last. `headings`: (angle, length) of each first branch, angle 0 to the right, downwards positive.

    One body's vessels are asked for again by every film of it, hence the cache.
    """
    random = np.random.default_rng(seed)
    count = len(headings)
    starts = np.tile(np.asarray(root, float), (count, 1)) + 0.006 * random.standard_normal((count, 2))
    angles = np.array([angle for angle, _ in headings]) + 0.10 * random.standard_normal(count)
    lengths = np.array([length for _, length in headings]) * (1 + 0.1 * random.standard_normal(count))
    width, tree = 0.0135 * calibre, []
    share = np.linspace(0, 1, 5)
    for generation in range(GENERATIONS):
        bend = 0.35 * random.standard_normal(len(starts))
        heading = angles[:, None] + bend[:, None] * share[None, :]
        steps = np.stack([np.cos(heading), np.sin(heading)], 2)[:, 1:] * (lengths / 4)[:, None, None]
        curves = np.concatenate([starts[:, None], starts[:, None] + np.cumsum(steps, 1)], 1)
        tree.append(Branches(curves, width, float(np.clip(1.0 - 0.13 * generation, 0.2, 1))))
        ends, onward = curves[:, -1], heading[:, -1]
        spread = 0.25 + 0.35 * random.random((2, len(starts)))
        starts = np.concatenate([ends, ends])
        angles = np.concatenate([onward + spread[0], onward - spread[1]])
        lengths = np.tile(lengths, 2) * (0.62 + 0.22 * random.random(2 * len(lengths)))
        width *= 0.66
    return tree[::-1]


def draw(layer: Layer, rank: Branches, root_height: float, upper: float) -> None:
    """`upper` widens and brightens those that begin above the hilum. What would be too thin to see is left out."""
    if rank.width * layer.canvas.size * layer.canvas.frame.scale < 0.3:
        return
    if upper == 1:
        layer.lines(rank.curves, rank.width, rank.weight)
        return
    above = rank.curves[:, 0, 1] < root_height
    layer.lines(rank.curves[above], rank.width * upper, min(1.0, rank.weight * upper))
    layer.lines(rank.curves[~above], rank.width, rank.weight)
