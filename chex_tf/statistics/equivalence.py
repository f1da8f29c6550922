"""Whether one model is as good as another up to a margin: non-inferiority and equivalence from a paired difference.

A difference that is not significant shows nothing: the data may only be few. Two models are equivalent when the whole
interval of their difference lies within the margin. Every verdict follows from the two-sided 95% interval that is shown
beside it; each of its bounds is a one-sided test at 2.5%.
"""

import dataclasses
import enum
import math
import sys
from collections.abc import Callable, Sequence

import numpy as np

from chex_tf.statistics import student
from chex_tf.statistics.comparison import holm

ONE_SIDED = 0.025  # the level of one bound of a 95% interval


class Verdict(enum.StrEnum):
    """On a − b, where higher is better: its interval lies within ±margin; above −margin, but not below margin; below
    −margin; or across −margin."""

    EQUIVALENT = "equivalent"
    NON_INFERIOR = "non-inferior"
    INFERIOR = "inferior"
    UNDECIDED = "undecided"


@dataclasses.dataclass(frozen=True)
class Contrast:
    """A difference a − b with its 95% interval, and its test at any bound: `p_at_most` gives the one-sided p of "the
    true difference is at most the bound", `p_at_least` that of "is at least the bound". NaN where there is none."""

    a: str
    b: str
    value: float
    low: float
    high: float
    p_at_most: Callable[[float], float]
    p_at_least: Callable[[float], float]

    def turned(self) -> "Contrast":
        """b − a."""
        return Contrast(
            self.b,
            self.a,
            -self.value,
            -self.high,
            -self.low,
            lambda bound: self.p_at_least(-bound),
            lambda bound: self.p_at_most(-bound),
        )


@dataclasses.dataclass(frozen=True)
class AgainstMargin:
    """One contrast judged. The p are of a ≤ b − margin (rejected: not inferior), of a ≥ b + margin (rejected too:
    equivalent), and of a ≥ b − margin (rejected: inferior); `holm` has them adjusted over a family, as in `judge`:
    `directions` for non-inferior and inferior, `pairs` for equivalent."""

    a: str
    b: str
    value: float
    low: float
    high: float
    margin: float
    p_noninferior: float
    p_not_better: float
    p_inferior: float
    p_noninferior_holm: float = math.nan
    p_equivalent_holm: float = math.nan
    p_inferior_holm: float = math.nan
    directions: int = 0
    pairs: int = 0

    @property
    def p_equivalent(self) -> float:
        """Of two one-sided tests the larger p (Schuirmann 1987)."""
        return float(np.maximum(self.p_noninferior, self.p_not_better))

    @property
    def by_interval(self) -> Verdict:
        """Of this difference alone."""
        is_within = self.low > -self.margin and self.high < self.margin
        return _verdict(self.low > -self.margin, is_within, self.high < -self.margin)

    @property
    def verdict(self) -> Verdict:
        """What the interval shows and Holm's adjustment leaves."""
        return _verdict(
            self.low > -self.margin and self.p_noninferior_holm < ONE_SIDED,
            self.low > -self.margin and self.high < self.margin and self.p_equivalent_holm < ONE_SIDED,
            self.high < -self.margin and self.p_inferior_holm < ONE_SIDED,
        )

    @property
    def noninferior_from(self) -> float:
        """Any larger margin would have shown a to be non-inferior; 0 where a is better outright."""
        return float(np.maximum(0.0, -self.low))

    @property
    def equivalent_from(self) -> float:
        """Any larger margin would have shown the two to be equivalent."""
        return float(np.maximum(-self.low, self.high))


def _verdict(is_not_inferior: bool, is_equivalent: bool, is_inferior: bool) -> Verdict:
    if is_inferior:
        return Verdict.INFERIOR
    if is_equivalent:
        return Verdict.EQUIVALENT
    return Verdict.NON_INFERIOR if is_not_inferior else Verdict.UNDECIDED


def judge(family: Sequence[Contrast], margin: float) -> list[AgainstMargin]:
    """Each contrast against the margin. Whether a model is non-inferior, and whether it is inferior, is adjusted over
    all contrasts, where b − a beside a − b is another one. Equivalence is the same of a − b and b − a, so it is
    adjusted over pairs: of each, the larger of two one-sided p. The chance that any answer to one of the three
    questions is wrong is then at most 2.5%, and no answer depends on the order of the contrasts."""
    single = [
        AgainstMargin(
            one.a,
            one.b,
            one.value,
            one.low,
            one.high,
            margin,
            one.p_at_most(-margin),
            one.p_at_least(margin),
            one.p_at_least(-margin),
        )
        for one in family
    ]
    not_inferior, inferior = (
        holm([getattr(one, f"p_{name}") for one in single]) for name in ("noninferior", "inferior")
    )
    by_pair = {frozenset((one.a, one.b)): one.p_equivalent for one in single}
    equivalent = dict(zip(by_pair, holm(list(by_pair.values())).tolist(), strict=True))
    return [
        dataclasses.replace(
            one,
            p_noninferior_holm=float(not_inferior[place]),
            p_equivalent_holm=equivalent[frozenset((one.a, one.b))],
            p_inferior_holm=float(inferior[place]),
            directions=len(single),
            pairs=len(by_pair),
        )
        for place, one in enumerate(single)
    ]


def replicates_at_most(replicates: np.ndarray, bound: float) -> float:
    """One-sided p of "the true difference is at most the bound" from bootstrap replicates, NaN left out.

    p = (k + 1) / (B + 1), where k counts the replicates at or below the bound: it is below 0.025 when the percentile
    interval lies above the bound, and half of the two-sided p at zero.
    """
    defined = replicates[~np.isnan(replicates)]
    return float(np.sum(defined <= bound) + 1) / (defined.size + 1) if defined.size else math.nan


def student_at_most(value: float, variance: float, bound: float, freedom: float = math.inf) -> float:
    """The same for an estimate with this variance, such as a difference of AUROCs with DeLong's, from Student's t or
    with infinitely many degrees of freedom the normal distribution; never zero."""
    if math.isnan(value) or math.isnan(variance):
        return math.nan
    if variance <= 0:
        return math.nan if value == bound else 1.0 if value < bound else sys.float_info.min
    t = (value - bound) / math.sqrt(variance)
    beyond = student.upper_tail(abs(t), freedom)
    return max(beyond if t > 0 else 1 - beyond, sys.float_info.min)
