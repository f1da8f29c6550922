"""How well maps localise: the pointing game and intersection over union, with intervals and paired differences.

Pointing game: whether the map's highest point lies within the region. IoU: of the region and the part of the map above
a cut, which is chosen on other films, by task. `chex_tf.explain.scoring` says what a cut is, and how ties count. Films
without a region of a task are left out for it.
"""

import dataclasses
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chex_tf.explain.scoring import PEAK, Protocol
from chex_tf.statistics import comparison
from chex_tf.statistics.bootstrap import Interval, Progress, Resampling, silent
from chex_tf.statistics.comparison import Difference
from chex_tf.statistics.measure import MEAN, Estimate, Key, Measure, Sampled, estimate, mean_of, sample
from chex_tf.statistics.proportion import Counts


@dataclasses.dataclass(frozen=True)
class Scores:
    """One network's scores: hits (films, tasks), overlaps (films, tasks, cuts); NaN where there is no region, and in
    `overlaps` where a protocol leaves a map out.

    `areas` (films, tasks) is the region's share of the film: the pointing game's chance level, and the IoU of a map
    that marks everything. `cuts` is (tasks, cuts).
    """

    protocol: Protocol
    hits: np.ndarray
    overlaps: np.ndarray
    areas: np.ndarray
    cuts: np.ndarray

    @classmethod
    def empty(cls, films: int, tasks: Sequence[str], protocol: Protocol = PEAK) -> "Scores":
        cuts = np.array([protocol.cuts_of(task) for task in tasks])
        nothing = np.full((films, len(tasks)), np.nan)
        return cls(protocol, nothing, np.full((films, *cuts.shape), np.nan), nothing.copy(), cuts)

    def record(self, film: int, task: int, bright: np.ndarray, region: np.ndarray) -> None:
        self.hits[film, task] = self.protocol.hit(bright, region)
        self.overlaps[film, task] = self.protocol.overlaps(bright, region, self.cuts[task])
        self.areas[film, task] = region.mean()


@dataclasses.dataclass(frozen=True, eq=False)
class TaskMaps:
    """One network's maps of one task, film by film: hits, and IoU at the chosen cut; NaN where there is none."""

    hits: np.ndarray
    overlaps: np.ndarray
    units: np.ndarray
    unit_count: int


def _mean_over_films(values: np.ndarray, maps: TaskMaps) -> Callable[[np.ndarray], np.ndarray]:
    """From unit weights [weightings, units] to the mean [weightings] over films that have a value."""
    known = ~np.isnan(values)
    sums = np.bincount(maps.units, weights=np.where(known, values, 0), minlength=maps.unit_count)
    counts = np.bincount(maps.units, weights=known, minlength=maps.unit_count)
    both = np.stack([sums, counts], axis=1)

    def mean(weights: np.ndarray) -> np.ndarray:
        # Not by BLAS, whose order of addition depends on the number of threads.
        total, films = np.einsum("wu,us->sw", weights.astype(np.float64), both)
        return np.divide(total, films, out=np.full(total.shape, np.nan), where=films > 0)

    return mean


def _counts(values: np.ndarray, maps: TaskMaps, is_binary: bool) -> Counts:
    """A hit that is shared by several highest points is a fraction of one."""
    known = ~np.isnan(values)
    sums = np.bincount(maps.units, weights=np.where(known, values, 0), minlength=maps.unit_count)
    return Counts(sums, np.bincount(maps.units, weights=known, minlength=maps.unit_count), is_binary)


def _unchanged(means: np.ndarray) -> np.ndarray:
    return means


POINTING = Measure[TaskMaps](
    "pointing",
    "pointing game",
    gather=lambda maps: _mean_over_films(maps.hits, maps),
    value=_unchanged,
    is_compared=True,
    counts=lambda maps: _counts(maps.hits, maps, is_binary=True),
)
IOU = Measure[TaskMaps](
    "iou",
    "IoU",
    gather=lambda maps: _mean_over_films(maps.overlaps, maps),
    value=_unchanged,
    is_compared=True,
    counts=lambda maps: _counts(maps.overlaps, maps, is_binary=False),
)
MEASURES: tuple[Measure[TaskMaps], ...] = (POINTING, IOU)


@dataclasses.dataclass(frozen=True)
class NetworkResult:
    """One network's results, by measure's key, then by task and for MEAN. `cuts` are the chosen ones by task; with two,
    the first is for even units and was chosen on odd ones, the second vice versa. `left_out` counts, by task, the maps
    that the protocol leaves out of the IoU."""

    name: str
    estimates: dict[str, dict[str, Estimate]]
    cuts: dict[str, tuple[float, ...]]
    left_out: dict[str, int]

    def of(self, measure: Measure[Any]) -> dict[str, Estimate]:
        return self.estimates[measure.key]


@dataclasses.dataclass(frozen=True)
class Localisation:
    tasks: tuple[str, ...]  # those with a region on at least one film
    films: dict[str, int]
    chance: dict[str, float]  # mean share of the film that the region covers; also for MEAN
    networks: tuple[NetworkResult, ...]
    differences: tuple[Difference, ...]
    units: int
    withheld: Mapping[str, int]  # units with a region, by task that has too few of them for intervals and tests
    mean_is_withheld: bool = False  # of no other tasks, or of one that has a single unit


def localise(
    names: Sequence[str],
    tasks: Sequence[str],
    scores: Sequence[Scores],
    chosen_on: Sequence[Scores] | None,
    units: np.ndarray,
    replicates: int,
    seed: int,
    progress: Progress = silent,
    fewest: int = 2,
) -> Localisation:
    """`units` (films,) from 0; `chosen_on`: scores on the films on which cuts are chosen. A task of which fewer than
    `fewest` units have a region has no interval and is not tested.

    If those have no region of a task, or are None, films are split into halves by unit, and each half is measured at
    the cut that is best on the other. A protocol with a single cut leaves nothing to choose.
    """
    kept = [place for place in range(len(tasks)) if not np.isnan(scores[0].hits[:, place]).all()]
    shown = tuple(tasks[place] for place in kept)
    count = int(units.max(initial=-1)) + 1
    asked: dict[Key, TaskMaps] = {}
    cuts = {}
    for place, (name, score) in enumerate(zip(names, scores, strict=True)):
        at, chosen = _at_chosen_cuts(
            score.overlaps[:, kept],
            chosen_on[place].overlaps[:, kept] if chosen_on else None,
            units,
            score.cuts[kept],
        )
        cuts[name] = dict(zip(shown, chosen, strict=True))
        for column, task in enumerate(shown):
            maps = TaskMaps(score.hits[:, kept[column]], at[:, column], units, count)
            asked |= {(name, measure, task): maps for measure in MEASURES}
    sampled = sample(asked, Resampling(count, replicates, seed), progress, compared=MEASURES)
    for name, measure in itertools.product(names, MEASURES):
        sampled[name, measure, MEAN] = mean_of([sampled[name, measure, task] for task in shown], replicates)
    with_region = {
        task: np.unique(units[~np.isnan(scores[0].hits[:, place])]).size
        for task, place in zip(shown, kept, strict=True)
    }
    withheld = {task: units_of for task, units_of in with_region.items() if units_of < fewest}
    no_mean = bool(shown) and (len(withheld) == len(shown) or min(with_region.values()) < 2)
    without = {*withheld, *([MEAN] if no_mean else [])}
    tested = [task for task in (*shown, *([MEAN] if len(shown) > 1 else [])) if task not in without]
    networks = [
        NetworkResult(
            name,
            {
                measure.key: {
                    task: _without_interval(found) if task in without else found
                    for task in (*shown, MEAN)
                    for found in (estimate(sampled[name, measure, task]),)
                }
                for measure in MEASURES
            },
            cuts[name],
            {
                task: int(np.sum(~np.isnan(score.hits[:, place]) & np.isnan(score.overlaps[:, place]).all(axis=1)))
                for task, place in zip(shown, kept, strict=True)
            },
        )
        for name, score in zip(names, scores, strict=True)
    ]
    areas = {task: float(np.nanmean(scores[0].areas[:, place])) for task, place in zip(shown, kept, strict=True)}
    return Localisation(
        shown,
        {task: int(np.sum(~np.isnan(scores[0].hits[:, place]))) for task, place in zip(shown, kept, strict=True)},
        areas | {MEAN: float(np.mean(list(areas.values()))) if areas else float("nan")},
        tuple(networks),
        tuple(_differences(names, tested, sampled)),
        count,
        withheld,
        no_mean,
    )


def _without_interval(found: Estimate) -> Estimate:
    return Estimate(found.value, Interval(math.nan, math.nan, 0, "too few units with a region"), found.reason)


def _at_chosen_cuts(
    found: np.ndarray, others: np.ndarray | None, units: np.ndarray, cuts: np.ndarray
) -> tuple[np.ndarray, list[tuple[float, ...]]]:
    """IoU (films, tasks) at the cuts chosen for each task."""
    at = np.full(found.shape[:2], np.nan)
    chosen: list[tuple[float, ...]] = []
    odd = units % 2 == 1
    for task in range(found.shape[1]):
        if cuts.shape[1] == 1:
            places = [0]
            at[:, task] = found[:, task, 0]
        elif others is not None and not np.isnan(others[:, task]).all():
            places = [_best(others[:, task])]
            at[:, task] = found[:, task, places[0]]
        else:
            places = [_best(found[odd, task]), _best(found[~odd, task])]
            at[:, task] = np.where(odd, found[:, task, places[1]], found[:, task, places[0]])
        chosen.append(tuple(float(cuts[task, place]) for place in places))
    return at, chosen


def _best(overlaps: np.ndarray) -> int:
    """The place of the cut with the highest mean IoU, the first of several; the middle if there is no film."""
    known = overlaps[~np.isnan(overlaps[:, 0])]
    return int(np.argmax(known.mean(axis=0))) if len(known) else overlaps.shape[1] // 2


def _differences(names: Sequence[str], tasks: Sequence[str], sampled: Mapping[Key, Sampled]) -> list[Difference]:
    """Pair by pair; Holm's adjustment covers all pairs and tasks of one measure. A mean of one task is no test more."""
    pairs = list(itertools.combinations(names, 2))
    found: dict[tuple[str, str, str, str], Difference] = {}
    for measure in MEASURES:
        family = [one for task in tasks for one in comparison.differences(measure, task, pairs, sampled)]
        found |= {(one.a, one.b, one.measure, one.task): one for one in comparison.adjust(family)}
    return [found[a, b, measure.key, task] for (a, b), measure, task in itertools.product(pairs, MEASURES, tasks)]
