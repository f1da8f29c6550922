"""Subgroups: differences of AUROC and of the calibration intercept, and the test that all groups are equal."""

from collections.abc import Iterator

import numpy as np
from scipy.special import expit

from benchmarks.coverage_rows.simulated import ROWS, Row, Trial, auroc_of, holds, resampled, shift, value_of
from chex_tf.statistics import auroc_interval, bootstrap, comparison, delong, interaction, logistic_calibration


def groups_differ(groups: int, positives: int, apart: float) -> Trial:
    """Groups of as many rows, each with this number of positives; the first one's AUROC is lower by `apart`. A row's
    logit is calibrated with an AUROC of 0.85, the rank of which the first group loses a part."""
    labels = np.tile((np.arange(ROWS // 2) < positives).astype(float), groups)
    places = np.repeat(np.arange(groups), ROWS // 2)
    units = np.arange(labels.size)
    prevalence = positives / (ROWS // 2)
    moved = shift(0.85)
    base = np.log(prevalence / (1 - prevalence)) - moved**2 / 2

    def trial(generator: np.random.Generator) -> dict[str, bool | float]:
        shifts = np.where(places == 0, shift(0.85 - apart), moved)
        scores = generator.normal(size=labels.size) + shifts * labels
        inside = [np.where(places == group, labels, np.nan) for group in range(groups)]
        work: list[bootstrap.Statistic] = [auroc_of(one, scores) for one in inside]
        parts = [delong.components(one, scores, units, labels.size) for one in inside[:2]]
        values = np.array([value_of(one, labels.size) for one in work])
        variance = float(np.sum((parts[0] - parts[1]) ** 2))
        freedoms = np.array([auroc_interval.degrees_of_freedom(one, units) for one in inside])
        fits = [_intercept_of(labels[places == group], base + moved * scores[places == group], units[places == group])
                for group in range(groups)]  # fmt: skip
        replicates = resampled([*work, *fits], labels.size, generator)
        equal = interaction.test_equality(values, np.stack(replicates[:groups]), freedoms)
        found: dict[str, bool | float] = {
            "difference of AUROC": holds(
                delong.interval(values[0] - values[1], variance, float(freedoms[:2].min())), -apart
            ),
            "equality p < 0.05": equal.p < comparison.SIGNIFICANCE,
        }
        if not apart:
            intercepts = np.array([value_of(one, labels.size) for one in fits])
            of_intercepts = interaction.test_equality(
                intercepts, np.stack(replicates[groups:]), np.full(groups, np.inf)
            )
            apart_now = bootstrap.percentile_interval(replicates[groups] - replicates[groups + 1])
            found["difference of intercepts"] = holds(apart_now, 0.0)
            found["equality of intercepts p < 0.05"] = of_intercepts.p < comparison.SIGNIFICANCE
        return found

    return trial


def _intercept_of(labels: np.ndarray, logits: np.ndarray, units: np.ndarray) -> bootstrap.Statistic:
    fit = logistic_calibration.fitter(labels, logistic_calibration.logits(expit(logits)))
    return lambda weights: fit(np.take(weights, units, axis=1)).intercept


def rows() -> Iterator[Row]:
    for groups in (2, 4):
        for positives in (10, 25, 100):
            for apart in (0.0, 0.1) if groups == 2 else (0.0,):
                name = f"{groups} groups of {ROWS // 2} rows, {positives} positives each, AUROC apart by {apart}"
                yield Row("Subgroups", name, groups_differ(groups, positives, apart), resamples=True)
