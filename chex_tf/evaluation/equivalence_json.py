"""Verdicts against a margin as part of evaluation.json."""

from collections.abc import Sequence
from typing import Any

from chex_tf.evaluation.equivalence import Judged, MarginTest
from chex_tf.evaluation.json_numbers import number
from chex_tf.statistics.equivalence import ONE_SIDED, AgainstMargin

RULE = (
    "of a - b: non-inferior where the 95% interval lies above -margin, equivalent where it lies within, inferior where "
    "it lies below -margin, each if its one-sided p_holm is below the level too; p_equivalent is the larger of two "
    "one-sided p"
)
FAMILY = (
    "on one task, models and pools apart: of non-inferior and of inferior every direction that is judged, of "
    "equivalent every pair"
)


def verdicts(judged: Sequence[Judged]) -> dict[str, Any]:
    return {
        "margin": judged[0].given[0].margin,
        "level": ONE_SIDED,
        "rule": RULE,
        "holm_family": FAMILY,
        "verdicts": [_verdict(family, one) for family in judged for one in family.every],
    }


def _verdict(family: Judged, one: AgainstMargin) -> dict[str, Any]:
    return {
        "a": one.a,
        "b": one.b,
        "pools": family.test is MarginTest.SEEDS_AND_UNITS,
        "test": str(family.test),
        "measure": family.measure,
        "task": family.task,
        "value": number(one.value),
        "low": number(one.low),
        "high": number(one.high),
        "verdict": str(one.verdict),
        "verdict_by_interval": str(one.by_interval),
        "directions": one.directions,
        "pairs": one.pairs,
        "p_noninferior": number(one.p_noninferior),
        "p_noninferior_holm": number(one.p_noninferior_holm),
        "p_equivalent": number(one.p_equivalent),
        "p_equivalent_holm": number(one.p_equivalent_holm),
        "p_inferior": number(one.p_inferior),
        "p_inferior_holm": number(one.p_inferior_holm),
        "noninferior_above": number(one.noninferior_from),
        "equivalent_above": number(one.equivalent_from),
    }
