"""What a study says of each claim: supported, contradicted, undecided, or that cells are missing."""

import dataclasses
import enum
import math
from collections.abc import Sequence

from chex_tf.statistics.comparison import SIGNIFICANCE
from chex_tf.study.claim_statistics import STATISTICS, Found, Missing
from chex_tf.study.claims import Claim, Rule
from chex_tf.study.outcomes import Outcomes


class Verdict(enum.Enum):
    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    UNDECIDED = "undecided"
    MISSING = "cells missing"


@dataclasses.dataclass(frozen=True)
class Judged:
    """`found` is None where cells are missing, which `why` then names."""

    claim: Claim
    verdict: Verdict
    found: Found | None
    why: str = ""


def judge(outcomes: Outcomes, claims: Sequence[Claim], seed: int) -> tuple[Judged, ...]:
    """`seed` is that of permutations."""
    return tuple(_judge(outcomes, claim, seed) for claim in claims)


def _judge(outcomes: Outcomes, claim: Claim, seed: int) -> Judged:
    statistic, _ = STATISTICS[claim.statistic]
    try:
        found = statistic(outcomes, claim.arguments, seed)
    except Missing as error:
        return Judged(claim, Verdict.MISSING, None, f"needs {error}")
    return Judged(claim, decide(claim.rule, found), found)


def decide(rule: Rule, found: Found) -> Verdict:
    """The rule applied to the interval; without one, a significant p on the rule's side supports the claim."""
    low, high, number = found.interval.low, found.interval.high, rule.number
    if math.isnan(low):
        right = {"above": found.value > number, "below": found.value < number}.get(rule.kind, False)
        return Verdict.SUPPORTED if right and found.p < SIGNIFICANCE else Verdict.UNDECIDED
    match rule.kind:
        case "above":
            supported, contradicted = low > number, high <= number
        case "below":
            supported, contradicted = high < number, low >= number
        case "within":
            supported, contradicted = low > -number and high < number, low >= number or high <= -number
        case "no loss":
            supported, contradicted = low > -number, high < 0 and low <= -number
        case _:  # at least
            supported, contradicted = low >= number, high < number
    return Verdict.SUPPORTED if supported else Verdict.CONTRADICTED if contradicted else Verdict.UNDECIDED
