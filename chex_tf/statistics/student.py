"""Student's t distribution: tail and quantile, without scipy, which takes longer to load than an evaluation to run."""

import functools
import math
import statistics

_STEPS = 500
_PRECISION = 1e-15


def upper_tail(t: float, freedom: float) -> float:
    """P(T > t) for t of at least 0, with `freedom` degrees of freedom; the normal's if infinitely many."""
    if math.isinf(freedom):
        return math.erfc(t / math.sqrt(2)) / 2
    return _incomplete_beta(freedom / (freedom + t**2), freedom / 2, 0.5) / 2


@functools.lru_cache(maxsize=4096)
def quantile(level: float, freedom: float) -> float:
    """The t, of at least 0, that lies above a share of `level`."""
    if math.isinf(freedom):
        return statistics.NormalDist().inv_cdf(level)
    low, high = 0.0, 1.0
    while upper_tail(high, freedom) > 1 - level:
        low, high = high, 2 * high
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if upper_tail(middle, freedom) > 1 - level else (low, middle)
    return (low + high) / 2


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """Regularised; by its continued fraction, on the side where that converges soon."""
    if x <= 0 or x >= 1:
        return min(1.0, max(0.0, x))
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(1 - x, b, a)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    # From the last numerator to the first would need their number; Lentz's way goes forward.
    tiny = 1e-300
    ratio_above, ratio_below = 1.0, 0.0
    fraction = 1.0
    for step in range(_STEPS):
        half = step // 2
        if step == 0:
            numerator = 1.0
        elif step % 2 == 0:
            numerator = half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))
        else:
            numerator = -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
        ratio_below = 1 / ((1 + numerator * ratio_below) or tiny)
        ratio_above = (1 + numerator / ratio_above) or tiny
        change = ratio_above * ratio_below
        fraction *= change
        if abs(change - 1) < _PRECISION:
            break
    return math.exp(scale) / a * (fraction - 1)
