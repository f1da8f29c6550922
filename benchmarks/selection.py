"""What is concluded where there is nothing: the best of equal models, and readers who lie on a model's curve.

    python -m benchmarks.selection [--trials=1000] [--quick]

Scores are normal, positives moved by d; a reader calls positive what lies above a cut. Each trial draws a test set of
500 studies and 400 replicates. Every share is printed with its Monte Carlo error, one standard error.

Found with 1,000 trials (seeds fixed, so a second run gives the same):
  ten equal models: best − worst is significant in 3.7% (± 0.6) with 100 positives and 2.1% (± 0.5) with 25; by the
  pair's own p, which knows nothing of the choice, in 59.4% and 60.3%
  a reader on the curve: the margin's interval holds zero in 95.8% and 96.1% (± 0.6); significant in 3.6% and 3.9%
  mean sensitivity of three readers: held in 95.7% (± 0.6) where they differ little, 93.3% (± 0.8) where they differ
  much; readers drawn anew with the cases would hold it in 96.4% and 79.2%
"""

import argparse
import functools
import math
import statistics
from collections.abc import Callable

import numpy as np

from benchmarks import quick
from chex_tf.statistics import bootstrap, comparison, extremes, ranking, reader_margin, several_readers

NORMAL = statistics.NormalDist()
ROWS, REPLICATES, MODELS, READERS = 500, 400, 10, 3
ONES = np.ones((1, ROWS), np.int32)


def labels_of(positives: int) -> np.ndarray:
    return np.repeat([1.0, 0.0], [positives, ROWS - positives])


def equal_models(positives: int, generator: np.random.Generator, trial: int) -> dict[str, bool]:
    """AUROC 0.86; scores share four fifths of their noise's variance."""
    labels = labels_of(positives)
    shared = generator.normal(size=ROWS) * 0.8**0.5 + 1.5 * labels
    rankings = [ranking.rank(labels, shared + generator.normal(size=ROWS) * 0.2**0.5) for _ in range(MODELS)]
    values = np.concatenate([ranking.auroc(one, ONES) for one in rankings])
    replicates = np.concatenate(
        [
            np.stack([ranking.auroc(one, weights) for one in rankings], axis=1)
            for weights in bootstrap.Resampling(ROWS, REPLICATES, trial).blocks()
        ]
    )
    best, worst = int(np.argmax(values)), int(np.argmin(values))
    _, selected = extremes.range_test(float(values[best] - values[worst]), replicates - values)
    own = comparison.bootstrap_p((replicates[:, best] - replicates[:, worst])[:, np.newaxis])[0]
    return {"significant": selected < comparison.SIGNIFICANCE, "by its own p": own < comparison.SIGNIFICANCE}


def reader_on_curve(positives: int, generator: np.random.Generator, trial: int) -> dict[str, bool]:
    """Both are equally good (AUROC 0.92), the reader at a specificity of 0.9; half their noise is shared."""
    labels = labels_of(positives)
    signal = NORMAL.inv_cdf(0.92) * 2**0.5 * labels + generator.normal(size=ROWS) * 0.5**0.5
    model, reader = (signal + generator.normal(size=ROWS) * 0.5**0.5 for _ in range(2))
    margins = reader_margin.by_unit(labels, model, (reader > NORMAL.inv_cdf(0.9))[np.newaxis], np.arange(ROWS), ROWS)
    replicates = np.concatenate(
        [margins(weights) for weights in bootstrap.Resampling(ROWS, REPLICATES, trial).blocks()]
    )
    interval = bootstrap.percentile_interval(replicates[:, 0])
    p = comparison.bootstrap_p(replicates)[0]
    return {"margin's interval": interval.low <= 0 <= interval.high, "significant": p < comparison.SIGNIFICANCE}


def mean_of_readers(spread: float, generator: np.random.Generator, trial: int) -> dict[str, bool]:
    """Readers differ in skill by `spread` standard deviations; 100 positives, which is all that sensitivity sees."""
    skills = 2 + generator.normal(scale=spread, size=(READERS, 1)) - NORMAL.inv_cdf(0.9)
    cases = generator.normal(size=100) * 0.5**0.5 + generator.normal(size=(READERS, 100)) * 0.5**0.5
    found = (cases + skills > 0).astype(float)
    truth = NORMAL.cdf((2 - NORMAL.inv_cdf(0.9)) / math.hypot(1, spread))
    replicates = np.concatenate(
        [weights @ found.T / 100 for weights in bootstrap.Resampling(100, REPLICATES, trial).blocks()]
    )
    _, interval, _ = several_readers.over_readers(found.mean(axis=1), replicates, low=0.0)
    drawn = generator.integers(0, READERS, size=replicates.shape)
    anew = bootstrap.percentile_interval(np.take_along_axis(replicates, drawn, axis=1).mean(axis=1))
    return {
        "interval": interval.low <= truth <= interval.high,
        "readers drawn anew instead": anew.low <= truth <= anew.high,
    }


def shares(name: str, trials: int, row: int, trial_of: Callable[[np.random.Generator, int], dict[str, bool]]) -> None:
    """Each row of the benchmark has random numbers of its own."""
    counts: dict[str, int] = {}
    for trial in range(trials):
        seed = 1_000_000 * row + trial
        for kind, held in trial_of(np.random.default_rng([seed, 5]), seed).items():
            counts[kind] = counts.get(kind, 0) + held
    found = ", ".join(
        f"{kind} {100 * count / trials:.1f}% (± {100 * math.sqrt(count * (trials - count) / trials**3):.1f})"
        for kind, count in counts.items()
    )
    print(f"{name}: {found}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000, help="simulated test sets a row (default: 1000)")
    quick.add_flag(parser, trials=10)
    trials = parser.parse_args().trials
    for row, positives in enumerate((100, 25)):
        several = f"best − worst of {MODELS} equal models, {positives} positives"
        shares(several, trials, row, functools.partial(equal_models, positives))
        on_curve = f"a reader on the curve, {positives} positives"
        shares(on_curve, trials, 10 + row, functools.partial(reader_on_curve, positives))
    for row, spread in enumerate((0.1, 0.5)):
        several = f"mean sensitivity of {READERS} readers whose skills spread by {spread}"
        shares(several, trials, 20 + row, functools.partial(mean_of_readers, spread))
