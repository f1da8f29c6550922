"""What the rows share: simulated test sets whose truth is known, and how an interval is judged on them.

Scores are normal, positives moved so that the true AUROC is known. Hard kinds: positives more scattered than
negatives; one positive in ten that cannot be seen; patients of one to four studies alike, who are ill or not, so that
all pairs are of different patients.
"""

import dataclasses
import functools
import math
import statistics
from collections.abc import Callable, Sequence

import numpy as np

from chex_tf.statistics import bootstrap, ranking
from chex_tf.statistics.bootstrap import Interval

NORMAL = statistics.NormalDist()
ROWS = 500
REPLICATES = 500
SHARED = 0.8  # of the variance of a row's noise, by two models

# One simulated test set: what is counted, and whether it held, or by how much an estimate missed.
Trial = Callable[[np.random.Generator], dict[str, bool | float]]


@dataclasses.dataclass(frozen=True)
class Row:
    """`section` of the page. A row that `resamples` takes long and has fewer trials."""

    section: str
    name: str
    trial: Trial
    resamples: bool = False


def holds(interval: Interval, truth: float) -> bool:
    """An interval that is withheld holds nothing."""
    return interval.low - 1e-12 <= truth <= interval.high + 1e-12


def labels_of(positives: int, rows: int = ROWS) -> np.ndarray:
    return (np.arange(rows) < positives).astype(float)


def shift(area: float) -> float:
    """How far positives are moved for this AUROC, where noise has a variance of one."""
    return NORMAL.inv_cdf(area) * math.sqrt(2)


def pair_of_scores(
    areas: Sequence[float], labels: np.ndarray, generator: np.random.Generator, shared: float = SHARED
) -> list[np.ndarray]:
    common = generator.normal(size=labels.size) * math.sqrt(shared)
    own = [generator.normal(size=labels.size) * math.sqrt(1 - shared) for _ in areas]
    return [common + noise + shift(area) * labels for area, noise in zip(areas, own, strict=True)]


def patients_of(positives: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Labels and patients of `ROWS` studies, one to four a patient, who is ill or not."""
    units = np.repeat(np.arange(ROWS), generator.integers(1, 5, size=ROWS))[:ROWS]
    ill = generator.permutation(int(units[-1]) + 1)[units] < (units[-1] + 1) * positives / ROWS
    return ill.astype(float), units


def noise_of_patients(units: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Seven tenths of the variance are the patient's."""
    own = generator.normal(size=units.size)[units] * math.sqrt(0.7)
    return np.asarray(own + generator.normal(size=units.size) * math.sqrt(0.3))


def value_of(statistic: bootstrap.Statistic, count: int) -> float:
    return float(np.ravel(statistic(np.ones((1, count), np.int32)))[0])


def resampled(work: Sequence[bootstrap.Statistic], count: int, generator: np.random.Generator) -> list[np.ndarray]:
    """Replicates [replicates] of each statistic of unit weights, all with the same weights."""
    return bootstrap.replicate(work, bootstrap.Resampling(count, REPLICATES, int(generator.integers(2**31))))


def auroc_of(labels: np.ndarray, scores: np.ndarray, units: np.ndarray | None = None) -> bootstrap.Statistic:
    ranked = ranking.rank(labels, scores)
    return functools.partial(ranking.auroc, ranked if units is None else ranked.by_unit(units))
