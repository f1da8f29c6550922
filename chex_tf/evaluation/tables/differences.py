"""Paired differences of the mean over tasks, and what their p are adjusted for."""

import math
from typing import Any

from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.tables.columns import lines, p_text
from chex_tf.statistics import comparison
from chex_tf.statistics.measure import MEAN, Measure

DIFFERENCES_SHOWN = 40


def is_shown(evaluation: Evaluation, measure: Measure[Any]) -> bool:
    return _best_and_worst(evaluation, measure) is not None or bool(evaluation.differences_of(measure, MEAN))


def _best_and_worst(evaluation: Evaluation, measure: Measure[Any]) -> comparison.Difference | None:
    best = evaluation.best_and_worst
    return best if best is not None and best.measure == measure.key else None


def table_of(evaluation: Evaluation, measure: Measure[Any]) -> str:
    best = _best_and_worst(evaluation, measure)
    on_mean = evaluation.differences_of(measure, MEAN)
    shown = on_mean
    more = ""
    if len(on_mean) > DIFFERENCES_SHOWN:
        shown = sorted(on_mean, key=lambda difference: (difference.p, -abs(difference.value)))[:DIFFERENCES_SHOWN]
        more = f"\nThe {DIFFERENCES_SHOWN} of {len(on_mean):,} pairs with the smallest p; all are in evaluation.json."
    rows = [_difference_row(f"{one.a} − {one.b}", one, measure) for one in shown]
    if best is not None and not any({one.a, one.b} == {best.a, best.b} for one in shown):
        rows.append(_difference_row(f"best − worst: {best.a} − {best.b}", best, measure))
    header = [f"Difference of mean {measure.words}", "[95% interval]", "p", "significant", "p Holm"]
    header += ["p DeLong", "p DeLong Holm"] if measure.delong else []
    note = ""
    if on_mean:
        note = f"\nHolm's adjustment covers the {len(on_mean):,} pairs compared on one task (here the mean)."
        floor = comparison.smallest_possible_p(evaluation.settings.replicates)
        if floor * len(on_mean) >= comparison.SIGNIFICANCE:
            needed = math.ceil(2 * len(on_mean) / comparison.SIGNIFICANCE)
            note += (
                f"\nWith {evaluation.settings.replicates:,} replicates no p is below {floor:.2g}, so none stays "
                f"below 0.05 after adjustment: use more than {needed:,}."
            )
    else:
        note = "\nBest and worst were chosen on this very set; --paired compares all pairs and adjusts for that."
    return lines(header, rows, 1) + more + note


def _difference_row(label: str, difference: comparison.Difference, measure: Measure[Any]) -> list[str]:
    interval = difference.interval
    shown = f"{difference.value:+.4f} "
    shown += "[no interval]" if math.isnan(interval.low) else f"[{interval.low:+.4f}, {interval.high:+.4f}]"
    return [
        label,
        shown,
        p_text(difference.p),
        "yes" if difference.is_significant else "no",
        p_text(difference.p_holm),
        *([p_text(difference.p_delong), p_text(difference.p_delong_holm)] if measure.delong else []),
    ]
