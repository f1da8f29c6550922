"""The linear probe: scikit-learn's logistic regression on standardised features, C chosen on validation."""

import dataclasses
import warnings
from collections.abc import Sequence

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from chex_tf.statistics.ranking import unweighted_auroc

# Inverse strengths of the penalty, the strongest first; the first among equals on validation is taken.
GRID = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
MOST_ITERATIONS = 1000
NEAREST_TO_CERTAIN = 1e-15  # 0 and 1 would be a reader's decisions


@dataclasses.dataclass(frozen=True)
class Fit:
    """One task's probe. `scores` are probabilities of the rows to predict; where a class is missing from the training
    rows nothing can be fitted, and every score is one half. `chosen` is C or k, NaN then."""

    scores: np.ndarray
    chosen: float
    converged: bool = True
    reason: str = ""


def lacking(labels: np.ndarray, where: str) -> str:
    """Why nothing can be fitted or chosen on these labels; empty where both classes are there."""
    absent = [kind for kind, value in (("positive", 1), ("negative", 0)) if not (labels == value).any()]
    return f"no {' and no '.join(absent)} {where}" if absent else ""


def fit(
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    test: np.ndarray,
    grid: Sequence[float] = GRID,
) -> Fit:
    """`train` and `validation` are features and labels, 1, 0 or NaN (not used). Mean and deviation of the features are
    those of the training rows that are used."""
    features, labels = _labelled(*train)
    chosen_on, truth = _labelled(*validation)
    reason = lacking(labels, "to fit on") or lacking(truth, "on validation")
    if reason:
        return Fit(np.full(len(test), 0.5), np.nan, reason=reason)
    scaler = StandardScaler().fit(features)
    features, chosen_on, test = (scaler.transform(rows) for rows in (features, chosen_on, test))
    best, best_area, best_c, converged = None, -1.0, np.nan, True
    for c in grid:
        model = LogisticRegression(C=c, max_iter=MOST_ITERATIONS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # counted below, and said
            model.fit(features, labels)
        area = unweighted_auroc(truth, model.decision_function(chosen_on))
        if area > best_area:
            best, best_area, best_c = model, area, c
            converged = bool(model.n_iter_.max() < MOST_ITERATIONS)
    assert best is not None
    scores = best.predict_proba(test)[:, 1]
    return Fit(np.clip(scores, NEAREST_TO_CERTAIN, 1 - NEAREST_TO_CERTAIN), best_c, converged)


def _labelled(features: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    known = ~np.isnan(labels)
    return features[known], labels[known]
