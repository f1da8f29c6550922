"""Recalibrated probabilities: maps are fitted by model and task on validation, and only there."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chex_tf.evaluation.matching import Cohort, Model
from chex_tf.settings import InputError
from chex_tf.statistics import recalibration
from chex_tf.statistics.calibration import are_probabilities
from chex_tf.statistics.recalibration import Recalibration, Unchanged
from chex_tf.statistics.thresholds import is_reader

WORDS = {"platt": "Platt's map", "isotonic": "isotonic regression"}


@dataclasses.dataclass(frozen=True)
class Recalibrated:
    """`maps` by model and task; `skipped` has the models that have no probabilities to recalibrate."""

    method: str
    rows: int
    maps: Mapping[str, Mapping[str, Recalibration]]
    skipped: tuple[str, ...]

    @property
    def notes(self) -> list[str]:
        found = [f"Probabilities were recalibrated by {WORDS[self.method]}, fitted on {self.rows:,} validation rows."]
        found += [
            f"{name}, {task}: not recalibrated: {one.reason}."
            for name, by_task in self.maps.items()
            for task, one in by_task.items()
            if isinstance(one, Unchanged)
        ]
        found += [f"{name}: not recalibrated: its scores are no probabilities." for name in self.skipped]
        return found

    @property
    def in_short(self) -> str:
        """For a figure."""
        apart = [
            f"{name} on {task}"
            for name, by_task in self.maps.items()
            for task, one in by_task.items()
            if isinstance(one, Unchanged)
        ]
        apart += self.skipped
        but = f", but for {'; '.join(apart)}" if apart else ""
        return f"Recalibrated by {WORDS[self.method]}, fitted on {self.rows:,} validation rows{but}."

    def as_json(self) -> dict[str, Any]:
        maps = {name: {task: one.to_json() for task, one in found.items()} for name, found in self.maps.items()}
        return {"method": self.method, "validation_rows": self.rows, "models": maps, "not_recalibrated": self.skipped}


def recalibrate(
    models: Sequence[Model], validation: tuple[Cohort, Sequence[Model]] | None, method: str, no_validation: str
) -> tuple[list[Model], tuple[Cohort, list[Model]], Recalibrated]:
    """The models, and their scores on validation, through maps fitted on the latter; readers as they are."""
    if validation is None:
        raise InputError(f"needs validation predictions: {no_validation}", "recalibrate")
    cohort, on_validation = validation
    scores = {model.name: model.scores for model in on_validation}
    maps: dict[str, dict[str, Recalibration]] = {}
    skipped = []
    for model in models:
        if is_reader(model.scores):
            continue
        if not are_probabilities(model.scores) or not are_probabilities(scores[model.name]):
            skipped.append(model.name)
            continue
        maps[model.name] = {
            task: recalibration.fit(cohort.labels[:, column], scores[model.name][:, column], method)
            for column, task in enumerate(cohort.tasks)
        }
    evaluated = [_through(model, maps, f"recalibrated by {WORDS[method]}") for model in models]
    chosen_on = cohort, [_through(model, maps, "") for model in on_validation]
    return evaluated, chosen_on, Recalibrated(method, len(cohort.keys), maps, tuple(skipped))


def _through(model: Model, maps: Mapping[str, Mapping[str, Recalibration]], words: str) -> Model:
    if model.name not in maps:
        return model
    columns = [one(model.scores[:, column]) for column, one in enumerate(maps[model.name].values())]
    made_of = ", ".join(filter(None, (model.made_of, words)))
    return dataclasses.replace(model, scores=np.stack(columns, axis=1), made_of=made_of)
