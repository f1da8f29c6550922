"""--plan: what a test set that does not exist yet would show, as text."""

import dataclasses
import math

from chex_tf.evaluation.tables.columns import NOTHING, filled, lines
from chex_tf.settings import InputError
from chex_tf.statistics import planning
from chex_tf.statistics.planning import PlannedSet

DIFFERENCES = (0.005, 0.01, 0.02, 0.05)
CORRELATIONS = (0.0, 0.5, 0.8, 0.9, 0.95)
WIDTHS = (0.1, 0.05, 0.02)


@dataclasses.dataclass(frozen=True)
class Plan:
    planned: PlannedSet
    area: float


def parse(given: tuple[str, ...]) -> Plan:
    """From `positives,negatives,auroc`."""
    expected = "expected positives,negatives,auroc: two whole numbers from 2 and an AUROC between 0.5 and 1, "
    expected += f"such as 50,450,0.85; received {','.join(given)}"
    try:
        positives, negatives, area = int(given[0]), int(given[1]), float(given[2])
    except (ValueError, IndexError):
        raise InputError(expected, "plan") from None
    is_within = min(positives, negatives) >= 2 and max(positives, negatives) <= planning.MOST_POSITIVES
    if len(given) != 3 or not is_within or not 0.5 <= area < 1:
        raise InputError(expected, "plan")
    return Plan(PlannedSet(positives, negatives), area)


def text(plan: Plan, fewest: int) -> str:
    planned, area = plan.planned, plan.area
    interval = planning.expected_interval(area, planned)
    head = (
        f"{planned.positives:,} with the finding and {planned.negatives:,} without, AUROC {area:.3f}: expected 95% "
        f"interval [{interval.low:.3f}, {interval.high:.3f}], width {interval.high - interval.low:.3f}."
    )
    if planned.freedom + 1 < fewest:
        head += f" With fewer than {fewest} of a class no interval is given and nothing is tested (--fewest)."
    note = (
        "Scores are taken to be normal, one row a patient, and tests to be single: patients with several rows, and "
        "Holm's adjustment over several pairs, need more. Correlation: of the two models' scores among those with the "
        "finding, and among those without."
    )
    return "\n\n".join([filled(head), _power(plan), _needed(plan), filled(note)])


def _power(plan: Plan) -> str:
    rows = []
    for difference in DIFFERENCES:
        if plan.area - difference < 0.5:
            continue
        shown = [planning.power(plan.area, difference, one, plan.planned) for one in CORRELATIONS]
        rows.append([f"{difference:.3f} lower", *(f"{100 * one:.0f}%" for one in shown)])
    return lines(["Power against a model", *(f"correlation {one:g}" for one in CORRELATIONS)], rows, 1)


def _needed(plan: Plan) -> str:
    planned = plan.planned
    prevalence = planned.positives / (planned.positives + planned.negatives)
    rows = []
    for width in WIDTHS:
        needed = planning.positives_needed(plan.area, width, prevalence)
        counts = [NOTHING] * 2 if needed is None else [f"{needed.positives:,}", f"{needed.negatives:,}"]
        rows.append([f"{width:g}", *counts])
    share = f"{100 * prevalence:.{0 if math.isclose(100 * prevalence, round(100 * prevalence)) else 1}f}%"
    return lines([f"For an interval of width, {share} positive", "with the finding", "without"], rows, 1)
