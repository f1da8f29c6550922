"""Permutation p of Spearman's rho: exact for few points, by drawn orders beyond; never zero."""

import dataclasses
import itertools
import math

import numpy as np

from chex_tf.statistics.ranks import average_ranks

EXACT_UP_TO = 10  # points, whose 3,628,800 orders are all counted
DRAWN_ORDERS = 99_999
_ORDERS_AT_ONCE = 10_000


@dataclasses.dataclass(frozen=True)
class PermutationP:
    """Two-sided: the share of `orders` whose |rho| is at least the observed one. If not all orders are counted, the
    observed one is counted with those that were drawn."""

    p: float
    orders: int
    is_exact: bool


def permutation_p(first: np.ndarray, second: np.ndarray, seed: int) -> PermutationP:
    """NaN where rho is undefined: fewer than two points, one side constant, or a NaN."""
    size = first.size
    is_constant = size < 2 or np.ptp(first) == 0 or np.ptp(second) == 0
    if is_constant or np.isnan(first).any() or np.isnan(second).any():
        return PermutationP(math.nan, 0, False)
    # Twice the ranks are whole numbers, so equal |rho| are seen to be equal.
    a, b = ((2 * average_ranks(side)).astype(np.int64) for side in (first, second))
    expected = int(a.sum()) * int(b.sum())
    observed = abs(size * int(a @ b) - expected)
    if size <= EXACT_UP_TO:
        counts = _counts_of_sums(a, b)
        reached = np.abs(size * np.arange(counts.size) - expected) >= observed
        orders = math.factorial(size)
        return PermutationP(int(counts[reached].sum()) / orders, orders, True)
    generator = np.random.default_rng(seed)
    found = 1
    for start in range(0, DRAWN_ORDERS, _ORDERS_AT_ONCE):
        rows = min(_ORDERS_AT_ONCE, DRAWN_ORDERS - start)
        sums = generator.permuted(np.broadcast_to(b, (rows, size)), axis=1) @ a
        found += int(np.sum(np.abs(size * sums - expected) >= observed))
    return PermutationP(found / (DRAWN_ORDERS + 1), DRAWN_ORDERS, False)


def _counts_of_sums(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How many orders of `b` have each sum of products with `a`; place by place, by the set of those used so far."""
    size = a.size
    longest = int(np.sort(a) @ np.sort(b)) + 1
    by_used = {0: np.zeros(longest, np.int64)}
    by_used[0][0] = 1
    for place in range(size):
        following: dict[int, np.ndarray] = {}
        for used in map(sum, itertools.combinations([1 << number for number in range(size)], place)):
            for number in range(size):
                if used & 1 << number:
                    continue
                step = int(a[place] * b[number])
                sums = following.setdefault(used | 1 << number, np.zeros(longest, np.int64))
                sums[step:] += by_used[used][: longest - step]
        by_used = following
    return by_used[(1 << size) - 1]
