"""Numbers by group: a table for each model and variable, and one of the tests that groups are equal."""

import math
from collections.abc import Sequence
from typing import Any

from chex_tf.evaluation.measures import AUROC, SENSITIVITY
from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.subgroups import COMPARED, INTERCEPT, SMALLEST_CLASS, GroupResult, Tested, VariableResult
from chex_tf.evaluation.tables.columns import NOTHING, filled, lines, p_text, with_interval, without_empty
from chex_tf.evaluation.tables.tasks_shown import elsewhere, every_task, shown, summary
from chex_tf.statistics.measure import MEAN, Estimate, Measure

# With more rows than this in all tables of groups, or in that of tests, only the mean is listed.
ROWS_BY_TASK = 120
# Of differences of AUROC, by --interval.
INTERVALS = {
    "auto": "DeLong's",
    "percentile": "by percentiles of the replicates",
    "bca": "by the replicates, bias-corrected and accelerated",
}


def text(evaluation: Evaluation, results: Sequence[VariableResult], matched: bool) -> str:
    every, whole = every_task(evaluation), (summary(evaluation),)
    of_groups = every if len(every) * sum(len(one.grouping.names) for one in results) <= ROWS_BY_TASK else whole
    tested = every if sum(len(one.tests) for one in results) <= ROWS_BY_TASK else whole
    parts = [_groups(evaluation, one, of_groups, matched) for one in results if _has_numbers(one, of_groups)]
    tests = _tests(evaluation, results, tested)
    notes = [_notes(evaluation, results, matched)]
    nowhere = dict.fromkeys(one.grouping.variable for one in results if not _has_numbers(one, of_groups))
    if nowhere:
        what = "the mean is withheld in every group" if of_groups == (MEAN,) else "every number in it is withheld"
        notes.append(filled(f"No table by {', '.join(nowhere)}: {what}."))
    if whole in (of_groups, tested) and len(every) > 1:
        notes.append(elsewhere("subgroups"))
    return "\n\n".join([*parts, *([tests] if tests else []), "\n".join(notes)])


def _has_numbers(one: VariableResult, tasks: Sequence[str]) -> bool:
    return any(not result.withheld for task in tasks for result in one.groups[task].values())


def _groups(evaluation: Evaluation, one: VariableResult, tasks: Sequence[str], matched: bool) -> str:
    header = ["Task", "Group", "n", "Pos/neg", "AUROC [95% interval]"]
    header += ["difference", "Sensitivity", "Intercept", *(["PPV matched", "NPV matched"] if matched else [])]
    rows = []
    for task in tasks:
        label = shown(evaluation, task)
        for place, (name, result) in enumerate(one.groups[task].items()):
            counts = "" if task == MEAN else f"{result.positives}/{result.negatives}"
            cells = _cells(result, one.tests.get(task, {}).get(AUROC.key), name, matched)
            rows.append([label if place == 0 else "", name, f"{result.rows:,}", counts, *cells])
    header, rows, kept = without_empty(header, rows, 3)
    breaks = [place for place, column in enumerate(kept) if column in (6, 8)]  # differences; calibration; PPV and NPV
    return f"{one.model}, by {one.grouping.variable}\n{lines(header, rows, 2, breaks)}"


def _cells(result: GroupResult, tested: Tested | None, name: str, matched: bool) -> list[str]:
    if result.withheld:
        return ["withheld", *[NOTHING] * (5 if matched else 3)]
    difference = NOTHING
    if tested is not None:
        difference = "reference" if name == tested.reference else NOTHING
        for one in tested.differences:
            if one.a == name:
                difference = _signed(one.value, one.interval.low, one.interval.high, 3)
    cells = [_cell(result, AUROC), difference, _cell(result, SENSITIVITY), _cell(result, INTERCEPT, 2)]
    return [*cells, *([_number(result.ppv), _number(result.npv)] if matched else [])]


def _cell(result: GroupResult, measure: Measure[Any], digits: int = 3) -> str:
    return _number(result.estimates.get(measure.key), digits)


def _number(estimate: Estimate | None, digits: int = 3) -> str:
    if estimate is None or math.isnan(estimate.value):
        return NOTHING
    if digits == 3:
        return with_interval(estimate)
    return _signed(estimate.value, estimate.interval.low, estimate.interval.high, digits)


def _signed(value: float, low: float, high: float, digits: int) -> str:
    if math.isnan(low):
        return f"{value:+.{digits}f} [no interval]"
    return f"{value:+.{digits}f} [{low:+.{digits}f}, {high:+.{digits}f}]"


def _tests(evaluation: Evaluation, results: Sequence[VariableResult], tasks: Sequence[str]) -> str:
    header = ["Equal groups?", "Variable", "Task"]
    for measure in COMPARED:
        header += [f"{measure.short or measure.title}: p", "p Holm"]
    rows = []
    for one in results:
        for task in tasks:
            found = one.tests.get(task, {})
            if not found:
                continue
            cells = []
            for measure in COMPARED:
                test = found.get(measure.key)
                cells += [NOTHING, NOTHING] if test is None else [p_text(test.equality.p), p_text(test.p_holm)]
            rows.append([one.model, one.grouping.variable, shown(evaluation, task), *cells])
    header, rows, _ = without_empty(header, rows, 3)
    return lines(header, rows, 3) if rows else ""


def _few(one: VariableResult, name: str) -> str:
    """The tasks for which a group is withheld, with the count that is too small."""
    reasons = {task: groups[name].withheld for task, groups in one.groups.items() if task != MEAN}
    return ", ".join(f"{task} ({why.partition(', fewer')[0]})" for task, why in reasons.items() if why)


def _notes(evaluation: Evaluation, results: Sequence[VariableResult], matched: bool) -> str:
    families = sorted({test.family for one in results for tests in one.tests.values() for test in tests.values()})
    notes = [
        f"Groups with fewer than {SMALLEST_CLASS} positives or negatives are withheld, and so is their mean. "
        "Sensitivity is at the overall threshold. Intercept: how far the logits of probabilities are too low. A "
        f"difference is from the largest group; its interval is {INTERVALS[evaluation.settings.interval]}, of "
        "sensitivity Agresti and Caffo's by units, in evaluation.json beside the p that goes with it. p here: Wald's "
        "test that all groups are equal, with the replicates' covariance and Welch's degrees of freedom"
        + (
            f"; Holm's family is the variables and tasks of one model, the mean counting as a task "
            f"({' or '.join(map(str, families))} tests)."
            if families
            else "."
        )
    ]
    if matched:
        notes.append(
            "Matched: positives and negatives of each group are weighted to the prevalence in the whole set. This "
            "moves PPV, NPV and calibration; AUROC, sensitivity and specificity do not depend on prevalence."
        )
    # Labels decide what is withheld, so it is the same for every model.
    for one in {one.grouping.variable: one for one in results}.values():
        grouping = one.grouping
        if grouping.unknown:
            rows, verb = ("row", "is") if grouping.unknown == 1 else ("rows", "are")
            notes.append(f"{grouping.variable}: not known for {grouping.unknown:,} {rows}, which {verb} in no group.")
        few = [(name, _few(one, name)) for name in grouping.names]
        listed = "; ".join(f"{name}: {tasks}" for name, tasks in few if tasks)
        if listed:
            notes.append(f"Withheld by {grouping.variable}: {listed}.")
    return "\n".join(map(filled, notes))
