"""How well maps localise: the pointing game and intersection over union, with intervals and paired differences.

Pointing game: whether the map's highest place lies within the region (of several equally high places, the share that
does). IoU: of the region and the part of the map above a share of its peak; the share is chosen on other films, by
task. Films without a region of a task take no part in it.
"""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np

from chex_tf.statistics import bootstrap
from chex_tf.statistics.bootstrap import Interval, Progress, silent
from chex_tf.statistics.comparison import bootstrap_p, holm

# Shares of a map's peak that are tried.
SHARES = np.arange(1, 20) / 20
_ROUNDING = 1e-6  # of upsampling: the pixels beyond the outermost centres are equally high
MEAN = "mean"
POINTING, IOU = "pointing", "iou"


@dataclasses.dataclass(frozen=True)
class Scores:
    """Of one network's maps: hits (films, tasks), overlaps (films, tasks, SHARES); NaN where there is no region.

    `areas` (films, tasks) is the region's share of the film: what pointing anywhere hits by chance, and the IoU of a
    map that marks everything.
    """

    hits: np.ndarray
    overlaps: np.ndarray
    areas: np.ndarray

    @classmethod
    def empty(cls, films: int, tasks: int) -> "Scores":
        nothing = np.full((films, tasks), np.nan)
        return cls(nothing, np.full((films, tasks, len(SHARES)), np.nan), nothing.copy())

    def note(self, film: int, task: int, bright: np.ndarray, region: np.ndarray) -> None:
        self.hits[film, task] = hit(bright, region)
        self.overlaps[film, task] = overlaps(bright, region)
        self.areas[film, task] = region.mean()


def hit(bright: np.ndarray, region: np.ndarray) -> float:
    """0 to 1; a map that is nowhere above 0 points at nothing."""
    peak = bright.max()
    return float(region[bright >= peak * (1 - _ROUNDING)].mean()) if peak > 0 else 0.0


def overlaps(bright: np.ndarray, region: np.ndarray) -> np.ndarray:
    """IoU [SHARES] of `region` and what reaches each share of the map's peak."""
    peak = bright.max()
    if not peak > 0:
        return np.zeros(len(SHARES))
    # How many shares each pixel reaches; counted, and added up from the highest down.
    reached = np.searchsorted(SHARES.astype(bright.dtype) * peak, bright.ravel(), side="right")
    marked, shared = (
        np.bincount(pixels, minlength=len(SHARES) + 1)[::-1].cumsum()[::-1][1:]
        for pixels in (reached, reached[region.ravel()])
    )
    return np.asarray(shared / (marked + region.sum() - shared))


@dataclasses.dataclass(frozen=True)
class Estimate:
    value: float
    interval: Interval


@dataclasses.dataclass(frozen=True)
class Located:
    """One network's results by task and for MEAN. `shares` is the chosen share of the peak by task; with two, the
    first is for even units and was chosen on odd ones, the second the other way round."""

    name: str
    pointing: dict[str, Estimate]
    iou: dict[str, Estimate]
    shares: dict[str, tuple[float, ...]]


@dataclasses.dataclass(frozen=True)
class Difference:
    """Of two networks on the same films: a's minus b's. `p_holm` is adjusted over all differences of that measure."""

    a: str
    b: str
    measure: str
    task: str
    value: float
    interval: Interval
    p: float
    p_holm: float


@dataclasses.dataclass(frozen=True)
class Localisation:
    tasks: tuple[str, ...]  # those with a region on at least one film
    films: dict[str, int]
    chance: dict[str, float]  # mean share of the film that the region covers; also for MEAN
    networks: tuple[Located, ...]
    differences: tuple[Difference, ...]
    units: int


def localise(
    names: Sequence[str],
    tasks: Sequence[str],
    scores: Sequence[Scores],
    chosen_on: Sequence[Scores] | None,
    units: np.ndarray,
    replicates: int,
    seed: int,
    progress: Progress = silent,
) -> Localisation:
    """`units` (films,) from 0; `chosen_on`: scores on the films that thresholds are chosen on.

    Where those hold no region of a task, or are None, films are halved by unit, and each half is judged at the share
    that suits the other best.
    """
    kept = [place for place in range(len(tasks)) if not np.isnan(scores[0].hits[:, place]).all()]
    shown = tuple(tasks[place] for place in kept)
    values, shares = [], []
    for place, of in enumerate(scores):
        at, chosen = _at_chosen(of.overlaps[:, kept], chosen_on[place].overlaps[:, kept] if chosen_on else None, units)
        values.append(np.concatenate([of.hits[:, kept], at], axis=1))
        shares.append(dict(zip(shown, chosen, strict=True)))
    count = int(units.max(initial=-1)) + 1
    statistics = [_mean_of_units(each, units, count) for each in values]
    once = np.ones((1, count), np.int32)
    estimates = [_with_means(statistic(once).T, len(shown))[0] for statistic in statistics]
    resampled = bootstrap.replicate(statistics, bootstrap.Resampling(count, replicates, seed), progress)
    resampled = [_with_means(each, len(shown)) for each in resampled]
    keys = [(measure, task) for measure in (POINTING, IOU) for task in (*shown, MEAN)]
    networks = []
    for name, values_of, replicates_of, by_task in zip(names, estimates, resampled, shares, strict=True):
        made = {
            key: Estimate(float(value), bootstrap.percentile_interval(replicates_of[:, column]))
            for column, (key, value) in enumerate(zip(keys, values_of, strict=True))
        }
        by = {measure: {task: made[measure, task] for task in (*shown, MEAN)} for measure in (POINTING, IOU)}
        networks.append(Located(name, by[POINTING], by[IOU], by_task))
    areas = {task: float(np.nanmean(scores[0].areas[:, place])) for task, place in zip(shown, kept, strict=True)}
    return Localisation(
        shown,
        {task: int(np.sum(~np.isnan(scores[0].hits[:, place]))) for task, place in zip(shown, kept, strict=True)},
        areas | {MEAN: float(np.mean(list(areas.values()))) if areas else float("nan")},
        tuple(networks),
        tuple(_differences(names, keys, estimates, resampled)),
        count,
    )


def _at_chosen(
    found: np.ndarray, others: np.ndarray | None, units: np.ndarray
) -> tuple[np.ndarray, list[tuple[float, ...]]]:
    """IoU (films, tasks) at the shares chosen for each task."""
    at = np.full(found.shape[:2], np.nan)
    shares: list[tuple[float, ...]] = []
    odd = units % 2 == 1
    for task in range(found.shape[1]):
        if others is not None and not np.isnan(others[:, task]).all():
            places = [_best(others[:, task])]
            at[:, task] = found[:, task, places[0]]
        else:
            places = [_best(found[odd, task]), _best(found[~odd, task])]
            at[:, task] = np.where(odd, found[:, task, places[1]], found[:, task, places[0]])
        shares.append(tuple(float(SHARES[place]) for place in places))
    return at, shares


def _best(overlaps: np.ndarray) -> int:
    """The place in SHARES with the highest mean IoU; without any film, the middle."""
    known = overlaps[~np.isnan(overlaps[:, 0])]
    return int(np.argmax(known.mean(axis=0))) if len(known) else len(SHARES) // 2


def _mean_of_units(values: np.ndarray, units: np.ndarray, count: int) -> bootstrap.Statistic:
    """Means over films that have a value, [columns, replicates] from unit weights [replicates, units]."""
    known = ~np.isnan(values)
    sums, counts = np.zeros((count, values.shape[1])), np.zeros((count, values.shape[1]))
    np.add.at(sums, units, np.where(known, values, 0))
    np.add.at(counts, units, known)

    def statistic(weights: np.ndarray) -> np.ndarray:
        drawn = weights.astype(np.float64)
        total, films = drawn @ sums, drawn @ counts
        return np.divide(total, films, out=np.full(total.shape, np.nan), where=films > 0).T

    return statistic


def _with_means(values: np.ndarray, tasks: int) -> np.ndarray:
    """(rows, pointing by task and IoU by task) → each followed by its mean over tasks."""
    pointing, iou = values[:, :tasks], values[:, tasks:]
    every = range(tasks)
    means = [bootstrap.mean_over(each, every)[:, np.newaxis] for each in (pointing, iou)]
    return np.concatenate([pointing, means[0], iou, means[1]], axis=1)


def _differences(
    names: Sequence[str],
    keys: Sequence[tuple[str, str]],
    estimates: Sequence[np.ndarray],
    resampled: Sequence[np.ndarray],
) -> list[Difference]:
    found: list[Difference] = []
    for a, b in itertools.combinations(range(len(names)), 2):
        replicates = resampled[a] - resampled[b]
        p = bootstrap_p(replicates)
        for column, (measure, task) in enumerate(keys):
            interval = bootstrap.percentile_interval(replicates[:, column])
            value = float(estimates[a][column] - estimates[b][column])
            found.append(Difference(names[a], names[b], measure, task, value, interval, float(p[column]), np.nan))
    for measure in (POINTING, IOU):
        places = [place for place, difference in enumerate(found) if difference.measure == measure]
        adjusted = holm([found[place].p for place in places])
        for place, value in zip(places, adjusted.tolist(), strict=True):
            found[place] = dataclasses.replace(found[place], p_holm=value)
    return found
