"""Paired differences of the mean over tasks, and what their p are adjusted for; without them, best against worst."""

import math
from typing import Any

from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.tables.columns import filled, lines, p_text, signed, yes_or_no
from chex_tf.statistics import comparison
from chex_tf.statistics.extremes import Extremes
from chex_tf.statistics.measure import MEAN, Measure

DIFFERENCES_SHOWN = 40


def tables_of(evaluation: Evaluation, measure: Measure[Any]) -> list[str]:
    """Best against worst is left out where all pairs are compared, which adjusts for the choice as well."""
    on_mean = evaluation.differences_of(measure, MEAN)
    tables = [_pairs(evaluation, measure, on_mean)] if on_mean else []
    best = evaluation.best_and_worst
    if best is not None and best.measure == measure.key and not evaluation.settings.paired:
        tables.append(_best_and_worst(best, measure))
    return tables


def _pairs(evaluation: Evaluation, measure: Measure[Any], on_mean: list[comparison.Difference]) -> str:
    shown = on_mean
    more = []
    if len(on_mean) > DIFFERENCES_SHOWN:
        shown = sorted(on_mean, key=lambda difference: (difference.tested_p, -abs(difference.value)))[
            :DIFFERENCES_SHOWN
        ]
        more = [f"The {DIFFERENCES_SHOWN} of {len(on_mean):,} pairs with the smallest p; all are in evaluation.json."]
    header = [f"Difference of mean {measure.words}", "[95% interval]", "p", "p Holm", "significant"]
    is_delong = on_mean[0].is_delong
    other = "bootstrap" if is_delong else "DeLong"
    header += [f"p {other}", f"p {other} Holm"] if measure.delong else []
    if is_delong:
        more.append("Interval, p and p Holm are DeLong's, with Student's t for few positives or negatives.")
    more.append(comparison.rule(on_mean[0].family, "the pairs on one task, here the mean"))
    floor = comparison.smallest_possible_p(evaluation.settings.replicates)
    if not is_delong and floor * len(on_mean) >= comparison.SIGNIFICANCE:
        needed = math.ceil(2 * len(on_mean) / comparison.SIGNIFICANCE)
        more.append(
            f"With {evaluation.settings.replicates:,} replicates no p is below {floor:.2g}, so none stays "
            f"below 0.05 after adjustment: use more than {needed:,}."
        )
    return "\n".join([lines(header, [_row(one, measure) for one in shown], 1, breaks=(5,)), *more])


def _row(difference: comparison.Difference, measure: Measure[Any]) -> list[str]:
    bootstrap, delong = (difference.p, difference.p_holm), (difference.p_delong, difference.p_delong_holm)
    other = bootstrap if difference.is_delong else delong
    return [
        f"{difference.a} − {difference.b}",
        signed(difference.value, difference.interval),
        p_text(difference.tested_p),
        p_text(difference.tested_p_holm),
        yes_or_no(difference.is_significant),
        *(map(p_text, other) if measure.delong else []),
    ]


def _best_and_worst(best: Extremes, measure: Measure[Any]) -> str:
    header = [f"Best − worst by mean {measure.words}", "[95% interval]", "p", "significant"]
    row = [
        f"{best.a} − {best.b}",
        signed(best.value, best.interval),
        p_text(best.p),
        yes_or_no(best.is_significant),
    ]
    note = (
        f"The two of {best.models:,} models were chosen on this very set, so p and interval are those of the range of "
        f"all {best.models:,}: they allow for the choice. Significant: p below {comparison.SIGNIFICANCE}. --paired "
        "compares every pair."
    )
    return f"{lines(header, [row], 1)}\n{filled(note)}"
