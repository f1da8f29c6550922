"""Films that are not what their records say: they show nothing, are negatives, cropped, turned, or framed."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from chex_tf.audit.films import Films
from chex_tf.audit.marks import Marks
from chex_tf.audit.settings import AuditSettings

CONSTANT, NEGATIVE, UNLIKE, STRIP, FRAMED = "constant", "negative", "unlike its view", "strip", "framed"
WORDS = {
    CONSTANT: "shows nothing: hardly two grey levels apart",
    NEGATIVE: "intensities turned: bright where the average film of its view is dark",
    UNLIKE: "unlike the average film of its view: cropped, turned, or another view",
    STRIP: "one side more than twice the other: cropped",
    FRAMED: "a black or white margin burnt in",
}
UNKNOWN = "unknown"  # a view: films of all views together have no average
FEWEST = 20  # films of a view from which an average is taken
LONGEST = 2.0  # a film's longer side over its shorter one; no detector is longer
_AT_ONCE = 8192


@dataclasses.dataclass(frozen=True)
class Unusual:
    """`value` is what was measured: levels, a correlation, a ratio or a share."""

    film: int
    kind: str
    value: float


@dataclasses.dataclass(frozen=True)
class Found:
    """`not_judged` are views with too few films for an average, and films of no known view, with their number."""

    films: tuple[Unusual, ...]
    not_judged: Mapping[str, int]


def find(films: Films, marks: Marks, settings: AuditSettings) -> Found:
    is_constant = marks.constant(settings.constant)
    likeness, not_judged = average_likeness(marks.ranks[: len(films)], films.view, ~is_constant)
    ratio = marks.shape.max(axis=1) / marks.shape.min(axis=1)
    levels = marks.high.astype(int) - marks.low
    kinds = (
        (CONSTANT, is_constant, levels),
        (NEGATIVE, likeness < settings.negative, likeness),
        (UNLIKE, (likeness >= settings.negative) & (likeness < settings.unlike), likeness),
        (STRIP, ratio > LONGEST, ratio),
        (FRAMED, (marks.border >= settings.border) & ~is_constant, marks.border),
    )
    found = [
        Unusual(film, kind, float(values[film]))
        for kind, chosen, values in kinds
        for film in np.flatnonzero(chosen).tolist()
    ]
    return Found(tuple(found), not_judged)


def average_likeness(ranks: np.ndarray, view: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, dict[str, int]]:
    """(films,): of each chosen film's ranks the correlation with the mean of the others of its view, NaN where there
    are too few or where the view is not known; and those views with their number of films."""
    found = np.full(len(ranks), np.nan)
    not_judged = {}
    for name in np.unique(view[chosen]).tolist():
        places = np.flatnonzero(chosen & (view == name))
        if name == UNKNOWN or places.size < FEWEST:
            not_judged[name] = places.size
            continue
        blocks = [places[start : start + _AT_ONCE] for start in range(0, places.size, _AT_ONCE)]
        total = sum(ranks[block].sum(axis=0, dtype=np.int64) for block in blocks)
        for block in blocks:
            own = ranks[block].reshape(len(block), -1).astype(np.float64)
            others = np.asarray(total, np.float64).reshape(1, -1) - own
            own -= own.mean(axis=1, keepdims=True)
            others -= others.mean(axis=1, keepdims=True)
            scale = np.linalg.norm(own, axis=1) * np.linalg.norm(others, axis=1)
            product = (own * others).sum(axis=1)
            found[block] = np.divide(product, scale, out=np.zeros(len(block)), where=scale > 0)
    return found, not_judged
