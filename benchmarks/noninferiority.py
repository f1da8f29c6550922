"""How often a model is wrongly called non-inferior or equivalent: simulated pairs whose true difference is the margin.

    python -m benchmarks.noninferiority [--trials=4000] [--quick]

Scores are normal, positives moved so that the first model's true AUROC is below the second's by exactly the margin:
either verdict is then wrong, and should be given in 2.5% of trials at most. Where both models are equally good, the
share is that of right verdicts. Each is judged by the percentile interval of 1,000 replicates, and by DeLong's variance
with Student's t on the positives less one.
"""

import argparse
import functools
import math

import numpy as np
import scipy.special

from benchmarks import quick
from chex_tf.statistics import bootstrap, delong, ranking
from chex_tf.statistics.equivalence import AgainstMargin, Contrast, Verdict, judge, replicates_at_most, student_at_most

REPLICATES = 1000
STUDIES = 500
SHARED = 0.8  # of the variance of a study's noise, by the two models


def judged(areas: tuple[float, float], positives: int, margin: float, trial: int) -> dict[str, AgainstMargin]:
    rng = np.random.default_rng([positives, round(areas[0] * 1000), round(areas[1] * 1000), trial])
    labels = (np.arange(STUDIES) < positives).astype(float)
    shared, units = rng.normal(size=STUDIES) * SHARED**0.5, np.arange(STUDIES)
    scores = [
        shared + rng.normal(size=STUDIES) * (1 - SHARED) ** 0.5 + float(scipy.special.ndtri(area)) * 2**0.5 * labels
        for area in areas
    ]
    orders = [ranking.rank(labels, each) for each in scores]
    ones = np.ones((1, STUDIES), np.int32)
    value = float(ranking.auroc(orders[0], ones)[0] - ranking.auroc(orders[1], ones)[0])
    moved = [delong.components(labels, each, units, STUDIES) for each in scores]
    variance = float(np.sum((moved[0] - moved[1]) ** 2))
    freedom = positives - 1.0
    by_delong = delong.interval(value, variance, freedom)
    resampling = bootstrap.Resampling(STUDIES, REPLICATES, trial)
    first, second = bootstrap.replicate([functools.partial(ranking.auroc, order) for order in orders], resampling)
    replicates = first - second
    interval = bootstrap.percentile_interval(replicates)
    contrasts = {
        "bootstrap": Contrast(
            "a",
            "b",
            value,
            interval.low,
            interval.high,
            lambda bound: replicates_at_most(replicates, bound),
            lambda bound: replicates_at_most(-replicates, -bound),
        ),
        "DeLong": Contrast(
            "a",
            "b",
            value,
            by_delong.low,
            by_delong.high,
            lambda bound: student_at_most(value, variance, bound, freedom),
            lambda bound: student_at_most(-value, variance, -bound, freedom),
        ),
    }
    return {name: judge([contrast], margin)[0] for name, contrast in contrasts.items()}


def row(areas: tuple[float, float], positives: int, margin: float, trials: int) -> str:
    counts: dict[str, dict[str, int]] = {}
    for trial in range(trials):
        for name, found in judged(areas, positives, margin, trial).items():
            of = counts.setdefault(name, {"non-inferior": 0, "equivalent": 0})
            of["non-inferior"] += found.verdict in (Verdict.NON_INFERIOR, Verdict.EQUIVALENT)
            of["equivalent"] += found.verdict is Verdict.EQUIVALENT
    shares = "; ".join(
        f"{name} " + ", ".join(f"{verdict} {100 * count / trials:.1f}%" for verdict, count in of.items())
        for name, of in counts.items()
    )
    return f"AUROC {areas[0]} against {areas[1]}, margin {margin}, {positives} positives: {shares}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=4000, help="simulated test sets a row (default: 4000)")
    quick.add_flag(parser, trials=10)
    trials = parser.parse_args().trials
    print(f"{trials:,} trials a row: a share of 2.5% is known to within ±{196 * math.sqrt(0.025 * 0.975 / trials):.1f}")
    for positives in (100, 25):
        for areas, margin in (((0.84, 0.86), 0.02), ((0.82, 0.87), 0.05), ((0.86, 0.86), 0.05)):
            print(row(areas, positives, margin, trials), flush=True)
