"""The few-label curve: the linear probe on nested shares of the training patients, over several draws of them."""

import dataclasses
import itertools
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.pools import Pool, PooledDifference, PooledValue
from chex_tf.evaluation.results import Evaluation
from chex_tf.probing.films import TRAIN
from chex_tf.probing.linear import Fit
from chex_tf.probing.scoring import Answers, evaluate
from chex_tf.probing.settings import ProbeSettings
from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.comparison import holm
from chex_tf.statistics.measure import MEAN, Sampled
from chex_tf.statistics.several_seeds import mean_over_seeds

WHOLE = 100  # percent


@dataclasses.dataclass(frozen=True)
class Point:
    """A share of the training patients. `films` counts the films of each subset, `unfitted` those of the mean's tasks
    that lack a class in it: there every score is one half, and the AUROC with it.

    `values` are of every set on every task, and of their mean, without interval where no subset could be fitted.
    `differences` are paired by subset and by patient, p Holm over the pairs of sets on one task.
    """

    share: float
    patients: int
    films: tuple[int, ...]
    unfitted: tuple[int, ...]
    evaluation: Evaluation
    values: tuple[PooledValue, ...]
    differences: tuple[PooledDifference, ...]


def subset(share: float, order: np.ndarray, train: np.ndarray, patients: int) -> tuple[np.ndarray, int]:
    """Rows of the first patients of an order, and how many patients that is, rounded up; smaller shares lie within."""
    wanted = math.ceil(patients * share / WHOLE - 1e-9)
    return train & (order < wanted), wanted


def point(
    share: float,
    whole: Answers,
    tasks: Sequence[int],
    settings: ProbeSettings,
    policy: str,
    fit: Callable[[np.ndarray], list[list[Fit]]],
    say: Callable[[str], None],
) -> Point:
    """`whole` holds what the same films got from all training patients; `fit` fits on given rows, by set and then by
    task, of which those at `tasks` count."""
    films = whole.films
    train = films.rows(TRAIN)
    every = films.patients_among(train)
    scores: dict[str, np.ndarray] = {}
    runs: dict[str, list[str]] = {name: [] for name in whole.scores}
    counts, lacking, wanted = [], [], 0
    for repeat, order in enumerate(films.order):
        rows, wanted = subset(share, order, train, every)
        fits = fit(rows)
        counts.append(int(rows.sum()))
        lacking.append({task for task, place in zip(whole.tasks, tasks, strict=True) if fits[0][place].reason})
        for name, of_set in zip(whole.scores, fits, strict=True):
            runs[name].append(f"{name} {repeat}")
            scores[runs[name][-1]] = np.stack([of_set[place].scores for place in tasks], axis=1)
    pools = [Pool(name, tuple(of_set), f"subsets of seeds 0 to {len(of_set) - 1}") for name, of_set in runs.items()]
    evaluation = evaluate(
        dataclasses.replace(whole, scores=scores),
        settings.aggregation,
        settings.replicates,
        settings.seed,
        settings.fewest,
        policy,
        say,
        pools,
    )
    mean = set(evaluation.mean_over)
    never = set.intersection(*lacking)
    never |= {MEAN} if mean <= never else set()
    nothing = Interval(math.nan, math.nan, 0, "no subset has both classes")
    values = tuple(
        dataclasses.replace(one, interval=nothing) if one.task in never else one for one in evaluation.pooled.values
    )
    differences = tuple(
        dataclasses.replace(one, interval=nothing, p=math.nan, p_holm=math.nan, family=0) if one.task in never else one
        for one in _differences(evaluation, runs)
    )
    unfitted = tuple(len(mean & tasks_lacking) for tasks_lacking in lacking)
    return Point(share, wanted, tuple(counts), unfitted, evaluation, values, differences)


def _components(sampled: Sampled) -> np.ndarray:
    assert sampled.components is not None, "several models are evaluated, so each has its components"
    return sampled.components


def _differences(evaluation: Evaluation, runs: Mapping[str, Sequence[str]]) -> tuple[PooledDifference, ...]:
    """Both sets are fitted on the same subsets, so a difference is taken subset by subset."""
    found: list[PooledDifference] = []
    for task in dict.fromkeys(value.task for value in evaluation.pooled.values):
        family = []
        for a, b in itertools.combinations(runs, 2):
            pairs = [
                (evaluation.sampled[first, AUROC, task], evaluation.sampled[second, AUROC, task])
                for first, second in zip(runs[a], runs[b], strict=True)
            ]
            values = np.array([first.value - second.value for first, second in pairs])
            components = np.stack([_components(first) - _components(second) for first, second in pairs])
            over = mean_over_seeds(values, components, min(one.freedom for pair in pairs for one in pair))
            family.append(PooledDifference(a, b, AUROC.key, task, over, over.interval(), over.two_sided_p))
        adjusted = holm([one.p for one in family]).tolist()
        found += [
            dataclasses.replace(one, p_holm=p, family=len(family)) for one, p in zip(family, adjusted, strict=True)
        ]
    return tuple(found)
