"""Numbers whose interval is made of replicates: average precision, F1, net benefit.

Labels are drawn, since these numbers depend on how common positives are; a set has two of either class at least.
"""

import functools
from collections.abc import Iterator

import numpy as np
import scipy.special

from benchmarks.coverage_rows.simulated import ROWS, Row, Trial, holds, resampled, shift, value_of
from chex_tf.statistics import auroc_interval, bootstrap, net_benefit, ranking, thresholds

POINTS = np.linspace(-9, 13, 40001)


@functools.cache
def true_average_precision(area: float, prevalence: float) -> float:
    """By integrating precision over the scores of positives."""
    moved = shift(area)
    found, wrongly = scipy.special.ndtr(moved - POINTS), scipy.special.ndtr(-POINTS)
    called = prevalence * found + (1 - prevalence) * wrongly
    precision = np.divide(prevalence * found, called, out=np.ones_like(called), where=called > 0)
    density = np.exp(-((POINTS - moved) ** 2) / 2)
    return float(np.sum(precision * density) / np.sum(density))


def labels_drawn(prevalence: float, generator: np.random.Generator) -> np.ndarray:
    while True:
        labels = (generator.random(ROWS) < prevalence).astype(float)
        if 2 <= labels.sum() <= ROWS - 2:
            return labels


def precision_and_f1(area: float, positives: int) -> Trial:
    prevalence, moved = positives / ROWS, shift(area)
    cut = moved / 2  # where sensitivity and specificity are equal
    found, wrongly = (float(scipy.special.ndtr(place)) for place in (moved - cut, -cut))
    true_f1 = 2 * prevalence * found / (prevalence * found + (1 - prevalence) * wrongly + prevalence)

    def trial(generator: np.random.Generator) -> dict[str, bool | float]:
        truths = {"average precision": true_average_precision(area, prevalence), "F1": true_f1}
        labels = labels_drawn(prevalence, generator)
        scores = generator.normal(size=ROWS) + moved * labels
        ranked, rows = ranking.rank(labels, scores), np.arange(ROWS)
        decide = thresholds.decide_by_unit(labels, scores >= cut, rows, ROWS)
        work: list[bootstrap.Statistic] = [
            lambda weights: ranked.weighted(weights).average_precision(),
            lambda weights: decide(weights).f1,
        ]
        freedom = auroc_interval.degrees_of_freedom(labels, rows)
        held: dict[str, bool | float] = {}
        for (name, truth), one, replicates in zip(truths.items(), work, resampled(work, ROWS, generator), strict=True):
            held[name] = holds(bootstrap.share_interval(replicates, value_of(one, ROWS), freedom), truth)
            held[f"{name} by percentiles"] = holds(bootstrap.percentile_interval(replicates), truth)
        return held

    return trial


def benefit_holds(area: float, positives: int, threshold: float) -> Trial:
    """Of a calibrated model: the probability of two normal classes with this AUROC."""
    prevalence, moved = positives / ROWS, shift(area)
    base = np.log(prevalence / (1 - prevalence)) - moved**2 / 2
    cut = (np.log(threshold / (1 - threshold)) - base) / moved
    found, wrongly = (float(scipy.special.ndtr(place)) for place in (moved - cut, -cut))
    truth = prevalence * found - (1 - prevalence) * wrongly * threshold / (1 - threshold)

    def trial(generator: np.random.Generator) -> dict[str, bool | float]:
        labels = labels_drawn(prevalence, generator)
        scores = generator.normal(size=ROWS) + moved * labels
        at = np.array([threshold])
        gained = net_benefit.net_benefit_by_unit(
            labels, scipy.special.expit(base + moved * scores), np.arange(ROWS), ROWS, at
        )
        (replicates,) = resampled([lambda weights: gained(weights)[0]], ROWS, generator)
        return {"net benefit": holds(bootstrap.percentile_interval(replicates), truth)}

    return trial


def rows() -> Iterator[Row]:
    for positives in (10, 25, 50, 150):
        for area in (0.7, 0.85, 0.95):
            name = f"AUROC {area}, {positives} of {ROWS} rows positive"
            yield Row("Average precision and F1", name, precision_and_f1(area, positives), resamples=True)
    for positives, threshold in ((25, 0.05), (25, 0.2), (100, 0.2)):
        name = f"AUROC 0.85, {positives} of {ROWS} rows positive, at {threshold}"
        yield Row("Net benefit", name, benefit_holds(0.85, positives, threshold), resamples=True)
