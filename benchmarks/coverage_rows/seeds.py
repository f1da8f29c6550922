"""Several seeds: simulated trainings whose expected AUROC is known.

Each trial draws the AUROCs of some runs from a normal distribution around the architecture's (its deviation is that
between seeds), then a test set of 400 patients whose scores have these AUROCs; four fifths of a patient's noise are
common to all runs. Beside the interval in use stands, where asked for, a bootstrap that draws runs and patients.
"""

from collections.abc import Iterator

import numpy as np

from benchmarks.coverage_rows.simulated import (
    Row,
    Trial,
    auroc_of,
    holds,
    labels_of,
    pair_of_scores,
    resampled,
    value_of,
)
from chex_tf.statistics import auroc_interval, bootstrap, delong
from chex_tf.statistics.several_seeds import difference_over_seeds, mean_over_seeds

PATIENTS = 400


def over_seeds(area: float, positives: int, deviation: float, runs: tuple[int, ...], drawn_anew: bool) -> Trial:
    """Of the mean of the first number of runs, or of its difference from that of the second."""
    truth = area if len(runs) == 1 else 0.0
    labels, units = labels_of(positives, PATIENTS), np.arange(PATIENTS)
    freedom = auroc_interval.degrees_of_freedom(labels, units)

    def trial(generator: np.random.Generator) -> dict[str, bool | float]:
        areas = np.clip(generator.normal(area, deviation, size=sum(runs)), 1e-6, 1 - 1e-6)
        scores = pair_of_scores(areas.tolist(), labels, generator)
        work = [auroc_of(labels, one) for one in scores]
        values = np.array([value_of(one, PATIENTS) for one in work])
        components = np.stack([delong.components(labels, one, units, PATIENTS) for one in scores])
        ends = np.cumsum(runs)[:-1]
        sides = list(zip(np.split(values, ends), np.split(components, ends), strict=True))
        if len(runs) == 1:
            interval = mean_over_seeds(*sides[0], freedom).interval_of_share()
        else:
            interval = difference_over_seeds(sides[0], sides[1], freedom).interval()
        found: dict[str, bool | float] = {"interval": holds(interval, truth)}
        if drawn_anew:
            means = []
            for replicates in np.split(np.stack(resampled(work, PATIENTS, generator), axis=1), ends, axis=1):
                chosen = generator.integers(0, replicates.shape[1], size=replicates.shape)
                means.append(np.take_along_axis(replicates, chosen, axis=1).mean(axis=1))
            anew = bootstrap.percentile_interval(means[0] if len(runs) == 1 else means[0] - means[1])
            found["runs and patients drawn anew instead"] = holds(anew, truth)
        return found

    return trial


def rows() -> Iterator[Row]:
    settings = [(0.85, 100, deviation) for deviation in (0.0, 0.01, 0.03)]
    settings += [(0.85, 10, 0.0), (0.85, 25, 0.01), (0.95, 10, 0.01), (0.95, 25, 0.01)]
    for area, positives, deviation in settings:
        for runs in ((2,), (3,), (5,), (10,), (2, 2), (3, 3), (5, 5)):
            what = f"{runs[0]} runs" if len(runs) == 1 else f"{runs[0]} runs against {runs[1]}"
            name = f"AUROC {area}, {positives} positives, SD over seeds {deviation}, {what}"
            drawn_anew = deviation == 0.03 and runs[0] < 5
            trial = over_seeds(area, positives, deviation, runs, drawn_anew)
            yield Row("Several seeds", name, trial, resamples=True)
