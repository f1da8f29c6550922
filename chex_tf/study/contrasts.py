"""A model's AUROC, a difference of two or a mean of differences, with its interval and p.

Where every model in it was trained with several seeds, these are over seeds and patients (or other units) together, as
`launch.evaluate --pool` has them; else over patients alone, by DeLong, as `launch.evaluate` has them. What models have
in common is taken in: they were evaluated on the same films, and where the runs of each learned from the same several
subsets of the training patients, a difference is taken subset by subset.
"""

import dataclasses
import math
from collections.abc import Iterable, Sequence

import numpy as np

from chex_tf.statistics import several_seeds
from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.contrast import contrast
from chex_tf.statistics.measure import Sampled, estimate
from chex_tf.statistics.several_seeds import OverSeeds
from chex_tf.study.outcomes import Member

Terms = Sequence[tuple[float, Member]]


@dataclasses.dataclass(frozen=True)
class Contrast:
    """`p` is of "the truth is zero". `over_seeds` says whether interval and p are over seeds too; then `seed_share` is
    the part of the variance that seeds are the cause of. `seeds` is how many each term has, the fewest first.
    `by_subset` says whether the runs were taken subset by subset."""

    value: float
    interval: Interval
    p: float
    over_seeds: bool
    seeds: tuple[int, ...]
    seed_share: float = math.nan
    by_subset: bool = False


def auroc(member: Member) -> Contrast:
    """A model's own AUROC; its interval lies within 0 and 1, and its p is of nothing."""
    seeds = (len(member.runs),)
    if member.no_interval:
        return Contrast(member.auroc.value, _none(member.no_interval), math.nan, False, seeds)
    if _has_seeds([member]):
        over = several_seeds.mean_over_seeds(*_side(member), _freedom([member]))
        return Contrast(over.value, over.interval_of_share(), math.nan, True, seeds, over.seed_share)
    return Contrast(member.auroc.value, estimate(member.auroc).interval, math.nan, False, seeds)


def difference(first: Member, second: Member) -> Contrast:
    """The first minus the second."""
    return of([(1.0, first), (-1.0, second)])


def mean_of_differences(pairs: Sequence[tuple[Member, Member]]) -> Contrast:
    share = 1 / len(pairs)
    return of([term for first, second in pairs for term in ((share, first), (-share, second))])


def of(terms: Terms) -> Contrast:
    """The sum of members' AUROCs with these weights."""
    weights = [weight for weight, _ in terms]
    members = [member for _, member in terms]
    seeds = tuple(sorted({len(one.runs) for one in members}))
    without = [one.no_interval for one in members if one.no_interval]
    if without:
        value = sum(weight * one.auroc.value for weight, one in terms)
        return Contrast(value, _none(without[0]), math.nan, False, seeds)
    if _has_seeds(members):
        sides, freedom = [_side(one) for one in members], _freedom(members)
        by_subset = bool(members[0].subsets) and len({one.subsets for one in members}) == 1
        summed = _subset_by_subset if by_subset else several_seeds.contrast_over_seeds
        over: OverSeeds = summed(weights, sides, freedom)
        return Contrast(over.value, over.interval(), over.two_sided_p, True, seeds, over.seed_share, by_subset)
    found = contrast(weights, [one.auroc for one in members])
    return Contrast(found.value, found.interval, found.p, False, seeds)


def _subset_by_subset(
    weights: Sequence[float], sides: Sequence[tuple[np.ndarray, np.ndarray]], freedom: float
) -> OverSeeds:
    """The mean, over subsets, of the sum within each."""
    values = np.sum([weight * of_runs for weight, (of_runs, _) in zip(weights, sides, strict=True)], axis=0)
    components = np.sum([weight * of_units for weight, (_, of_units) in zip(weights, sides, strict=True)], axis=0)
    return several_seeds.mean_over_seeds(values, components, freedom)


def _freedom(members: Iterable[Member]) -> float:
    """Of the variance over units."""
    return min(run.freedom for one in members for run in one.runs)


def _has_seeds(members: Iterable[Member]) -> bool:
    """A single run says nothing of seeds, so one model without repetition takes the whole sum to patients alone."""
    return all(len(one.runs) > 1 and all(run.components is not None for run in one.runs) for one in members)


def _side(member: Member) -> tuple[np.ndarray, np.ndarray]:
    """Values [runs] and components [runs, units]."""
    components = [_components(run) for run in member.runs]
    return np.array([run.value for run in member.runs]), np.stack(components)


def _components(run: Sampled) -> np.ndarray:
    assert run.components is not None
    return run.components


def _none(reason: str) -> Interval:
    return Interval(math.nan, math.nan, 0, reason)
