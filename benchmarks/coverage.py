"""How often each 95% interval holds a truth that is known, and how often each test calls equals different.

    python -m benchmarks.coverage [--trials=7500] [--resampled_trials=1000] [--only=WORDS] [--quick]

Every row has random numbers of its own. A share is printed with the 1.96 standard errors by which it may be off: 0.5
points for 95% of 7,500 trials. Rows of the bootstrap, of rank correlation and of families take long, so they have
--resampled_trials, and 1.4 points. Scores are normal, with positives moved so that the true AUROC is known. Hard rows:
ten positives; positives more scattered than negatives; one positive in ten that cannot be seen; patients of one to four
studies alike, who are ill or not, so that all pairs are of different patients.
"""

import argparse
import functools
import math
import statistics
from collections.abc import Callable

import numpy as np

from benchmarks import quick
from chex_tf.statistics import (
    auroc_interval,
    bootstrap,
    comparison,
    delong,
    family_spread,
    measure,
    noisy_correlation,
    permutation,
    proportion,
    rank_correlation,
    ranking,
)
from chex_tf.statistics.ranks import rho

NORMAL = statistics.NormalDist()
REPLICATES = 1000
ROWS = 500
SIZES = (3, 4, 2, 1, 2, 4)  # of CheXtransfer's families
FAMILIES = np.repeat(np.arange(len(SIZES)), SIZES)
SPREAD = 0.004  # of the models' true AUROCs, about that of CheXtransfer's Table 1

Trial = Callable[[np.random.Generator], dict[str, bool]]


def holds(interval: bootstrap.Interval, truth: float) -> bool:
    return interval.low - 1e-12 <= truth <= interval.high + 1e-12


def labels_of(positives: int) -> np.ndarray:
    return (np.arange(ROWS) < positives).astype(float)


def scores_of(kind: str, area: float, labels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    noise = generator.normal(size=labels.size)
    if kind == "scattered":
        return noise * np.where(labels == 1, 1.5, 1) + NORMAL.inv_cdf(area) * math.hypot(1, 1.5) * labels
    if kind == "unseen":
        seen = generator.random(labels.size) >= 0.1
        return noise + NORMAL.inv_cdf((area - 0.05) / 0.9) * math.sqrt(2) * labels * seen
    return noise + NORMAL.inv_cdf(area) * math.sqrt(2) * labels


def patients_of(positives: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Labels and patients of `ROWS` studies, one to four a patient, who is ill or not."""
    units = np.repeat(np.arange(ROWS), generator.integers(1, 5, size=ROWS))[:ROWS]
    ill = generator.permutation(int(units[-1]) + 1)[units] < (units[-1] + 1) * positives / ROWS
    return ill.astype(float), units


def scores_of_patients(
    area: float, labels: np.ndarray, units: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    own = generator.normal(size=ROWS)[units] * math.sqrt(0.7) + generator.normal(size=ROWS) * math.sqrt(0.3)
    return own + NORMAL.inv_cdf(area) * math.sqrt(2) * labels


def auroc_holds(kind: str, area: float, positives: int) -> Trial:
    def trial(generator: np.random.Generator) -> dict[str, bool]:
        if kind == "patients":
            labels, units = patients_of(positives, generator)
            scores = scores_of_patients(area, labels, units, generator)
        else:
            labels, units = labels_of(positives), np.arange(ROWS)
            scores = scores_of(kind, area, labels, generator)
        found = {"auto": holds(auroc_interval.interval(labels, scores, units, int(units[-1]) + 1), area)}
        if kind == "patients":
            by_study = auroc_interval.interval(labels, scores, np.arange(ROWS), ROWS)
            found["by study"] = holds(by_study, area)
        return found

    return trial


def resampled(
    labels: np.ndarray, scores: list[np.ndarray], units: np.ndarray, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """AUROC of each score vector: estimates [scores] and replicates [replicates, scores]."""
    count = int(units.max()) + 1
    rankings = [ranking.rank(labels, each).by_unit(units) for each in scores]
    work: list[bootstrap.Statistic] = [functools.partial(ranking.auroc, order) for order in rankings]
    estimates = np.array([statistic(np.ones((1, count), np.int32))[0] for statistic in work])
    seed = int(generator.integers(2**31))
    return estimates, np.stack(bootstrap.replicate(work, bootstrap.Resampling(count, REPLICATES, seed)), axis=1)


def bootstrap_holds(area: float, positives: int) -> Trial:
    def trial(generator: np.random.Generator) -> dict[str, bool]:
        labels, units = labels_of(positives), np.arange(ROWS)
        scores = scores_of("normal", area, labels, generator)
        estimates, replicates = resampled(labels, [scores], units, generator)
        jackknife = bootstrap.jackknife_auroc(labels, scores, units, ROWS)
        return {
            "percentile": holds(bootstrap.percentile_interval(replicates[:, 0]), area),
            "BCa": holds(bootstrap.bca_interval(replicates[:, 0], float(estimates[0]), jackknife), area),
        }

    return trial


def pair(first: float, second: float, positives: int, by_patient: bool, with_bootstrap: bool) -> Trial:
    """Two models whose scores share four fifths of their noise's variance."""

    def trial(generator: np.random.Generator) -> dict[str, bool]:
        if by_patient:
            labels, units = patients_of(positives, generator)
        else:
            labels, units = labels_of(positives), np.arange(ROWS)
        count = int(units[-1]) + 1
        shared = scores_of_patients(0.5, labels, units, generator) if by_patient else generator.normal(size=ROWS)
        scores = []
        for area in (first, second):
            own = scores_of_patients(0.5, labels, units, generator) if by_patient else generator.normal(size=ROWS)
            moved = NORMAL.inv_cdf(area) * math.sqrt(2) * labels
            scores.append(shared * math.sqrt(0.8) + own * math.sqrt(0.2) + moved)
        values = [float(ranking.auroc(ranking.rank(labels, one), np.ones((1, ROWS)))[0]) for one in scores]
        parts = [delong.components(labels, one, units, count) for one in scores]
        variance, freedom = float(np.sum((parts[0] - parts[1]) ** 2)), auroc_interval.degrees_of_freedom(labels, units)
        difference = values[0] - values[1]
        found = {
            "interval": holds(delong.interval(difference, variance, freedom), first - second),
            "p < 0.05": delong.two_sided_p(difference, variance, freedom) < comparison.SIGNIFICANCE,
        }
        if with_bootstrap:
            _, replicates = resampled(labels, scores, units, generator)
            apart = replicates[:, 0] - replicates[:, 1]
            found["percentile"] = holds(bootstrap.percentile_interval(apart), first - second)
            found["bootstrap p < 0.05"] = bool(comparison.bootstrap_p(apart[:, np.newaxis])[0] < 0.05)
        return found

    return trial


def mean_holds(area: float, positives: tuple[int, ...]) -> Trial:
    """Tasks of one model on the same studies, scores sharing half of their noise's variance; labels independent."""

    def trial(generator: np.random.Generator) -> dict[str, bool]:
        units = np.arange(ROWS)
        shared = generator.normal(size=ROWS)
        tasks = []
        resampling = bootstrap.Resampling(ROWS, 200, int(generator.integers(2**31)))
        for count in positives:
            labels = generator.permutation(labels_of(count))
            noise = shared * math.sqrt(0.5) + generator.normal(size=ROWS) * math.sqrt(0.5)
            scores = noise + NORMAL.inv_cdf(area) * math.sqrt(2) * labels
            order = ranking.rank(labels, scores)
            (replicates,) = bootstrap.replicate([functools.partial(ranking.auroc, order)], resampling)
            value = float(ranking.auroc(order, np.ones((1, ROWS)))[0])
            interval = auroc_interval.interval(labels, scores, units, ROWS)
            tasks.append(measure.Sampled(value, replicates, interval=interval))
        return {"auto": holds(measure.estimate(measure.mean_of(tasks, 200)).interval, area)}

    return trial


def proportion_holds(share: float, units: int, alike: float) -> Trial:
    """Units of one to four rows, `alike` being the intraclass correlation; of one row each if it is below 0."""

    def trial(generator: np.random.Generator) -> dict[str, bool]:
        trials = generator.integers(1, 5, units) if alike >= 0 else np.ones(units, np.int64)
        own = np.full(units, share)
        if alike > 0:
            width = 1 / alike - 1
            own = generator.beta(share * width, (1 - share) * width, units)
        successes = generator.binomial(trials, own)
        return {"Wilson": holds(proportion.wilson(successes.astype(float), trials.astype(float)), share)}

    return trial


def of_models(alike: float, generator: np.random.Generator) -> np.ndarray:
    """[models] with an intraclass correlation by family."""
    by_family = generator.normal(size=len(SIZES))[FAMILIES]
    return math.sqrt(alike) * by_family + math.sqrt(1 - alike) * generator.normal(size=FAMILIES.size)


def correlation_holds(strength: float, alike: float) -> Trial:
    truth = 6 / math.pi * math.asin(strength / 2)  # Spearman's rho of normal variables

    def trial(generator: np.random.Generator) -> dict[str, bool]:
        attribute = of_models(alike, generator)
        values = strength * attribute + math.sqrt(1 - strength**2) * of_models(alike, generator)
        effective = rank_correlation.effective_models(attribute, values, FAMILIES)
        interval = rank_correlation.interval_over_models(float(rho(attribute, values)), values.size, effective)
        found = {"interval": holds(interval, truth)}
        means = [np.bincount(FAMILIES, weights=side) / SIZES for side in (attribute, values)]
        found["p < 0.05"] = permutation.permutation_p(attribute, values, int(generator.integers(2**31))).p < 0.05
        found["families' p < 0.05"] = permutation.permutation_p(means[0], means[1], 0).p < 0.05
        return found

    return trial


def noisy_holds(noise: float, strength: float, is_skewed: bool = False) -> Trial:
    def trial(generator: np.random.Generator) -> dict[str, bool]:
        size = FAMILIES.size
        attribute = generator.normal(size=size)
        true = strength * attribute + math.sqrt(1 - strength**2) * generator.normal(size=size)
        true = SPREAD * (-np.exp(-true) / 2.16 if is_skewed else true)  # a log-normal's standard deviation is 2.16
        covariance = np.eye(size) * noise**2 + 0.01**2
        observed = generator.multivariate_normal(true, covariance)
        replicates = generator.multivariate_normal(observed, covariance, size=REPLICATES)
        estimated = noisy_correlation.noise_covariance(replicates)
        found = noisy_correlation.without_noise(attribute, observed, estimated, int(generator.integers(2**31)))
        return {"interval": holds(found.interval, float(rho(attribute, true)))}

    return trial


def spread_holds(between: float, noise: float) -> Trial:
    belongs = np.eye(len(SIZES))[FAMILIES]

    def trial(generator: np.random.Generator) -> dict[str, bool]:
        size = FAMILIES.size
        values = between * belongs @ generator.normal(size=len(SIZES)) + SPREAD * generator.normal(size=size)
        values += noise * generator.normal(size=size)
        found = family_spread.components(values, belongs, np.eye(size) * noise**2)
        p, _ = family_spread.permutation_p(values, belongs, int(generator.integers(2**31)))
        return {
            "between": holds(found[0].interval, between),
            "within": holds(found[1].interval, SPREAD),
            "p < 0.05": p < comparison.SIGNIFICANCE,
        }

    return trial


def rows() -> tuple[dict[str, Trial], dict[str, Trial]]:
    """Those of closed form, and those that resample or search."""
    quickly: dict[str, Trial] = {}
    slowly: dict[str, Trial] = {}
    words = {"normal": "", "scattered": ", scattered positives", "unseen": ", a tenth unseen", "patients": ", patients"}
    for kind, ending in words.items():
        for positives in (10, 25, 50, 150):
            for area in (0.7, 0.8, 0.9, 0.95) if kind == "normal" else (0.8, 0.95):
                quickly[f"AUROC {area}, {positives} positive{ending}"] = auroc_holds(kind, area, positives)
    for positives in (10, 25, 150):
        for by_patient in (False, True):
            ending = ", patients" if by_patient else ""
            quickly[f"AUROC 0.85 against 0.85, {positives} positive{ending}"] = pair(
                0.85, 0.85, positives, by_patient, False
            )
    quickly["AUROC 0.9 against 0.85, 25 positive"] = pair(0.9, 0.85, 25, False, False)
    for units in (10, 50, 150):
        for share in (0.5, 0.9, 0.97):
            quickly[f"proportion {share}, {units} rows"] = proportion_holds(share, units, -1)
            quickly[f"proportion {share}, {units} patients alike by 0.3"] = proportion_holds(share, units, 0.3)
    for positives in (10, 25, 100):
        for area in (0.85, 0.95):
            slowly[f"bootstrap: AUROC {area}, {positives} positive"] = bootstrap_holds(area, positives)
    slowly["bootstrap: AUROC 0.85 against 0.85, 25 positive"] = pair(0.85, 0.85, 25, False, True)
    slowly["mean of 5 tasks, AUROC 0.9, 25 to 100 positive"] = mean_holds(0.9, (25, 50, 50, 100, 100))
    slowly["mean of 5 tasks, AUROC 0.9, one with 5 positive"] = mean_holds(0.9, (5, 50, 50, 100, 100))
    for alike in (0.0, 0.5, 0.9):
        for strength in (0.0, 0.7):
            slowly[f"rank correlation {strength}, families alike by {alike}"] = correlation_holds(strength, alike)
    for noise in (0.002, 0.004, 0.01):
        for strength in (0.0, 0.6, 0.95):
            slowly[f"without noise of {noise}, correlation {strength}"] = noisy_holds(noise, strength)
    slowly["without noise of 0.004, correlation 0.6, skewed AUROCs"] = noisy_holds(0.004, 0.6, True)
    for between in (0.0, 0.004, 0.008):
        for noise in (0.0, 0.004):
            slowly[f"families' spread {between}, noise {noise}"] = spread_holds(between, noise)
    slowly["without noise of 0.002, correlation 0.6, skewed AUROCs"] = noisy_holds(0.002, 0.6, True)
    return quickly, slowly


def show(name: str, trials: int, place: int, trial: Trial) -> None:
    counts: dict[str, int] = {}
    for number in range(trials):
        for kind, held in trial(np.random.default_rng([place, number])).items():
            counts[kind] = counts.get(kind, 0) + bool(held)
    shown = []
    for kind, count in counts.items():
        share = count / trials
        error = 1.96 * math.sqrt(max(share * (1 - share), 1 / trials) / trials)
        shown.append(f"{kind} {100 * share:.1f}% ± {100 * error:.1f}")
    print(f"{name}: {', '.join(shown)}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=7500, help="simulated test sets a row (default: 7500)")
    parser.add_argument("--resampled_trials", type=int, default=1000, help="the same of slow rows (default: 1000)")
    parser.add_argument("--only", default="", help="only rows whose name begins so")
    quick.add_flag(parser, trials=3, resampled_trials=2)
    arguments = parser.parse_args()
    place = 0
    for group, trials in zip(rows(), (arguments.trials, arguments.resampled_trials), strict=True):
        for name, trial in group.items():
            place += 1  # of all rows, so that --only changes no number
            if name.startswith(arguments.only):
                show(name, trials, place, trial)
