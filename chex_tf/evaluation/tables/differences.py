"""Paired differences of the mean and of each task, and what their p are adjusted for; else best against worst."""

import math
from typing import Any

from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.tables.columns import filled, lines, p_text, signed, yes_or_no
from chex_tf.evaluation.tables.tasks_shown import are_listed, elsewhere, here, once, summary, summary_of
from chex_tf.statistics import comparison
from chex_tf.statistics.extremes import Extremes
from chex_tf.statistics.measure import MEAN, Measure

DIFFERENCES_SHOWN = 40


def tables_of(evaluation: Evaluation, measure: Measure[Any]) -> list[str]:
    """Best against worst is left out where all pairs are compared, which adjusts for the choice as well."""
    on_mean = evaluation.differences_of(measure, summary(evaluation))
    tables = [_pairs(evaluation, measure, on_mean)] if on_mean else []
    of_tasks = [one for one in evaluation.differences_of(measure) if one.task != MEAN]
    tasks = list(dict.fromkeys(one.task for one in of_tasks))
    # A single task has said all with the summary, unless the summary was not compared.
    wanted = 1 if not on_mean else 2
    if are_listed(tasks, len(of_tasks), wanted):
        tables.append(_by_task(measure, of_tasks))
    elif len(tasks) >= wanted:
        tables.append(elsewhere("differences", len(of_tasks)))
    best = evaluation.best_and_worst
    if best is not None and best.measure == measure.key and not evaluation.settings.paired:
        tables.append(_best_and_worst(evaluation, best, measure))
    return tables


def none_compared(evaluation: Evaluation) -> str:
    """That no pair was compared though some were asked for, and why; empty otherwise."""
    settings = evaluation.settings
    asked = settings.paired or settings.compare
    if not asked or evaluation.differences or evaluation.pooled.differences:
        return ""
    if len(evaluation.models) < 2:
        return filled(f"No pair was compared: of models, beside readers, there are {len(evaluation.models)}.")
    few, none = ", ".join(evaluation.withheld), ", ".join(evaluation.left_out)
    reasons = [f"too few positives or negatives for a test of {few} (--fewest)"] if few else []
    reasons += [f"no AUROC of {none}, for which a class is lacking"] if none else []
    return filled(f"No pair was compared: {'; '.join(reasons) or 'no task has a value of both'}.")


def _pairs(evaluation: Evaluation, measure: Measure[Any], on_mean: list[comparison.Difference]) -> str:
    shown = on_mean
    more = []
    if len(on_mean) > DIFFERENCES_SHOWN:
        shown = sorted(on_mean, key=lambda difference: (difference.tested_p, -abs(difference.value)))[
            :DIFFERENCES_SHOWN
        ]
        more = [f"The {DIFFERENCES_SHOWN} of {len(on_mean):,} pairs with the smallest p; all are in evaluation.json."]
    header = [f"Difference of {summary_of(evaluation, measure.words)}", "[95% interval]", "p", "p Holm", "significant"]
    is_delong = on_mean[0].is_delong
    other = "bootstrap" if is_delong else "DeLong"
    header += [f"p {other}", f"p {other} Holm"] if measure.delong else []
    if is_delong:
        more.append(filled("Interval, p and p Holm are DeLong's, with Student's t for few positives or negatives."))
    elif evaluation.settings.interval == "bca" and measure.delong:
        more.append(
            filled(
                "p is of the replicates as they are, not bias-corrected as the BCa interval is: one may reach 0 where "
                "the other does not. Significant goes by p."
            )
        )
    more.append(filled(comparison.rule(on_mean[0].family, f"the pairs on one task, {here(evaluation)}")))
    floor = comparison.smallest_possible_p(evaluation.settings.replicates)
    if not is_delong and floor * len(on_mean) >= comparison.SIGNIFICANCE:
        needed = math.ceil(2 * len(on_mean) / comparison.SIGNIFICANCE)
        more.append(
            filled(
                f"With {evaluation.settings.replicates:,} replicates no p is below {floor:.2g}, so none stays "
                f"below 0.05 after adjustment: use more than {needed:,}."
            )
        )
    return "\n".join([lines(header, [_row(one, measure) for one in shown], 1, breaks=(5,)), *more])


def _by_task(measure: Measure[Any], differences: list[comparison.Difference]) -> str:
    """Without the other test's p, which stand in evaluation.json."""
    labels = once(one.task for one in differences)
    rows = [[label, *_row(one, measure)[:5]] for label, one in zip(labels, differences, strict=True)]
    header = ["Task", f"Difference of {measure.words}", "[95% interval]", "p", "p Holm", "significant"]
    return f"{lines(header, rows, 2)}\n{filled('Holm: on each task for itself, over its pairs.')}"


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


def _best_and_worst(evaluation: Evaluation, best: Extremes, measure: Measure[Any]) -> str:
    header = [f"Best − worst by {summary_of(evaluation, measure.words)}", "[95% interval]", "p", "significant"]
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
