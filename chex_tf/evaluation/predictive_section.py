"""PPV and NPV of models at their thresholds, and of readers, at stated prevalences."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from chex_tf.evaluation.calibration_section import estimate_entry
from chex_tf.evaluation.measures import TaskScores, called_rightly
from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.tables.columns import filled, lines, with_interval
from chex_tf.observations import ALIASES
from chex_tf.settings import InputError, nearest
from chex_tf.statistics import predictive_values, proportion
from chex_tf.statistics.measure import MEAN, Estimate

NOTE = (
    "PPV and NPV: of those called positive or negative where the finding is that common, the share called rightly. "
    "They are computed from sensitivity and specificity in this set, which are taken to be the same there; intervals "
    "come from Wilson's of the two, with the prevalence as given, and patients with several rows count for less."
)


@dataclasses.dataclass(frozen=True)
class Predictive:
    prevalence: float
    ppv: Estimate
    npv: Estimate


@dataclasses.dataclass(frozen=True)
class PredictiveSection:
    """`results` by name of a model or reader, and by task; `absent` says of models why they have none."""

    results: Mapping[str, Mapping[str, Sequence[Predictive]]]
    absent: Mapping[str, str]
    key: str = "predictive_values"

    def table(self) -> str:
        rows = []
        shown = None
        tasks = dict.fromkeys(task for found in self.results.values() for task in found)
        for task in tasks:
            for place in range(max(len(found.get(task, ())) for found in self.results.values())):
                for name, found in self.results.items():
                    if place < len(found.get(task, ())):
                        one = found[task][place]
                        label = (task, f"{one.prevalence:.4g}")
                        cells = [name, with_interval(one.ppv), with_interval(one.npv)]
                        rows.append([*(label if label != shown else ("", "")), *cells])
                        shown = label
        parts = [lines(["Task", "At prevalence", "Model", "PPV [95% interval]", "NPV"], rows, 3)] if rows else []
        parts += [filled(NOTE)] if rows else []
        parts += [filled(f"No PPV and NPV for {name}: {why}.") for name, why in self.absent.items()]
        return "\n".join(parts)

    def as_json(self) -> dict[str, Any]:
        return {
            name: {
                task: [
                    {"prevalence": one.prevalence, "ppv": estimate_entry(one.ppv), "npv": estimate_entry(one.npv)}
                    for one in at
                ]
                for task, at in found.items()
            }
            for name, found in self.results.items()
        }


def prevalences(given: Sequence[str], tasks: Sequence[str]) -> dict[str, list[float]]:
    """For each task, from shares for all tasks (0.02) and for one (Edema:0.02)."""
    found: dict[str, list[float]] = {task: [] for task in tasks}
    for one in given:
        name, _, share = one.rpartition(":")
        name = ALIASES.get(name, name)
        if name and name not in found:
            raise InputError(f"expected an evaluated task; received {name}{nearest(name, tasks)}", "prevalence")
        for task in [name] if name else tasks:
            found[task].append(float(share))
    return found


def predict_values(evaluation: Evaluation) -> PredictiveSection:
    cohort = evaluation.cohort
    wanted = prevalences(evaluation.settings.prevalence, cohort.tasks)
    scores = {model.name: model.scores for model in (*evaluation.model_scores, *evaluation.reader_scores)}
    results: dict[str, dict[str, list[Predictive]]] = {}
    for one in (*evaluation.models, *evaluation.readers):
        for column, task in enumerate(cohort.tasks):
            if task == MEAN or task not in one.thresholds or task in evaluation.left_out:
                continue
            cut = one.thresholds[task]
            of_task = TaskScores(
                cohort.labels[:, column],
                scores[one.name][:, column],
                cohort.units,
                cohort.unit_count,
                0.5 if math.isnan(cut) else cut,  # a reader's is one half
            )
            sensitivity, specificity = (proportion.of_units(called_rightly(of_task, label)) for label in (1, 0))
            for prevalence in wanted[task]:
                ppv = predictive_values.positive_predictive_value(sensitivity, specificity, prevalence)
                npv = predictive_values.negative_predictive_value(sensitivity, specificity, prevalence)
                entry = Predictive(prevalence, Estimate(*ppv), Estimate(*npv))
                results.setdefault(one.name, {}).setdefault(task, []).append(entry)
    absent = {
        model.name: model.not_applicable.get("decisions", "no threshold")
        for model in evaluation.models
        if model.name not in results
    }
    return PredictiveSection(results, absent)
