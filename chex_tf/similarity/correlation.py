"""Canonical correlation analysis (CCA) of two layers, and the similarities made of it, from moments.

Coefficients are the singular values of the product of the two whitened layers. They do not change under an invertible
linear map of either side.

- mean CCA: the mean of all coefficients, as many as the smaller of the two ranks;
- SVCCA (Raghu et al. 2017): the mean over coefficients of the leading principal components of each side, as many as
  hold a given share of its variance;
- projection-weighted CCA (Morcos et al. 2018, section 3): coefficients weighted by αᵢ = Σⱼ |⟨hᵢ, xⱼ⟩|, hᵢ being the
  first side's canonical variables and xⱼ its centred neurons;
- the same as the authors' published code weights them (`pwcca_code`): directions are applied to activations that were
  not whitened, the neurons' means are added to them, they are made orthogonal one after another, and the neurons that
  they are multiplied with are not centred. Its value changes with the neurons' means and with the signs that a
  singular value decomposition happens to give. It weights by the side of smaller rank, the first if both are equal;
  where that is the second, the code mixes the two sides up, and here the second's own activations are taken.
"""

import dataclasses

import numpy as np
import scipy.linalg

from chex_tf.similarity.moments import Pair, Principal, Side
from chex_tf.similarity.refusal import Refusal


@dataclasses.dataclass(frozen=True)
class Canonical:
    """Coefficients, the largest first, and each side's directions in its whitened space."""

    coefficients: np.ndarray
    first: np.ndarray
    second: np.ndarray


def mean_cca(pair: Pair) -> float:
    return float(np.mean(standardised(pair).coefficients))


def standardised(pair: Pair) -> Canonical:
    """CCA of all that changes on either side."""
    scales = np.outer(pair.first.deviations, pair.second.deviations)
    bases = pair.first.standardised, pair.second.standardised
    return _canonical(pair, _changing(pair) / scales, *bases)


def components_for(side: Side, share: float) -> int:
    """How few principal components hold this share of the variance."""
    held = np.cumsum(side.principal.sizes)
    if not held.size:
        return 0
    return min(int(np.searchsorted(held, share * held[-1] * (1 - 1e-12))) + 1, held.size)


def svcca(pair: Pair, components: tuple[int, int]) -> float:
    """With so many principal components of the first and the second side."""
    bases = [
        Principal(side.principal.sizes[:count], side.principal.directions[:, :count])
        for side, count in zip((pair.first, pair.second), components, strict=True)
    ]
    return float(np.mean(_canonical(pair, _changing(pair), *bases).coefficients))


def pwcca(pair: Pair) -> float:
    found = standardised(pair)
    side, base = pair.first, pair.first.standardised
    shown = (found.first.T * np.sqrt(base.sizes)) @ base.directions.T * side.deviations
    return _weighted(found.coefficients, np.abs(shown).sum(axis=1))


def pwcca_code(pair: Pair) -> float:
    bases = pair.first.principal, pair.second.principal
    for side, base in zip((pair.first, pair.second), bases, strict=True):
        if len(base.sizes) < len(side.changing):
            raise Refusal(
                f"rank {len(base.sizes):,} of {len(side.changing):,} neurons",
                "the published code's weights need neurons of which none follows from others",
            )
    _check_points(pair, bases)
    roots = [(base.directions / np.sqrt(base.sizes)) @ base.directions.T for base in bases]
    left, coefficients, right = np.linalg.svd(roots[0] @ _changing(pair) @ roots[1], full_matrices=False)
    takes_first = len(bases[0].sizes) <= len(bases[1].sizes)
    side, directions = (pair.first, left) if takes_first else (pair.second, right.T)
    mean = side.mean[side.changing]
    means = pair.points * np.outer(mean, mean)
    half = directions.T @ side.scatter[np.ix_(side.changing, side.changing)]
    # Orthogonal one after another, as by QR: L is the triangle's transpose.
    triangle = np.linalg.cholesky(half @ directions + means)
    shown = scipy.linalg.solve_triangular(triangle, half + means, lower=True)
    return _weighted(np.minimum(coefficients, 1.0), np.abs(shown).sum(axis=1))


def _weighted(coefficients: np.ndarray, weights: np.ndarray) -> float:
    return float(weights @ coefficients / weights.sum())


def _changing(pair: Pair) -> np.ndarray:
    return pair.cross[np.ix_(pair.first.changing, pair.second.changing)]


def _canonical(pair: Pair, cross: np.ndarray, first: Principal, second: Principal) -> Canonical:
    _check_points(pair, (first, second))
    whitened = (first.directions / np.sqrt(first.sizes)).T @ cross @ (second.directions / np.sqrt(second.sizes))
    left, coefficients, right = np.linalg.svd(whitened, full_matrices=False)
    return Canonical(np.minimum(coefficients, 1.0), left, right.T)


def _check_points(pair: Pair, bases: tuple[Principal, Principal]) -> None:
    """Two spaces whose dimensions reach the number of points, less one for the mean, have a direction in common."""
    ranks = [len(base.sizes) for base in bases]
    counts = f"{ranks[0]:,} + {ranks[1]:,} dimensions over {pair.points:,} points"
    if not min(ranks):
        raise Refusal(counts, "a layer is constant")
    if sum(ranks) >= pair.points:
        raise Refusal(
            counts,
            "in so few points CCA is 1 in some direction for anything; it needs more than both sides' dimensions",
        )
