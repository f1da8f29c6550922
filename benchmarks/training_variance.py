"""Whether a 95% interval over seeds and patients holds the truth: simulated trainings whose expected AUROC is known.

    python -m benchmarks.training_variance [--trials=1000] [--quick]

Each trial draws the AUROCs of some runs from a normal distribution around the architecture's (its deviation is that
between seeds), then a test set whose scores have these AUROCs; of a patient, four fifths of the noise is common to all
runs. Three intervals are made of the runs' mean: the one in use (chex_tf/statistics/several_seeds.py), Satterthwaite's
for the sum of the two variances, and percentiles of a bootstrap that draws runs and patients. The width is the mean
over trials, relative to the narrowest interval that would cover if both variances were known.
"""

import argparse
import functools
import math

import numpy as np
import scipy.special

from benchmarks import quick
from chex_tf.statistics import bootstrap, delong, ranking
from chex_tf.statistics.several_seeds import OverSeeds, difference_over_seeds, mean_over_seeds

REPLICATES = 300
PATIENTS = 400
SHARED = 0.8  # of the variance of a patient's noise


def test_set(positives: int, areas: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Labels [patients], and scores [runs, patients] with these true AUROCs."""
    labels = (np.arange(PATIENTS) < positives).astype(float)
    noise = rng.normal(size=PATIENTS) * SHARED**0.5 + rng.normal(size=(areas.size, PATIENTS)) * (1 - SHARED) ** 0.5
    shifts = scipy.special.ndtri(np.clip(areas, 1e-6, 1 - 1e-6)) * 2**0.5
    return labels, noise + shifts[:, np.newaxis] * labels


def runs_of(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """AUROC [runs] and DeLong's components [runs, patients]."""
    units = np.arange(labels.size)
    ones = np.ones((1, labels.size), np.int32)
    areas = [float(ranking.auroc(ranking.rank(labels, each), ones)[0]) for each in scores]
    return np.array(areas), np.stack([delong.components(labels, each, units, labels.size) for each in scores])


def satterthwaite(found: OverSeeds) -> tuple[float, float]:
    total = found.between + max(0.0, found.shared)
    degrees = found.degrees * (total / found.between) ** 2 if found.between > 0 else math.inf
    quantile = float(scipy.special.stdtrit(degrees, 0.975)) if math.isfinite(degrees) else 1.96
    half = quantile * math.sqrt(max(total, found.given))
    return found.value - half, found.value + half


def hierarchical(labels: np.ndarray, sides: list[np.ndarray], seed: int) -> tuple[float, float]:
    """Percentiles of the mean's replicates (one side), or of the difference's (two): runs and patients redrawn."""
    rng = np.random.default_rng(seed)
    resampling = bootstrap.Resampling(labels.size, REPLICATES, seed)
    means = []
    for scores in sides:
        statistics = [functools.partial(ranking.auroc, ranking.rank(labels, each)) for each in scores]
        replicates = np.stack(bootstrap.replicate(statistics, resampling), axis=1)
        drawn = rng.integers(0, len(scores), size=replicates.shape)
        means.append(np.take_along_axis(replicates, drawn, axis=1).mean(axis=1))
    found = bootstrap.percentile_interval(means[0] - means[1] if len(means) > 1 else means[0])
    return found.low, found.high


def row(area: float, positives: int, deviation: float, runs: tuple[int, ...], trials: int) -> str:
    """Coverage of the mean of the first number of runs, or of its difference from that of the second."""
    names = ("in use", "Satterthwaite", "hierarchical bootstrap")
    held, widths = dict.fromkeys(names, 0), []
    errors = []
    truth = area if len(runs) == 1 else 0.0
    for trial in range(trials):
        rng = np.random.default_rng([positives, round(area * 1000), round(deviation * 10000), *runs, trial])
        labels, scores = test_set(positives, rng.normal(area, deviation, size=sum(runs)), rng)
        sides = np.split(scores, np.cumsum(runs)[:-1])
        measured = [runs_of(labels, side) for side in sides]
        found = mean_over_seeds(*measured[0]) if len(runs) == 1 else difference_over_seeds(*measured)
        interval = found.interval_of_share() if len(runs) == 1 else found.interval()
        bounds = {
            "in use": (interval.low, interval.high),
            "Satterthwaite": satterthwaite(found),
            "hierarchical bootstrap": hierarchical(labels, sides, trial),
        }
        for name, (low, high) in bounds.items():
            held[name] += low <= truth <= high
        widths.append(interval.high - interval.low)
        errors.append(found.value - truth)
    ideal = 2 * 1.96 * math.sqrt(float(np.mean(np.square(errors))))
    shares = ", ".join(f"{name} {100 * count / trials:.1f}%" for name, count in held.items())
    what = f"mean of {runs[0]} runs" if len(runs) == 1 else f"{runs[0]} runs against {runs[1]}"
    setting = f"AUROC {area}, {positives} positives, SD over seeds {deviation}, {what}"
    return f"{setting}: {shares}; width in use {np.mean(widths) / ideal:.2f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000, help="simulated test sets a row (default: 1000)")
    quick.add_flag(parser, trials=10)
    trials = parser.parse_args().trials
    print(
        f"{trials:,} trials a row: a coverage of 95% is known to within ±{196 * math.sqrt(0.0475 / trials):.1f} points"
    )
    for deviation in (0.0, 0.01, 0.03):
        for runs in ((2,), (3,), (5,), (10,), (2, 2), (3, 3), (5, 5)):
            print(row(0.85, 100, deviation, runs, trials), flush=True)
    for runs in ((3,), (3, 3)):
        print(row(0.95, 25, 0.01, runs, trials), flush=True)
