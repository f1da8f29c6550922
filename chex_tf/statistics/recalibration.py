"""Maps from a model's probability to a better calibrated one, fitted on validation rows and applied to others.

Platt: logistic(offset + slope * logit(p)), by maximum likelihood; it rises with p, so AUROC stays as it is. Isotonic:
the rising step function nearest to the labels in squares, straight between its steps; it makes ties, so AUROC may move.
"""

import dataclasses
from typing import Any

import numpy as np

from chex_tf.statistics import logistic_calibration
from chex_tf.statistics.logistic_calibration import logistic, logits

METHODS = ("platt", "isotonic")


@dataclasses.dataclass(frozen=True)
class Platt:
    offset: float
    slope: float

    def __call__(self, probabilities: np.ndarray) -> np.ndarray:
        # The extremes have no logit and map to themselves, or rows that differ would become ties.
        inner = (probabilities > 0) & (probabilities < 1)
        safe = np.where(inner, probabilities, 0.5)
        mapped = logistic(self.offset + self.slope * (np.log(safe) - np.log1p(-safe)))
        return np.asarray(np.where(inner, mapped, probabilities))

    def to_json(self) -> dict[str, Any]:
        return {"method": "platt", "offset": self.offset, "slope": self.slope}


@dataclasses.dataclass(frozen=True)
class Isotonic:
    """Straight lines through points of rising probability; constant beyond the first and the last."""

    probabilities: tuple[float, ...]
    becomes: tuple[float, ...]

    def __call__(self, probabilities: np.ndarray) -> np.ndarray:
        return np.asarray(np.interp(probabilities, self.probabilities, self.becomes))

    def to_json(self) -> dict[str, Any]:
        return {"method": "isotonic", "probabilities": list(self.probabilities), "becomes": list(self.becomes)}


@dataclasses.dataclass(frozen=True)
class Unchanged:
    """`reason` says why there is no map."""

    reason: str

    def __call__(self, probabilities: np.ndarray) -> np.ndarray:
        return probabilities

    def to_json(self) -> dict[str, Any]:
        return {"method": None, "reason": self.reason}


Recalibration = Platt | Isotonic | Unchanged


def fit(labels: np.ndarray, probabilities: np.ndarray, method: str) -> Recalibration:
    """Rows whose label is NaN are left out. Unchanged where no rising map exists."""
    labelled = ~np.isnan(labels)
    labels, probabilities = labels[labelled], probabilities[labelled]
    absent = [kind for kind, value in (("positive", 1), ("negative", 0)) if not (labels == value).any()]
    if absent:
        return Unchanged(f"no {' and no '.join(absent)} among the validation rows")
    if method == "isotonic":
        return _isotonic(labels, probabilities)
    if method != "platt":
        raise ValueError(f"expected one of {METHODS}; received {method!r}")
    found = logistic_calibration.fit(labels, logits(probabilities))
    offset, slope = float(found.offset[0]), float(found.slope[0])
    if np.isnan(slope):
        return Unchanged("the validation labels are separated by the probabilities, or all of these are the same")
    if slope <= 0:
        return Unchanged(
            f"on validation the slope is {slope:.3f}: probabilities fall where positives are more frequent"
        )
    return Platt(offset, slope)


def _isotonic(labels: np.ndarray, probabilities: np.ndarray) -> Isotonic:
    values, places = np.unique(probabilities, return_inverse=True)
    rows = np.bincount(places)
    from scipy.optimize import isotonic_regression  # loads slowly, and most evaluations recalibrate nothing

    fitted = isotonic_regression(np.bincount(places, labels) / rows, weights=rows).x
    # Of a flat stretch only its ends matter.
    inner = (np.diff(fitted, prepend=np.nan) != 0) | (np.diff(fitted, append=np.nan) != 0)
    return Isotonic(tuple(values[inner].tolist()), tuple(np.clip(fitted[inner], 0, 1).tolist()))
