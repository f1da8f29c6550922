"""Net benefit of acting on a model's probability, over thresholds, beside acting on everybody and on nobody."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from chex_tf.evaluation.json_numbers import number
from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.tables.columns import NOTHING, filled, lines
from chex_tf.statistics import bootstrap, net_benefit
from chex_tf.statistics.calibration import are_probabilities
from chex_tf.statistics.net_benefit import THRESHOLDS

SHOWN = (0.05, 0.1, 0.2, 0.3, 0.5)  # thresholds in the table; all are in evaluation.json and the figure
NOTE = (
    "Net benefit per 100 rows at a threshold t: true positives less false positives times t / (1 - t), for someone who "
    "would act from a probability of t on. Acting on nobody has 0. It takes probabilities at their word: see the "
    "calibration, and --recalibrate."
)


@dataclasses.dataclass(frozen=True)
class Curve:
    """[thresholds] net benefit per row, with the 95% interval."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclasses.dataclass(frozen=True)
class NetBenefitSection:
    """`curves` by task and model; `everybody` by task [thresholds]."""

    evaluation: Evaluation
    curves: Mapping[str, Mapping[str, Curve]]
    everybody: Mapping[str, np.ndarray]
    key: str = "net_benefit"

    def table(self) -> str:
        if not self.curves:
            return filled("No net benefit: no model has probabilities.")
        places = [int(np.argmin(np.abs(THRESHOLDS - threshold))) for threshold in SHOWN]
        header = ["Net benefit", "Model", *(f"at {THRESHOLDS[place]:g}" for place in places)]
        rows = []
        for task, models in self.curves.items():
            rows.append(
                [task, "acting on everybody", *(f"{100 * self.everybody[task][place]:.1f}" for place in places)]
            )
            for name, curve in models.items():
                rows.append(["", name, *(_cell(curve, place) for place in places)])
        header[2] += " [95% interval]"
        return f"{lines(header, rows, 2)}\n{filled(NOTE)}"

    def as_json(self) -> dict[str, Any]:
        return {
            "thresholds": THRESHOLDS.tolist(),
            "tasks": {
                task: {
                    "acting_on_everybody": self.everybody[task].tolist(),
                    "models": {
                        name: {kind: _numbers(getattr(curve, kind)) for kind in ("value", "low", "high")}
                        for name, curve in models.items()
                    },
                }
                for task, models in self.curves.items()
            },
        }


def net_benefits(evaluation: Evaluation, progress: bootstrap.Progress = bootstrap.silent) -> NetBenefitSection:
    cohort, settings = evaluation.cohort, evaluation.settings
    models = [model for model in evaluation.model_scores if are_probabilities(model.scores)]
    tasks = [task for task in cohort.tasks if task not in evaluation.left_out]
    resampling = bootstrap.Resampling(cohort.unit_count, settings.replicates, settings.seed)
    ones = np.ones((1, cohort.unit_count))
    curves: dict[str, dict[str, Curve]] = {}
    everybody = {}
    for task in tasks if models else ():
        column = cohort.tasks.index(task)
        labels = cohort.labels[:, column]
        everybody[task] = net_benefit.net_benefit_of_all(float(np.nanmean(labels)))
        statistics = [
            net_benefit.net_benefit_by_unit(labels, model.scores[:, column], cohort.units, cohort.unit_count)
            for model in models
        ]
        drawn = bootstrap.replicate(statistics, resampling, progress)
        for model, statistic, values in zip(models, statistics, drawn, strict=True):
            low, high = np.nanquantile(values, [bootstrap.LOW, bootstrap.HIGH], axis=0)
            curves.setdefault(task, {})[model.name] = Curve(statistic(ones)[:, 0], low, high)
    return NetBenefitSection(evaluation, curves, everybody)


def _cell(curve: Curve, place: int) -> str:
    if np.isnan(curve.value[place]):
        return NOTHING
    return f"{100 * curve.value[place]:.1f} [{100 * curve.low[place]:.1f}, {100 * curve.high[place]:.1f}]"


def _numbers(values: np.ndarray) -> list[float | None]:
    return [number(value) for value in values.tolist()]
