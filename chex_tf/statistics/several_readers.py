"""Several readers as a sample of readers: their mean, with an interval over readers and cases.

Readers vary about their mean with mean square MS; as all of them read the same cases, each two have a covariance, Cov,
which resampled cases give. The variance of the mean of R readers is (MS + R max(Cov, 0)) / R (Obuchowski and Rockette
1995). MS is known from R readers only, Cov from many cases, so the quantile is that of Student's t with R - 1 degrees
of freedom and the normal one, weighted by their shares of the variance (Cochran 1964). Drawing readers anew as cases
are drawn would not do: of three readers it takes two thirds of their variance, and the interval covers too little.
"""

import math
from collections.abc import Callable

import numpy as np

from chex_tf.statistics.bootstrap import HIGH, Interval

_BISECTIONS = 60  # of the logarithm of p: to far more digits than are shown


def over_readers(
    values: np.ndarray, replicates: np.ndarray, low: float = -math.inf, high: float = 1.0
) -> tuple[float, Interval, float]:
    """Mean, 95% interval, and two-sided p of a mean of zero. `values` [readers], at least two; `replicates`
    [replicates, readers] with cases resampled, the same for all. Beyond `low` and `high` the number cannot lie."""
    readers = values.size
    if readers < 2:
        raise ValueError(f"expected at least two readers; received {readers}")
    value = float(values.mean())
    defined = replicates[~np.isnan(replicates).any(axis=1)]
    undefined = replicates.shape[0] - defined.shape[0]
    if math.isnan(value) or defined.shape[0] < 2:
        return value, Interval(math.nan, math.nan, undefined, "no replicate has a value"), math.nan
    # Not by BLAS, whose order of addition depends on the number of threads.
    moved = defined - defined.mean(axis=0)
    covariances = np.einsum("br,bs->rs", moved, moved) / (defined.shape[0] - 1)
    shared = max(float(covariances.sum() - np.trace(covariances)) / (readers * (readers - 1)), 0.0)
    square = float(values.var(ddof=1))
    total = square + readers * shared
    if total <= 0:
        return value, Interval(math.nan, math.nan, undefined, "readers and replicates are all alike"), math.nan
    error = math.sqrt(total / readers)
    quantile = _quantile(square / total, readers - 1)
    reach = error * quantile(1 - HIGH)
    interval = Interval(max(value - reach, low), min(value + reach, high), undefined)
    return value, interval, _p(abs(value) / error, quantile)


def _quantile(share: float, freedom: int) -> Callable[[float], float]:
    """From a probability to the distance that is exceeded with it, in standard errors."""
    from scipy import special  # loads slowly, and most evaluations have no readers

    return lambda tail: -float(share * special.stdtrit(freedom, tail) + (1 - share) * special.ndtri(tail))


def _p(distance: float, quantile: Callable[[float], float]) -> float:
    """The two-sided p at which the interval would end at zero, by bisection of its logarithm."""
    low, high = math.log(1e-300), math.log(0.5)
    if distance >= quantile(math.exp(low)):
        return 2 * math.exp(low)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if quantile(math.exp(middle)) > distance else (low, middle)
    return 2 * math.exp(high)
