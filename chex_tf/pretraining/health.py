"""Whether embeddings still say something: their standard deviation per unit, and their effective rank."""

import dataclasses

import numpy as np

# Embeddings that are worse than this have collapsed: all alike, as a share of how far they should vary, or on one line.
LEAST_VARIATION, LEAST_RANK = 1e-3, 1.05


@dataclasses.dataclass(frozen=True)
class Health:
    """Of embeddings (images, units).

    deviation, least_deviation  mean and smallest standard deviation (over n) of a unit
    size                        root mean square of all numbers
    effective_rank              from 1 to the smaller of units and images less one; 0 if all images are alike
    """

    deviation: float
    least_deviation: float
    size: float
    effective_rank: float


def measure(embeddings: np.ndarray) -> Health:
    values = embeddings.astype(np.float64)
    deviations = values.std(axis=0)
    size = float(np.sqrt(np.square(values).mean()))
    return Health(float(deviations.mean()), float(deviations.min()), size, effective_rank(values))


def effective_rank(values: np.ndarray) -> float:
    """exp of the entropy of the singular values of centred `values`, as shares of their sum (Roy and Vetterli 2007);
    NaN where a value is not finite."""
    if not np.isfinite(values).all():
        return float("nan")
    centred = values - values.mean(axis=0)
    rows, columns = centred.shape
    products = centred @ centred.T if rows < columns else centred.T @ centred
    singular = np.sqrt(np.clip(np.linalg.eigvalsh(products), 0, None))
    if singular.sum() == 0:
        return 0.0
    shares = singular[singular > 0] / singular.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def fault(found: Health, target: float | None) -> str:
    """Which of the two fell too low, in words; empty if neither did. `target` is the deviation that the loss asks for;
    without one it is the embedding's size, for then its scale means nothing."""
    due = found.size if target is None else target
    if found.deviation <= LEAST_VARIATION * due:
        of_what = f"of a size of {due:.3g}" if target is None else f"where the loss asks for {due:g}"
        return (
            f"the standard deviation of the embedding's units fell to {found.deviation:.3g} on average, {of_what}: "
            "every film has the same embedding"
        )
    if found.effective_rank < LEAST_RANK:
        return (
            f"the effective rank of the embedding fell to {found.effective_rank:.3f}: all units say the same thing of "
            "a film"
        )
    return ""
