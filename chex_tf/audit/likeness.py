"""How alike two films are: the correlation of their small versions where coarse shading and fine noise are taken out.

Two films of a chest look alike at a glance; what tells them apart, or shows that they are one, are structures of two to
six pixels of a small version: ribs, heart border, vessels. A copy that was resized or cut by a hair lies a fraction of
such a pixel beside the original. So the one is fitted by the other and its derivatives (a shift and a stretch along
each side), and the correlation is that of the fit, the smaller of both directions.
"""

import numpy as np

from chex_tf.audit.fingerprints import SIDE

_FINE, _COARSE = 0.7, 3.0  # standard deviations, in pixels of the small version, between which structures are kept
_INNER = slice(1, -1)  # derivatives are not known at the edge
_LEAST_UNALIGNED = 0.7  # below, no small shift leads to what counts as a copy
_AT_ONCE = 2048
_RIDGE = 1e-6
_NO_STRUCTURE = 1e-3  # the length of a film with one rank, but for rounding; ranks go to 255


def correlation(
    ranks: np.ndarray, first: np.ndarray, second: np.ndarray, mirrored: bool = False, negative: bool = False
) -> np.ndarray:
    """(pairs,), of places `first` and `second` in ranks (films, 32, 32). The second film is mirrored, or its
    intensities turned, before. Where the unaligned correlation is low, that is what is given."""
    found = np.empty(len(first))
    for start in range(0, len(first), _AT_ONCE):
        block = slice(start, start + _AT_ONCE)
        one, other = structures(ranks[first[block]]), structures(ranks[second[block]])
        other = other[:, :, ::-1] if mirrored else other
        other = -other if negative else other
        found[block] = _aligned(one, other)
    return found


def structures(ranks: np.ndarray) -> np.ndarray:
    """(films, 32, 32) float64, without what is coarser or finer than is compared."""
    values = ranks.astype(np.float64)
    fine = _FINE_BLUR @ values @ _FINE_BLUR.T
    return np.asarray(fine - _COARSE_BLUR @ fine @ _COARSE_BLUR.T)


def _aligned(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    plain = np.einsum("pk,pk->p", _normalised(one), _normalised(other))
    close = np.flatnonzero(plain >= _LEAST_UNALIGNED)
    if close.size:
        one, other = one[close], other[close]
        plain[close] = np.minimum(_fit(one, other), _fit(other, one))
    return np.asarray(plain)


def _fit(by: np.ndarray, of: np.ndarray) -> np.ndarray:
    """The multiple correlation of `of` with `by`, its derivatives, and these times the place along their side."""
    down, across = np.gradient(by, axis=(1, 2))
    place = (np.arange(SIDE) - (SIDE - 1) / 2) / (SIDE / 2)
    parts = [by, down, across, down * place[:, None], across * place]
    basis = np.stack([_normalised(part) for part in parts], axis=1)
    target = _normalised(of)
    products = basis @ basis.transpose(0, 2, 1) + _RIDGE * np.eye(len(parts))
    with_target = basis @ target[:, :, None]
    explained = (with_target * np.linalg.solve(products, with_target)).sum(axis=(1, 2))
    return np.sqrt(np.clip(explained, 0, 1))


def _normalised(films: np.ndarray) -> np.ndarray:
    """(films, pixels): without the edge, mean 0, length 1; a film without any structure is all 0."""
    flat = films[:, _INNER, _INNER].reshape(len(films), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.asarray(np.divide(flat, length, out=np.zeros_like(flat), where=length > _NO_STRUCTURE))


def _blur(deviation: float) -> np.ndarray:
    """(32, 32): a Gaussian along one side; beyond the edge the film is reflected."""
    places = np.arange(-2 * SIDE, 3 * SIDE)
    reflected = np.where(places % (2 * SIDE) < SIDE, places % (2 * SIDE), 2 * SIDE - 1 - places % (2 * SIDE))
    found = np.zeros((SIDE, SIDE))
    for row in range(SIDE):
        weights = np.exp(-((places - row) ** 2) / (2 * deviation**2))
        np.add.at(found[row], reflected, weights / weights.sum())
    return found


_FINE_BLUR, _COARSE_BLUR = _blur(_FINE), _blur(_COARSE)
