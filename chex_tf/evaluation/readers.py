"""Readers beside models: each reader at its own specificity on each model's ROC curve, and all readers together."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from chex_tf.evaluation import measures
from chex_tf.evaluation.matching import Cohort, Model
from chex_tf.statistics import bootstrap, comparison, reader_margin
from chex_tf.statistics.comparison import Difference
from chex_tf.statistics.measure import MEAN, Estimate, Key, Needs, Sampled, mean_of
from chex_tf.statistics.several_readers import over_readers

# Two readers say so little about readers that the interval is often all there is: t with one degree of freedom.
FEWEST_READERS = 3
MARGIN = "sensitivity_margin"  # the reader's sensitivity minus the model's at the reader's specificity
Margins = Mapping[tuple[str, str, str], Sampled]  # by reader, model and task, MEAN among them


@dataclasses.dataclass(frozen=True)
class ReadersTogether:
    """All readers as a sample of readers: `estimates` by the measure's key and by task, and `margins` of their mean,
    with intervals over readers and cases. Holm's adjustment covers the models on one task."""

    name: str
    readers: int
    estimates: dict[str, dict[str, Estimate]]
    margins: tuple[Difference, ...]


def sample_margins(
    readers: Sequence[Model],
    models: Sequence[Model],
    cohort: Cohort,
    tasks: Sequence[str],
    mean_over: Sequence[str],
    resampling: bootstrap.Resampling,
) -> Margins:
    """Replicates are over the same weights as every other number's, and each has its own curves and specificities."""
    if not readers or not models:
        return {}
    columns = {task: cohort.tasks.index(task) for task in tasks}
    made = {
        (model.name, task): reader_margin.by_unit(
            cohort.labels[:, column],
            model.scores[:, column],
            np.stack([reader.scores[:, column] >= 0.5 for reader in readers]),
            cohort.units,
            cohort.unit_count,
        )
        for model in models
        for task, column in columns.items()
    }
    ones = np.ones((1, cohort.unit_count), np.int32)
    values = {key: margins(ones)[0] for key, margins in made.items()}
    blocks: dict[tuple[str, str], list[np.ndarray]] = {key: [] for key in made}
    for weights in resampling.blocks():
        for key, margins in made.items():
            blocks[key].append(margins(weights))
    found: dict[tuple[str, str, str], Sampled] = {}
    for model in models:
        for task in tasks:
            replicates = np.concatenate(blocks[model.name, task])
            for place, reader in enumerate(readers):
                value = float(values[model.name, task][place])
                found[reader.name, model.name, task] = Sampled(value, replicates[:, place])
        for reader in readers:
            parts = [found[reader.name, model.name, task] for task in mean_over]
            if parts:
                found[reader.name, model.name, MEAN] = mean_of(parts, resampling.replicates)
    return found


def margins_of(readers: Sequence[Model], models: Sequence[Model], margins: Margins) -> tuple[Difference, ...]:
    """Holm's adjustment covers all readers and models on one task, the mean counting as a task of its own."""
    found: list[Difference] = []
    for task in dict.fromkeys(task for _, _, task in margins):
        found += comparison.adjust(
            [
                comparison.of_replicates(reader.name, model.name, MARGIN, task, margins[reader.name, model.name, task])
                for reader in readers
                for model in models
            ]
        )
    return tuple(found)


def together(
    readers: Sequence[Model],
    models: Sequence[Model],
    sampled: Mapping[Key, Sampled],
    margins: Margins,
) -> ReadersTogether | None:
    """None for fewer than FEWEST_READERS."""
    if len(readers) < FEWEST_READERS:
        return None
    names = [reader.name for reader in readers]
    name = f"mean of {len(names)} readers"
    estimates: dict[str, dict[str, Estimate]] = {}
    for measure in measures.MEASURES:
        of_first = [task for who, one, task in sampled if who == names[0] and one is measure]
        for task in of_first if measure.needs is Needs.DECISIONS else ():
            value, interval, _ = _over([sampled[one, measure, task] for one in names], low=0.0)
            estimates.setdefault(measure.key, {})[task] = Estimate(value, interval)
    found: list[Difference] = []
    for task in dict.fromkeys(task for _, _, task in margins):
        family = []
        for model in models:
            value, interval, p = _over([margins[one, model.name, task] for one in names], low=-1.0)
            family.append(Difference(name, model.name, MARGIN, task, value, interval, p, np.nan))
        found += comparison.adjust(family)
    return ReadersTogether(name, len(names), estimates, tuple(found))


def _over(parts: Sequence[Sampled], low: float) -> tuple[float, bootstrap.Interval, float]:
    values = np.array([part.value for part in parts])
    return over_readers(values, np.stack([part.replicates for part in parts], axis=1), low)
