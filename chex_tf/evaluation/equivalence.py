"""Paired differences judged against --margin: of models, and of pools of runs."""

import dataclasses
import enum
from collections.abc import Mapping, Sequence

import numpy as np

from chex_tf.evaluation import measures
from chex_tf.evaluation.pools import PooledDifference
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.statistics.comparison import Difference
from chex_tf.statistics.equivalence import AgainstMargin, Contrast, judge, replicates_at_most, student_at_most
from chex_tf.statistics.measure import Key, Sampled


class MarginTest(enum.StrEnum):
    DELONG = "DeLong"
    BOOTSTRAP = "bootstrap"
    SEEDS_AND_UNITS = "over seeds and units"  # of pools


@dataclasses.dataclass(frozen=True)
class Judged:
    """The pairs of one measure on one task against the margin. `test` says how they are tested. In `turned` every
    pair stands the other way round; it is empty where only the order asked for is judged."""

    measure: str
    task: str
    test: MarginTest
    given: tuple[AgainstMargin, ...]
    turned: tuple[AgainstMargin, ...]

    @property
    def every(self) -> tuple[AgainstMargin, ...]:
        """Pair by pair, in both directions where both are judged."""
        if not self.turned:
            return self.given
        return tuple(one for pair in zip(self.given, self.turned, strict=True) for one in pair)


def judge_all(
    settings: EvaluationSettings,
    differences: Sequence[Difference],
    pooled: Sequence[PooledDifference],
    sampled: Mapping[Key, Sampled],
) -> tuple[Judged, ...]:
    """Holm's adjustment covers all that is judged of one measure on one task, as in `statistics.equivalence.judge`;
    both directions are judged where --paired names no order. Nothing is judged without a margin."""
    margin, both_directions = settings.margin, settings.paired
    if margin is None:
        return ()
    found = []
    for measure, task in dict.fromkeys((one.measure, one.task) for one in differences):
        members = [one for one in differences if (one.measure, one.task) == (measure, task)]
        test = MarginTest.DELONG if all(one.is_delong for one in members) else MarginTest.BOOTSTRAP
        contrasts = [_of_models(one, sampled) for one in members]
        found.append(_judged(measure, task, test, contrasts, margin, both_directions))
    for measure, task in dict.fromkeys((one.measure, one.task) for one in pooled):
        contrasts = [_of_pools(one) for one in pooled if (one.measure, one.task) == (measure, task)]
        found.append(_judged(measure, task, MarginTest.SEEDS_AND_UNITS, contrasts, margin, both_directions))
    return tuple(found)


def _judged(
    measure: str, task: str, test: MarginTest, family: Sequence[Contrast], margin: float, both_directions: bool
) -> Judged:
    turned = [one.turned() for one in family] if both_directions else []
    judged = judge([*family, *turned], margin)
    return Judged(measure, task, test, tuple(judged[: len(family)]), tuple(judged[len(family) :]))


def _of_models(one: Difference, sampled: Mapping[Key, Sampled]) -> Contrast:
    """Tested as the difference is: by DeLong's variance and Student's t, or by the bootstrap."""
    measure = next(measure for measure in measures.MEASURES if measure.key == one.measure)
    first, second = sampled[one.a, measure, one.task], sampled[one.b, measure, one.task]
    if one.is_delong and first.components is not None and second.components is not None:
        variance = float(np.sum((first.components - second.components) ** 2))
        freedom = min(first.freedom, second.freedom)

        def p_at_most(bound: float, sign: int = 1) -> float:
            return student_at_most(sign * one.value, variance, bound, freedom)
    else:
        replicates = first.replicates - second.replicates

        def p_at_most(bound: float, sign: int = 1) -> float:
            return replicates_at_most(sign * replicates, bound)

    interval = one.interval
    return Contrast(
        one.a, one.b, one.value, interval.low, interval.high, p_at_most, lambda bound: p_at_most(-bound, sign=-1)
    )


def _of_pools(one: PooledDifference) -> Contrast:
    over = one.over
    return Contrast(one.a, one.b, over.value, one.interval.low, one.interval.high, over.p_at_most, over.p_at_least)
