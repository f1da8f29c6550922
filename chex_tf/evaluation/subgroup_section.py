"""Subgroups as a section of an evaluation: the tables, and every number in evaluation.json."""

import dataclasses
from typing import Any

from chex_tf.evaluation.calibration_section import estimate_entry
from chex_tf.evaluation.json_numbers import number
from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.subgroups import SMALLEST_CLASS, GroupResult, Tested, VariableResult
from chex_tf.evaluation.tables import subgroups as tables
from chex_tf.statistics.measure import MEAN


@dataclasses.dataclass(frozen=True)
class SubgroupSection:
    evaluation: Evaluation
    results: tuple[VariableResult, ...]
    matched: bool
    key: str = "subgroups"

    def table(self) -> str:
        return tables.text(self.evaluation, self.results, self.matched) if self.results else ""

    def as_json(self) -> dict[str, Any]:
        models: dict[str, dict[str, Any]] = {}
        for one in self.results:
            models.setdefault(one.model, {})[one.grouping.variable] = _variable(one)
        return {
            "smallest_class": SMALLEST_CLASS,
            "prevalence_matched": self.matched,
            "interval_of_differences": "tested_by names the test whose p goes with low and high: delong p_delong and "
            "p_delong_holm, bootstrap and counts p and p_holm, which is adjusted over the differences from one "
            "reference",
            "holm_family": "the tests of one measure over the variables and tasks of a model, the mean being a task",
            "models": models,
        }


def _variable(one: VariableResult) -> dict[str, Any]:
    tasks = {
        task: {
            "groups": {name: _group(result, task) for name, result in groups.items()},
            "tests": {key: _test(test) for key, test in one.tests.get(task, {}).items()},
        }
        for task, groups in one.groups.items()
    }
    return {"rows_in_no_group": one.grouping.unknown, "tasks": tasks}


def _group(result: GroupResult, task: str) -> dict[str, Any]:
    counts = {} if task == MEAN else {"positives": result.positives, "negatives": result.negatives}
    entry: dict[str, Any] = {"rows": result.rows, **counts}
    if result.withheld:
        return {**entry, "withheld": result.withheld}
    entry |= {key: estimate_entry(found) for key, found in result.estimates.items()}
    for key, found in (("ppv_matched", result.ppv), ("npv_matched", result.npv)):
        if found is not None:
            entry[key] = estimate_entry(found)
    return entry


def _test(test: Tested) -> dict[str, Any]:
    equality = test.equality
    return {
        "reference": test.reference,
        "differences": [
            {
                "group": one.a,
                "value": number(one.value),
                "low": number(one.interval.low),
                "high": number(one.interval.high),
                "p": number(one.p),
                "p_holm": number(one.p_holm),
                **(
                    {"p_delong": number(one.p_delong), "p_delong_holm": number(one.p_delong_holm)}
                    if one.measure == "auroc"
                    else {}
                ),
                "tested_by": one.tested_by,
            }
            for one in test.differences
        ],
        "equality": {
            "chi_squared": number(equality.statistic),
            "degrees_of_freedom": equality.freedom,
            "p": number(equality.p),
            "p_holm": number(test.p_holm),
            "family": test.family,
            **({"reason": equality.reason} if equality.reason else {}),
        },
    }
