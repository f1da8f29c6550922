"""Linear centred kernel alignment (CKA), biased and debiased, from moments.

Kornblith et al. 2019: HSIC(K, L) over the root of HSIC(K, K) HSIC(L, L) for the kernels K = XXᵀ and L = YYᵀ. The
biased one is |XᵀY|² / (|XᵀX| |YᵀY|) with X and Y centred; unrelated features have about neurons / points. The debiased
one puts the U-statistic of Song et al. 2012 (HSIC₁) in its place, of which unrelated features have 0 on average:

    n (n - 3) HSIC₁ = tr K̃L̃ + 1ᵀK̃1 1ᵀL̃1 / ((n - 1)(n - 2)) - 2 / (n - 2) 1ᵀK̃L̃1,

K̃ and L̃ being the kernels with zeros on the diagonal. It does not change when X or Y is shifted. So let both be centred,
and p and q be the points' squared lengths: K̃1 = -p, L̃1 = -q, tr K̃L̃ = |XᵀY|² - p·q, and

    n (n - 3) HSIC₁ = |XᵀY|² - n / (n - 2) p·q + Σp Σq / ((n - 1)(n - 2)),

which needs no matrix of points by points.
"""

import math

import numpy as np

from chex_tf.similarity.moments import Pair
from chex_tf.similarity.refusal import Refusal

FEWEST_POINTS = 4  # of the debiased one


def biased(pair: Pair) -> float:
    _check_changing(pair)
    return float(np.sum(pair.cross**2) / (np.linalg.norm(pair.first.scatter) * np.linalg.norm(pair.second.scatter)))


def debiased(pair: Pair) -> float:
    """May be slightly below 0."""
    _check_changing(pair)
    n = pair.points
    if n < FEWEST_POINTS:
        raise Refusal(f"{n} points", f"debiased CKA needs {FEWEST_POINTS}")
    first, second = pair.first, pair.second
    traces = float(np.trace(first.scatter)), float(np.trace(second.scatter))
    both = _hsic(np.sum(pair.cross**2), pair.lengths, traces[0] * traces[1], n)
    alone = [
        _hsic(np.sum(side.scatter**2), side.squared_lengths, trace**2, n)
        for side, trace in zip((first, second), traces, strict=True)
    ]
    if min(alone) <= 0:
        raise Refusal(f"{n} points", "a layer's debiased HSIC with itself is 0")
    return both / math.sqrt(alone[0] * alone[1])


def _hsic(products: float, lengths: float, traces: float, n: int) -> float:
    """n (n - 3) times HSIC₁."""
    return float(products - n / (n - 2) * lengths + traces / ((n - 1) * (n - 2)))


def _check_changing(pair: Pair) -> None:
    for side in (pair.first, pair.second):
        if not side.changing.size:
            raise Refusal(f"{side.neurons:,} neurons over {pair.points:,} points", "a layer is constant")
