"""Numbers by group: a table for each model and variable, and one of the tests that groups are equal."""

import math
from collections.abc import Sequence
from typing import Any

from chex_tf.evaluation.measures import AUROC, SENSITIVITY
from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.subgroups import COMPARED, INTERCEPT, SMALLEST_CLASS, GroupResult, Tested, VariableResult
from chex_tf.evaluation.tables.columns import NOTHING, filled, lines, p_text, with_interval, without_empty
from chex_tf.evaluation.tables.scores import mean_of_tasks
from chex_tf.statistics.measure import MEAN, Estimate, Measure

# With more models than this only the mean is listed; the tasks are in evaluation.json.
MODELS_BY_TASK = 2


def text(evaluation: Evaluation, results: Sequence[VariableResult], matched: bool) -> str:
    models = list(dict.fromkeys(one.model for one in results))
    tasks = (*evaluation.cohort.tasks, MEAN) if len(models) <= MODELS_BY_TASK else (MEAN,)
    parts = [_groups(evaluation, one, tasks, matched) for one in results]
    tests = _tests(evaluation, results, tasks)
    return "\n\n".join([*parts, *([tests] if tests else []), _notes(results, matched)])


def _groups(evaluation: Evaluation, one: VariableResult, tasks: Sequence[str], matched: bool) -> str:
    header = ["Task", "Group", "n", "Pos/neg", "AUROC [95% interval]"]
    header += ["difference", "Sensitivity", "Intercept", *(["PPV matched", "NPV matched"] if matched else [])]
    rows = []
    for task in tasks:
        shown = mean_of_tasks(evaluation) if task == MEAN else task
        for place, (name, result) in enumerate(one.groups[task].items()):
            counts = "" if task == MEAN else f"{result.positives}/{result.negatives}"
            cells = _cells(result, one.tests.get(task, {}).get(AUROC.key), name, matched)
            rows.append([shown if place == 0 else "", name, f"{result.rows:,}", counts, *cells])
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
            rows.append([one.model, one.grouping.variable, mean_of_tasks(evaluation) if task == MEAN else task, *cells])
    header, rows, _ = without_empty(header, rows, 3)
    return lines(header, rows, 3) if rows else ""


def _notes(results: Sequence[VariableResult], matched: bool) -> str:
    families = sorted({test.family for one in results for tests in one.tests.values() for test in tests.values()})
    notes = [
        f"Groups with fewer than {SMALLEST_CLASS} positives or negatives are withheld, and so is their mean. "
        "Sensitivity is at the overall threshold. Intercept: how far the logits of probabilities are too low. A "
        "difference is from the largest group, its interval by replicates of the whole set's units. p: Wald's test "
        "that all groups are equal, with the replicates' covariance"
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
    for grouping in {one.grouping.variable: one.grouping for one in results}.values():
        if grouping.unknown:
            notes.append(f"{grouping.variable}: not known for {grouping.unknown:,} rows, which are in no group.")
    return "\n".join(map(filled, notes))
