"""Proportions, IoU, their paired differences and those between groups, PPV and NPV."""

import math
from collections.abc import Iterator

import numpy as np

from benchmarks.coverage_rows.simulated import NORMAL, Row, Trial, holds
from chex_tf.statistics import comparison, predictive_values, proportion, proportion_difference
from chex_tf.statistics.proportion import Counts

ALIKE = 0.3  # of the variance behind a hit, the part that is the patient's


def value_holds(share: float, units: int, alike: float) -> Trial:
    """Units of one to four rows, `alike` being the intraclass correlation; of one row each if it is below 0."""

    def trial(generator: np.random.Generator) -> dict[str, bool | float]:
        trials = generator.integers(1, 5, units) if alike >= 0 else np.ones(units, np.int64)
        own = np.full(units, share)
        if alike > 0:
            width = 1 / alike - 1
            own = generator.beta(share * width, (1 - share) * width, units)
        successes = generator.binomial(trials, own)
        counts = Counts(successes.astype(float), trials.astype(float))
        return {"Wilson": holds(proportion.of_units(counts).interval, share)}

    return trial


def hits(
    shares: tuple[float, float], agreement: float, units: np.ndarray, count: int, generator: np.random.Generator
) -> list[np.ndarray]:
    """[count] sums by unit for each of two shares; their hits are normal numbers below a cut, of whose variance
    `agreement` is shared by the two."""
    of_unit = generator.normal(size=count)[units] * math.sqrt(ALIKE)
    shared = generator.normal(size=units.size)
    found = []
    for share in shares:
        own = math.sqrt(agreement) * shared + math.sqrt(1 - agreement) * generator.normal(size=units.size)
        is_hit = of_unit + math.sqrt(1 - ALIKE) * own < (NORMAL.inv_cdf(share) if share else -math.inf)
        found.append(np.bincount(units, is_hit, count))
    return found


def paired(first: float, second: float, agreement: float, patients: int, several: bool) -> Trial:
    def trial(generator: np.random.Generator) -> dict[str, bool | float]:
        trials = generator.integers(1, 5, patients) if several else np.ones(patients, np.int64)
        sides = hits((first, second), agreement, np.repeat(np.arange(patients), trials), patients, generator)
        counts = [Counts(side, trials.astype(float)) for side in sides]
        return judged(proportion_difference.difference(*counts), first - second)

    return trial


def between_groups(first: float, second: float, patients: int, is_overlapping: bool) -> Trial:
    """Groups of as many patients each; where they overlap, a third of the patients is in both."""

    def trial(generator: np.random.Generator) -> dict[str, bool | float]:
        count = 2 * patients - (patients // 3 if is_overlapping else 0)
        inside = np.arange(count) < patients, np.arange(count) >= count - patients
        counts = []
        sides = hits((first, second), 0.0, np.arange(count), count, generator)
        for side, within in zip(sides, inside, strict=True):
            counts.append(Counts(np.where(within, side, 0), within.astype(float)))
        return judged(proportion_difference.difference(*counts), first - second)

    return trial


def judged(found: proportion_difference.ProportionDifference, truth: float) -> dict[str, bool | float]:
    shares: dict[str, bool | float] = {"interval": holds(found.interval, truth)}
    if truth == 0:
        shares["p < 0.05"] = found.p < comparison.SIGNIFICANCE
    return shares


def iou_holds(mean: float, patients: int, none: float) -> Trial:
    """IoU of two runs, beta distributed, `none` of the films with 0; they share half of what makes them differ."""

    def draw(generator: np.random.Generator) -> np.ndarray:
        values = generator.beta(mean * 3, (1 - mean) * 3, size=patients)
        return np.where(generator.random(patients) < none, 0.0, values)

    def trial(generator: np.random.Generator) -> dict[str, bool | float]:
        shared = draw(generator)
        sides = [np.where(generator.random(patients) < 0.5, shared, draw(generator)) for _ in range(2)]
        counts = [Counts(side, np.ones(patients), is_binary=False) for side in sides]
        found = proportion_difference.difference(*counts)
        return {
            "IoU": holds(proportion.of_units(counts[0]).interval, mean * (1 - none)),
            "difference": holds(found.interval, 0.0),
            "p < 0.05": found.p < comparison.SIGNIFICANCE,
        }

    return trial


def predictive(sensitivity: float, specificity: float, prevalence: float, positives: int, negatives: int) -> Trial:
    def trial(generator: np.random.Generator) -> dict[str, bool | float]:
        counts = [
            Counts((generator.random(rows) < share).astype(float), np.ones(rows))
            for share, rows in ((sensitivity, positives), (specificity, negatives))
        ]
        found, cleared = (proportion.of_units(one) for one in counts)
        ill, healthy = prevalence, 1 - prevalence
        ppv = sensitivity * ill / (sensitivity * ill + (1 - specificity) * healthy)
        npv = specificity * healthy / (specificity * healthy + (1 - sensitivity) * ill)
        return {
            "PPV": holds(predictive_values.positive_predictive_value(found, cleared, prevalence)[1], ppv),
            "NPV": holds(predictive_values.negative_predictive_value(found, cleared, prevalence)[1], npv),
        }

    return trial


def rows() -> Iterator[Row]:
    section = "Sensitivity, specificity, pointing game"
    for units in (10, 50, 150):
        for share in (0.5, 0.9, 0.97):
            yield Row(section, f"proportion {share}, {units} rows", value_holds(share, units, -1))
            name = f"proportion {share}, {units} patients alike by {ALIKE}"
            yield Row(section, name, value_holds(share, units, ALIKE))
    section = "Differences of the pointing game, and of sensitivity between groups"
    for patients in (10, 25, 50, 150):
        for first, second, agreement in ((0.5, 0.5, 0.5), (0.5, 0.5, 0.98), (0.05, 0, 0), (0.9, 0.8, 0.5)):
            for several in (False, True):
                ending = " of several films" if several else ""
                name = f"{first} against {second}, agreeing by {agreement}, {patients} patients{ending}"
                yield Row(section, name, paired(first, second, agreement, patients, several))
    for patients in (10, 25, 100):
        for first, second in ((0.8, 0.8), (0.98, 0.98), (0.9, 0.7)):
            for is_overlapping in (False, True):
                ending = ", a third in both" if is_overlapping else ""
                name = f"groups: {first} against {second}, {patients} patients each{ending}"
                yield Row(section, name, between_groups(first, second, patients, is_overlapping))
    for patients in (10, 25, 100):
        for mean, none in ((0.4, 0.0), (0.2, 0.5)):
            name = f"IoU {mean}, {none} of films without any, {patients} patients"
            yield Row("IoU", name, iou_holds(mean, patients, none))
    for positives, negatives in ((10, 90), (30, 200), (100, 400)):
        for sensitivity, specificity in ((0.8, 0.9), (0.95, 0.98)):
            name = f"sensitivity {sensitivity}, specificity {specificity}, {positives} positives, {negatives} negatives"
            trial = predictive(sensitivity, specificity, 0.05, positives, negatives)
            yield Row("PPV and NPV at a prevalence of 0.05", name, trial)
