"""Whether embeddings still say something: their standard deviation per unit, and their effective rank."""

import dataclasses

import numpy as np

# Embeddings that are worse than this have collapsed: all alike, or all on one line.
LEAST_VARIATION, LEAST_RANK = 1e-3, 1.05


@dataclasses.dataclass(frozen=True)
class Health:
    """Of embeddings (images, units).

    deviation, least_deviation  mean and smallest standard deviation (over n) of a unit
    variation                   `deviation` as a share of the root mean square of all numbers; 0 if they are all 0
    effective_rank              from 1 to the smaller of units and images less one; 0 if all images are alike
    """

    deviation: float
    least_deviation: float
    variation: float
    effective_rank: float


def measure(embeddings: np.ndarray) -> Health:
    values = embeddings.astype(np.float64)
    deviations = values.std(axis=0)
    size = float(np.sqrt(np.square(values).mean()))
    mean = float(deviations.mean())
    return Health(mean, float(deviations.min()), mean / size if size > 0 else 0.0, effective_rank(values))


def effective_rank(values: np.ndarray) -> float:
    """exp of the entropy of the singular values of centred `values`, as shares of their sum (Roy and Vetterli 2007)."""
    centred = values - values.mean(axis=0)
    rows, columns = centred.shape
    products = centred @ centred.T if rows < columns else centred.T @ centred
    singular = np.sqrt(np.clip(np.linalg.eigvalsh(products), 0, None))
    if singular.sum() == 0:
        return 0.0
    shares = singular[singular > 0] / singular.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def fault(found: Health) -> str:
    """Which of the two fell too low, in words; empty if neither did."""
    if found.variation < LEAST_VARIATION:
        return (
            f"the standard deviation of the embedding's units fell to {found.deviation:.3g} on average, "
            f"{found.variation:.2g} of its size: every film has the same embedding"
        )
    if found.effective_rank < LEAST_RANK:
        return (
            f"the effective rank of the embedding fell to {found.effective_rank:.3f}: all units say the same thing of "
            "a film"
        )
    return ""
