"""What is concluded where there is nothing: the best of equal models, and readers who lie on a model's curve."""

import math
from collections.abc import Iterator

import numpy as np

from benchmarks.coverage_rows.simulated import (
    NORMAL,
    REPLICATES,
    ROWS,
    Row,
    Trial,
    auroc_of,
    holds,
    labels_of,
    pair_of_scores,
    resampled,
    value_of,
)
from chex_tf.statistics import bootstrap, comparison, extremes, reader_margin, several_readers

MODELS, READERS = 10, 3


def best_and_worst(positives: int, gap: float) -> Trial:
    """All but the first, which is worse by `gap`, have an AUROC of 0.86. The interval is of the two chosen models'
    true difference; where all are equal it is counted how often the two are said to differ."""

    def trial(generator: np.random.Generator) -> dict[str, bool | float]:
        labels = labels_of(positives)
        areas = [0.86 - gap, *[0.86] * (MODELS - 1)]
        work = [auroc_of(labels, one) for one in pair_of_scores(areas, labels, generator)]
        values = np.array([value_of(one, ROWS) for one in work])
        replicates = np.stack(resampled(work, ROWS, generator), axis=1)
        best, worst = int(np.argmax(values)), int(np.argmin(values))
        interval, selected = extremes.range_test(float(values[best] - values[worst]), replicates - values)
        found: dict[str, bool | float] = {"interval": holds(interval, areas[best] - areas[worst])}
        if not gap:
            own = comparison.bootstrap_p((replicates[:, best] - replicates[:, worst])[:, np.newaxis])[0]
            found["p < 0.05"] = selected < comparison.SIGNIFICANCE
            found["the pair's own p < 0.05"] = bool(own < comparison.SIGNIFICANCE)
        return found

    return trial


def reader_on_curve(positives: int) -> Trial:
    """Both are equally good (AUROC 0.92), the reader at a specificity of 0.9; half their noise is shared."""

    def trial(generator: np.random.Generator) -> dict[str, bool | float]:
        labels = labels_of(positives)
        model, reader = pair_of_scores((0.92, 0.92), labels, generator, shared=0.5)
        called = (reader > NORMAL.inv_cdf(0.9))[np.newaxis]
        margins = reader_margin.by_unit(labels, model, called, np.arange(ROWS), ROWS)
        (replicates,) = resampled([lambda weights: margins(weights)[:, 0]], ROWS, generator)
        p = comparison.bootstrap_p(replicates[:, np.newaxis])[0]
        interval = bootstrap.percentile_interval(replicates)
        return {"margin": holds(interval, 0.0), "p < 0.05": bool(p < comparison.SIGNIFICANCE)}

    return trial


def mean_of_readers(spread: float) -> Trial:
    """Readers differ in skill by `spread` standard deviations; 100 positives, which is all that sensitivity sees."""
    truth = NORMAL.cdf((2 - NORMAL.inv_cdf(0.9)) / math.hypot(1, spread))

    def trial(generator: np.random.Generator) -> dict[str, bool | float]:
        skills = 2 + generator.normal(scale=spread, size=(READERS, 1)) - NORMAL.inv_cdf(0.9)
        cases = generator.normal(size=100) * 0.5**0.5 + generator.normal(size=(READERS, 100)) * 0.5**0.5
        found = (cases + skills > 0).astype(float)
        weights = np.concatenate(list(bootstrap.Resampling(100, REPLICATES, int(generator.integers(2**31))).blocks()))
        replicates = weights @ found.T / 100
        _, interval, _ = several_readers.over_readers(found.mean(axis=1), replicates, low=0.0)
        drawn = generator.integers(0, READERS, size=replicates.shape)
        anew = bootstrap.percentile_interval(np.take_along_axis(replicates, drawn, axis=1).mean(axis=1))
        return {"mean reader": holds(interval, truth), "readers drawn anew instead": holds(anew, truth)}

    return trial


def rows() -> Iterator[Row]:
    for positives in (100, 25):
        for gap in (0.0, 0.05):
            words = "equal models" if not gap else f"models, one worse by {gap}"
            name = f"best − worst of {MODELS} {words}, {positives} positives"
            yield Row("Best − worst", name, best_and_worst(positives, gap), resamples=True)
    for positives in (100, 25):
        name = f"a reader on the curve, {positives} positives"
        yield Row("Readers", name, reader_on_curve(positives), resamples=True)
    for spread in (0.1, 0.5):
        name = f"{READERS} readers whose skills spread by {spread}"
        yield Row("Readers", name, mean_of_readers(spread), resamples=True)
