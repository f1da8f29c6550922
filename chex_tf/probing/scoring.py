"""Scores of probes in the house's form of predictions, and their evaluation as launch.evaluate would do it."""

import dataclasses
import pathlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from chex_tf.evaluation import evaluation, matching
from chex_tf.evaluation.pools import Pool
from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.scarcity import scarce_tasks
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.prediction_files import Table
from chex_tf.probing.films import Films

POOLED_REPLICATES = 40  # pools have DeLong's intervals, which need none


@dataclasses.dataclass(frozen=True)
class Answers:
    """Predicted rows of the films, their labels, and by name of a set its scores [rows, tasks]."""

    name: str  # of the set of films
    films: Films
    rows: np.ndarray
    tasks: tuple[str, ...]
    labels: np.ndarray
    scores: Mapping[str, np.ndarray]

    def truth(self) -> Table:
        places = np.flatnonzero(self.rows).tolist()
        columns = {"Patient": tuple(self.films.patients[place] for place in places)}
        if self.films.key == "Path":
            columns = {"Study": tuple(self.films.studies[place] for place in places), **columns}
        return self._table("labels", self.labels, columns)

    def table(self, name: str) -> Table:
        return self._table(name, self.scores[name], {})

    def _table(self, name: str, values: np.ndarray, columns: dict[str, tuple[str, ...]]) -> Table:
        keys = tuple(self.films.keys[place] for place in np.flatnonzero(self.rows).tolist())
        cells = {task: tuple(map(cell, values[:, place])) for place, task in enumerate(self.tasks)}
        return Table(pathlib.Path(name), self.films.key, keys, {**columns, **cells})


def cell(value: float) -> str:
    """With every digit, so that launch.evaluate finds the same numbers; a strong penalty leaves scores that
    differ in the ninth."""
    return "" if np.isnan(value) else f"{value:.17g}"


def evaluate(
    answers: Answers,
    aggregation: str,
    replicates: int,
    seed: int,
    fewest: int,
    policy: str,
    say: Callable[[str], None],
    pools: Sequence[Pool] = (),
) -> Evaluation:
    """Every pair of sets is compared, Holm's family being the pairs on one task; with `pools` none."""
    tables = [answers.table(name) for name in answers.scores]
    if answers.films.key == "Study":
        aggregation = "none"
    cohort, models = matching.match(
        answers.truth(), tables, list(answers.scores), answers.tasks, aggregation, "auto", say
    )
    settings = EvaluationSettings(
        predictions=tuple(table.path for table in tables),
        labels=pathlib.Path("labels"),
        aggregation=aggregation,
        paired=not pools and len(tables) > 1,
        replicates=POOLED_REPLICATES if pools else replicates,
        seed=seed,
        fewest=fewest,
    )
    mean = mean_tasks(cohort, fewest)
    return evaluation.evaluate(answers.name, cohort, models, settings, policy=policy, mean_tasks=mean, pools=pools)


def mean_tasks(cohort: matching.Cohort, fewest: int) -> tuple[str, ...]:
    """Tasks with enough patients of both classes for an interval; all where none has."""
    labels = cohort.labels
    undefined = [task for place, task in enumerate(cohort.tasks) if not {0, 1} <= set(labels[:, place])]
    scarce = scarce_tasks(cohort, undefined, fewest)
    return tuple(task for task in cohort.tasks if task not in scarce and task not in undefined) or cohort.tasks
