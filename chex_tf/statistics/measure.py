"""A Measure is one kind of number, such as AUROC or IoU, with its interval and paired differences.

A number is computed in two steps, so that several measures share the costly one. `gather` prepares one model's data on
one task, and maps unit weights [weightings, units] to what the number is computed from; `value` computes one number per
weighting from that. Weights of one give the value, a bootstrap's counts give its replicates.
"""

import dataclasses
import enum
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from chex_tf.statistics import bootstrap, delong, proportion

MEAN = "mean"  # in place of a task: the mean over tasks

Data = TypeVar("Data")
Made = TypeVar("Made")


class Needs(enum.Enum):
    """What a measure needs from a model: any scores, scores within 0 to 1, or decisions, which readers give and models
    give at a threshold."""

    SCORES = "scores"
    PROBABILITIES = "probabilities"
    DECISIONS = "decisions"


@dataclasses.dataclass(frozen=True, eq=False)
class Measure(Generic[Data]):
    """`key` names it in JSON, `words` in a sentence, `short` above a narrow column.

    A measure without `has_interval` is not resampled: its `gather` is used once, with a weight of one for every unit.
    A number within 0 and 1 `is_share`: its interval is made of the replicates' deviation on the scale of the logit.
    `interval` gives an interval that needs no replicates, where theirs does not hold; so does `counts`, of a
    proportion or another mean of values within 0 and 1, which has differences that need none either. `jackknife` gives
    the value without each unit in turn [units], for BCa intervals; `delong` gives DeLong's components [units], for
    DeLong's test of a difference besides the bootstrap's, and `freedom` their degrees of freedom.
    """

    key: str
    words: str
    gather: Callable[[Data], Callable[[np.ndarray], Any]]
    value: Callable[[Any], np.ndarray]
    needs: Needs = Needs.SCORES
    short: str = ""
    has_interval: bool = True
    has_interval_in_tables: bool = True
    is_share: bool = False
    is_compared: bool = False  # between pairs of models, in the table, JSON and a figure of its own
    interval: Callable[[Data], bootstrap.Interval] | None = None
    counts: Callable[[Data], proportion.Counts] | None = None
    jackknife: Callable[[Data], np.ndarray] | None = None
    delong: Callable[[Data], np.ndarray] | None = None
    freedom: Callable[[Data], float] | None = None

    def __post_init__(self) -> None:
        if self.is_compared and not self.has_interval:
            raise ValueError(f"expected {self.key} to have an interval, since it is compared; received none")
        if self.is_share and self.freedom is None:
            raise ValueError(f"expected degrees of freedom of {self.key}, since it is a share; received none")
        if self.interval is not None and self.counts is not None:
            raise ValueError(f"expected one interval of {self.key} that needs no replicates; received two")

    @property
    def title(self) -> str:
        return self.words[0].upper() + self.words[1:]


Key = tuple[str, Measure[Any], str]  # model, measure, task


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A value with its 95% interval; NaN where there is none, and then `reason` says why."""

    value: float
    interval: bootstrap.Interval
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class Sampled:
    """One number and what its interval and differences are computed from: `replicates` [replicates] or, without
    interval, [0]; `interval` is there if it does not come from them; `jackknife` and `components` (DeLong's)
    [units]; `counts` of the task, or of each task of a mean."""

    value: float
    replicates: np.ndarray
    jackknife: np.ndarray | None = None
    components: np.ndarray | None = None
    interval: bootstrap.Interval | None = None
    freedom: float = math.inf
    counts: tuple[proportion.Counts, ...] = ()


def sample(
    asked: Mapping[Key, Any],
    resampling: bootstrap.Resampling,
    progress: bootstrap.Progress = bootstrap.silent,
    with_jackknife: bool = False,
    compared: Collection[Measure[Any]] = (),
    by_replicates: Collection[Measure[Any]] = (),
) -> dict[Key, Sampled]:
    """Each key's number from its data, in one pass over weights that all share, so every comparison is paired.

    Measures with the same `gather` share its result if they are asked for the same object. Those of `by_replicates`
    have intervals from replicates even where they have others; those of `compared` keep what differences are made of.
    """
    gatherers: dict[tuple[int, Any], Callable[[np.ndarray], Any]] = {}
    sharing: dict[tuple[int, Any], list[Key]] = {}
    for key, data in asked.items():
        place = id(data), key[1].gather
        if place not in gatherers:
            gatherers[place] = key[1].gather(data)
        sharing.setdefault(place, []).append(key)

    values: dict[Key, float] = {}
    ones = np.ones((1, resampling.units), dtype=np.int32)
    for place, keys in sharing.items():
        gathered = gatherers[place](ones)
        values |= {key: float(key[1].value(gathered)[0]) for key in keys}

    replicates = {key: np.empty(resampling.replicates if key[1].has_interval else 0) for key in asked}
    resampled = {place: [key for key in keys if key[1].has_interval] for place, keys in sharing.items()}
    resampled = {place: keys for place, keys in resampled.items() if keys}
    done = 0
    for weights in resampling.blocks() if resampled else ():
        rows = slice(done, done + weights.shape[0])
        for place, keys in resampled.items():
            gathered = gatherers[place](weights)
            for key in keys:
                replicates[key][rows] = key[1].value(gathered)
        done += weights.shape[0]
        progress(done, resampling.replicates)

    def if_wanted(wanted: bool, make: Callable[[Any], Made] | None, data: Any) -> Made | None:
        return make(data) if wanted and make is not None else None

    freedoms: dict[tuple[int, Any], float] = {}

    def freedom_of(measure: Measure[Any], data: Any) -> float:
        place = id(data), measure.freedom
        if place not in freedoms:
            freedoms[place] = math.inf if measure.freedom is None else measure.freedom(data)
        return freedoms[place]

    def interval_of(key: Key, data: Any) -> bootstrap.Interval | None:
        measure = key[1]
        if measure in by_replicates:
            return None
        if measure.counts is not None:
            return proportion.of_units(measure.counts(data)).interval
        if measure.is_share:
            return bootstrap.share_interval(replicates[key], values[key], freedom_of(measure, data))
        return None if measure.interval is None else measure.interval(data)

    return {
        key: Sampled(
            values[key],
            replicates[key],
            if_wanted(with_jackknife, key[1].jackknife, data),
            if_wanted(key[1] in compared, key[1].delong, data),
            interval_of(key, data),
            freedom_of(key[1], data),
            (key[1].counts(data),) if key[1].counts is not None and key[1] in compared else (),
        )
        for key, data in asked.items()
    }


def mean_of(tasks: Sequence[Sampled], replicates: int) -> Sampled:
    """The mean over tasks; undefined wherever one of them is, so it always covers the same tasks."""
    if not tasks:
        return Sampled(np.nan, np.full(replicates, np.nan))
    values = np.mean([np.append(task.value, task.replicates) for task in tasks], axis=0)
    return Sampled(
        float(values[0]),
        values[1:],
        _mean_if_all([task.jackknife for task in tasks]),
        _mean_if_all([task.components for task in tasks]),
        _interval_of_mean(tasks),
        _freedom_of_mean(tasks),
        tuple(one for task in tasks for one in task.counts) if all(task.counts for task in tasks) else (),
    )


def _interval_of_mean(tasks: Sequence[Sampled]) -> bootstrap.Interval | None:
    intervals = [task.interval for task in tasks if task.interval is not None]
    if len(intervals) < len(tasks):
        return None
    values = np.array([task.value for task in tasks])
    return proportion.mean_of_intervals(values, intervals, np.stack([task.replicates for task in tasks], axis=1))


def _freedom_of_mean(tasks: Sequence[Sampled]) -> float:
    components = [task.components for task in tasks if task.components is not None]
    if len(components) < len(tasks):
        return math.inf
    return delong.freedom_of_mean([float(np.sum(one**2)) for one in components], [task.freedom for task in tasks])


def _mean_if_all(arrays: Sequence[np.ndarray | None]) -> np.ndarray | None:
    known = [array for array in arrays if array is not None]
    return np.mean(known, axis=0) if len(known) == len(arrays) else None


def estimate(sampled: Sampled, reason: str = "") -> Estimate:
    """An interval that needs no replicates if there is one, else BCa where there is a jackknife, else percentiles;
    `reason` says why the value is undefined."""
    if sampled.interval is not None and not reason:
        interval = sampled.interval
    elif sampled.jackknife is None or reason:
        interval = bootstrap.percentile_interval(sampled.replicates)
    else:
        interval = bootstrap.bca_interval(sampled.replicates, sampled.value, sampled.jackknife)
    return Estimate(sampled.value, interval, reason)
