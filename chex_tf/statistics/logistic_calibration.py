"""Calibration intercept and slope by maximum likelihood, for any number of weightings of the rows at once.

With z the logit of a row's probability, the intercept ("calibration in the large", Cox 1958) is the a of
logit P(y = 1) = a + z, and the slope the b of logit P(y = 1) = c + b z. A calibrated model has a = 0 and b = 1; a > 0
says that probabilities are too low on the whole, b < 1 that they are too extreme.

Newton's method runs on all weightings together. It begins one step away from the estimate on all rows, a step that
needs matrix products only; a weighting that has converged drops out, so most take one or two full steps. One that
strays is fitted again alone, from afar and with halved steps.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from chex_tf.statistics import auroc_interval, student
from chex_tf.statistics.bootstrap import HIGH, Interval

# A probability of exactly 0 or 1 has no logit, and one such row would decide the fit: they count as this far from it.
EDGE = 1e-6
STEPS_AT_MOST = 30
# A last step: what is left after it is of the order of its square, far below a standard error.
LAST_STEP = 1e-3
STEP_AT_MOST = 2.0  # a longer one away from the estimate on all rows may never come back
CAREFUL_STEPS_AT_MOST = 50


def logistic(values: np.ndarray) -> np.ndarray:
    """1 / (1 + e^-x), exact to rounding in both tails; scipy has it too, and takes longer to load than all this."""
    small = np.exp(-np.abs(values))
    return np.where(values >= 0, 1.0, small) / (1.0 + small)


@dataclasses.dataclass(frozen=True)
class LogisticFit:
    """[weightings] each, NaN where the fit does not exist: one class only, or labels separated by the scores.

    `intercept` is the calibration in the large. `offset` and `slope` belong together: they are the recalibration
    logistic(offset + slope * logit(p)).
    """

    intercept: np.ndarray
    offset: np.ndarray
    slope: np.ndarray


def logits(probabilities: np.ndarray) -> np.ndarray:
    inside = np.clip(probabilities, EDGE, 1 - EDGE)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def beyond_edge(probabilities: np.ndarray) -> int:
    """How many probabilities are so close to 0 or 1 that `logits` moves them to the edge."""
    return int(np.sum((probabilities < EDGE) | (probabilities > 1 - EDGE)))


def fit(labels: np.ndarray, z: np.ndarray) -> LogisticFit:
    """On the rows as they are; labels of 0 and 1 only."""
    return fitter(labels, z)(np.ones((1, labels.size)))


def fitter(labels: np.ndarray, z: np.ndarray) -> Callable[[np.ndarray], LogisticFit]:
    """A function from row weights [weightings, rows], at least 0, to the fit under each."""
    is_positive = labels == 1
    ones = np.ones(labels.size)
    starts = [_careful(labels, z, ones, with_slope) for with_slope in (False, True)]

    def fit_all(weights: np.ndarray) -> LogisticFit:
        weights = weights.astype(np.float64)
        positives = weights @ is_positive
        both = (positives > 0) & (weights.sum(axis=1) > positives)
        found = np.full((3, weights.shape[0]), np.nan)
        if both.any():
            found[0, both] = _fits(labels, z, weights[both], starts[0], with_slope=False)[0]
            found[1:, both] = _fits(labels, z, weights[both], starts[1], with_slope=True)
        return LogisticFit(*found)

    return fit_all


def intervals(
    labels: np.ndarray, z: np.ndarray, units: np.ndarray, weights: np.ndarray | None = None
) -> tuple[Interval, Interval]:
    """95% of intercept and slope, from what each unit contributes to the fit (the sandwich variance) and Student's t
    with one degree of freedom less than there are units of the rarer class. `weights` [rows] make a class's sum what it
    is, whatever rows it has, so contributions then count from their class's mean."""
    fewer = auroc_interval.units_of_rarer_class(labels, units)
    if fewer < auroc_interval.FEWEST:
        nothing = Interval(np.nan, np.nan, 0, "fewer than 2 units with a positive or with a negative")
        return nothing, nothing
    by_row = np.ones(labels.size) if weights is None else weights
    found = fitter(labels, z)(by_row[np.newaxis])
    _, places = np.unique(units, return_inverse=True)
    count = int(places.max()) + 1

    def interval(value: float, offset: float, slope: float, design: np.ndarray) -> Interval:
        if np.isnan(value):
            return Interval(np.nan, np.nan, 0, "no fit: the probabilities separate the classes")
        residual, spread = _residual_and_spread(labels, offset + slope * z)
        moved = (by_row * residual)[:, np.newaxis] * design
        if weights is not None:
            for of_class in (labels == 0, labels == 1):
                moved[of_class] -= moved[of_class].mean(axis=0)
        inverse = np.linalg.inv(design.T @ ((by_row * spread)[:, np.newaxis] * design))
        by_unit = np.stack([np.bincount(places, column, count) for column in (moved @ inverse).T], axis=1)
        error = float(np.sqrt(count / (count - 1) * np.sum(by_unit[:, -1] ** 2)))
        reach = student.quantile(HIGH, fewer - 1) * error
        return Interval(value - reach, value + reach)

    intercept, offset, slope = (float(one[0]) for one in (found.intercept, found.offset, found.slope))
    ones = np.ones((z.size, 1))
    return interval(intercept, intercept, 1.0, ones), interval(slope, offset, slope, np.column_stack([ones, z]))


def _fits(labels: np.ndarray, z: np.ndarray, weights: np.ndarray, start: np.ndarray, with_slope: bool) -> np.ndarray:
    """[2, weightings] offset and slope, the slope held at 1 without `with_slope`."""
    found = np.full((2, weights.shape[0]), np.nan)
    if not np.isnan(start).any():
        found = _newton(labels, z, weights, start, with_slope)
    for place in np.flatnonzero(np.isnan(found[0])):
        found[:, place] = _careful(labels, z, weights[place], with_slope)
    return found


def _newton(labels: np.ndarray, z: np.ndarray, weights: np.ndarray, start: np.ndarray, with_slope: bool) -> np.ndarray:
    """NaN where plain Newton does not arrive."""
    at = np.repeat(start[:, np.newaxis], weights.shape[0], axis=1)
    design = np.stack([np.ones_like(z), z, z**2], axis=1)
    # At the common start all weightings share fitted values, so the step is a matrix product.
    residual, spread = _residual_and_spread(labels, start[0] + start[1] * z)
    gradient = weights @ (residual[:, np.newaxis] * design[:, :2])
    at += _step(gradient, weights @ (spread[:, np.newaxis] * design), with_slope)
    going = np.arange(weights.shape[0])
    for _ in range(STEPS_AT_MOST):
        residual, spread = _residual_and_spread(labels, at[0, going, np.newaxis] + at[1, going, np.newaxis] * z)
        drawn = weights if going.size == weights.shape[0] else weights[going]
        residual *= drawn
        spread *= drawn
        step = _step(residual @ design[:, :2], spread @ design, with_slope)
        at[:, going] += step
        lost = ~(np.abs(step).max(axis=0) < STEP_AT_MOST)
        at[:, going[lost]] = np.nan
        going = going[~lost & (np.abs(step).max(axis=0) > LAST_STEP)]
        if not going.size:
            break
    at[:, going] = np.nan
    return at


def _careful(labels: np.ndarray, z: np.ndarray, weights: np.ndarray, with_slope: bool) -> np.ndarray:
    """[2] for one weighting: from far away, halving a step that does not raise the likelihood. NaN where there is no
    maximum: steps then never become small."""
    positives, total = float(weights @ labels), float(weights.sum())
    if not 0 < positives < total:
        return np.full(2, np.nan)
    share = np.log(positives / (total - positives))
    at = np.array([share, 0.0]) if with_slope else np.array([share - float(weights @ z) / total, 1.0])
    design = np.stack([np.ones_like(z), z, z**2], axis=1)

    def likelihood(at: np.ndarray) -> float:
        linear = at[0] + at[1] * z
        return float(weights @ (labels * linear - np.logaddexp(0, linear)))

    before = likelihood(at)
    for _ in range(CAREFUL_STEPS_AT_MOST):
        residual, spread = _residual_and_spread(labels, at[0] + at[1] * z)
        gradient, information = (weights * residual) @ design[:, :2], (weights * spread) @ design
        step = _step(gradient[np.newaxis], information[np.newaxis], with_slope)[:, 0]
        if np.isnan(step).any():
            break
        for _ in range(CAREFUL_STEPS_AT_MOST):
            after = likelihood(at + step)
            if after >= before - 1e-12 * abs(before):
                break
            step /= 2
        at, before = at + step, after
        if np.abs(step).max() < LAST_STEP**2:
            return at
    return np.full(2, np.nan)


def _residual_and_spread(labels: np.ndarray, linear: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    fitted = logistic(linear)
    return labels - fitted, fitted * (1 - fitted)


def _step(gradient: np.ndarray, information: np.ndarray, with_slope: bool) -> np.ndarray:
    """[2, weightings] from gradients [weightings, 2] and the sums of spread times 1, z and z² [weightings, 3]; NaN
    where all z with weight are the same, so that there is no slope."""
    (first, second), (one, line, square) = gradient.T, information.T
    with np.errstate(divide="ignore", invalid="ignore"):
        if not with_slope:
            return np.stack([first / one, np.zeros_like(first)])
        determinant = one * square - line**2
        step = np.stack([square * first - line * second, one * second - line * first]) / determinant
        return np.where(determinant > 1e-12 * one * square, step, np.nan)
