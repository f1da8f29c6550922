"""Net benefit of acting on a probability (Vickers and Elkin 2006), per row of the set.

At a threshold t, someone who would act on a probability of t weighs a false positive as t / (1 - t) of a true positive:
net benefit = (true positives - false positives * t / (1 - t)) / rows. Acting on nobody has 0; acting on everybody has
prevalence - (1 - prevalence) * t / (1 - t). It takes probabilities at their word, so they must be calibrated.
"""

from collections.abc import Callable

import numpy as np

THRESHOLDS = np.arange(1, 100) / 100


def net_benefit_by_unit(
    labels: np.ndarray,
    probabilities: np.ndarray,
    units: np.ndarray,
    count: int,
    thresholds: np.ndarray = THRESHOLDS,
) -> Callable[[np.ndarray], np.ndarray]:
    """A function from unit weights [weightings, units] to net benefits [thresholds, weightings]. Rows whose label is
    NaN are left out; a probability equal to the threshold is acted on."""
    labelled = ~np.isnan(labels)
    rows, chosen, kept = labels[labelled], probabilities[labelled], units[labelled]
    worth = np.where(rows[:, np.newaxis] == 1, 1.0, -thresholds / (1 - thresholds))
    gained = np.zeros((count, thresholds.size))
    np.add.at(gained, kept, worth * (chosen[:, np.newaxis] >= thresholds))
    sizes = np.bincount(kept, minlength=count).astype(np.float64)

    def weigh(weights: np.ndarray) -> np.ndarray:
        weights = weights.astype(np.float64)
        total = weights @ sizes
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((weights @ gained).T / total)

    return weigh


def net_benefit_of_all(prevalence: float, thresholds: np.ndarray = THRESHOLDS) -> np.ndarray:
    """[thresholds] of acting on everybody."""
    return np.asarray(prevalence - (1 - prevalence) * thresholds / (1 - thresholds))
