"""Ranks, and Spearman's rho of them."""

import numpy as np


def average_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1 along the last axis, equal values sharing the mean of their ranks."""
    order = np.argsort(values, axis=-1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=-1)
    places = np.broadcast_to(np.arange(values.shape[-1]), values.shape)
    is_first = np.ones(values.shape, dtype=bool)
    is_first[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    first = np.maximum.accumulate(np.where(is_first, places, 0), axis=-1)
    is_last = np.ones(values.shape, dtype=bool)
    is_last[..., :-1] = is_first[..., 1:]
    last = np.minimum.accumulate(np.where(is_last, places, values.shape[-1])[..., ::-1], axis=-1)[..., ::-1]
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, (first + last) / 2 + 1, axis=-1)
    return ranks


def normal_scores(values: np.ndarray) -> np.ndarray:
    """The normal distribution's quantiles at the ranks' places, which are 0 in the middle."""
    from scipy import special  # loads slowly, and most evaluations need no correlation

    return np.asarray(special.ndtri((average_ranks(values) - 0.5) / values.shape[-1]))


def rho(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Spearman's rho along the last axis; NaN where either side is constant or holds a NaN."""
    first, second = np.broadcast_arrays(first, second)
    undefined = np.isnan(first).any(axis=-1) | np.isnan(second).any(axis=-1)
    a = average_ranks(first)
    b = average_ranks(second)
    a -= a.mean(axis=-1, keepdims=True)
    b -= b.mean(axis=-1, keepdims=True)
    size = np.sqrt(np.sum(a**2, axis=-1) * np.sum(b**2, axis=-1))
    return np.divide(np.sum(a * b, axis=-1), size, out=np.full(size.shape, np.nan), where=(size > 0) & ~undefined)
