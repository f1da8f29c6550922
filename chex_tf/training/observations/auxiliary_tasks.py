"""Sex, age, view and projection as tasks: their losses, and what validation says of them, image by image."""

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from chex_tf.data import auxiliary
from chex_tf.statistics import ranking
from chex_tf.training.observations import losses

AGE = "age"
AGE_ERROR = "age_error_years"  # mean absolute error
# What ranks checkpoints where no observations are learned.
MEAN_AUROC, NEGATIVE_AGE_ERROR = "auxiliary_auroc", "negative_age_error"


def loss(name: str, outputs: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor, age_unit: str) -> tf.Tensor:
    """Smooth L1 for the age, cross-entropy for the others (in-domain pre-training, section 5.1), summed.

    Targets are as batches have them; the age is predicted in `age_unit`.
    """
    values = tf.reshape(outputs, [-1])
    if name == AGE:
        return losses.smooth_l1(values, auxiliary.age_in(age_unit, targets), weights)
    return losses.cross_entropy(values, targets, weights)


def column(name: str) -> str:
    """Of metrics.csv."""
    return AGE_ERROR if name == AGE else f"auroc/{name}"


def score(name: str, outputs: np.ndarray, targets: np.ndarray, weights: np.ndarray, age_unit: str) -> float:
    """AUROC or, of the age, the mean absolute error in years, over the images for which it is known (weight above 0).

    NaN where none is known, or for AUROC only one kind.
    """
    known = weights > 0
    values, truth = outputs.reshape(-1)[known].astype(np.float64), targets[known].astype(np.float64)
    if name != AGE:
        return ranking.unweighted_auroc(truth, values)
    errors = auxiliary.years(values, age_unit) - auxiliary.age_in("year", truth)
    return float(np.abs(errors).mean()) if known.any() else float("nan")


def score_name(names: Sequence[str]) -> str:
    """Of the score that ranks checkpoints where only these tasks are learned."""
    return NEGATIVE_AGE_ERROR if tuple(names) == (AGE,) else MEAN_AUROC


def score_label(names: Sequence[str]) -> str:
    if tuple(names) == (AGE,):
        return "negative error of age in years"
    return f"AUROC of {', '.join(name for name in names if name != AGE)}"


def ranked_by(names: Sequence[str]) -> str:
    """What ranks checkpoints where only these tasks are learned, in words."""
    return "the error of age, the smallest first" if tuple(names) == (AGE,) else score_label(names)


def say_score(names: Sequence[str], best: float) -> str:
    """The best ranking score of these tasks, in words."""
    return (
        f"smallest error of age {-best:.1f} years"
        if tuple(names) == (AGE,)
        else f"best {score_label(names)} {best:.4f}"
    )


def say_scores(values: Mapping[str, float], names: Sequence[str]) -> str:
    """The scores of these tasks among the values of an evaluation, in words."""
    said = {name: values[column(name)] for name in names}
    return ", ".join(
        f"{name} unknown"
        if np.isnan(value)
        else f"{name} {value:.1f} years off"
        if name == AGE
        else f"AUROC of {name} {value:.4f}"
        for name, value in said.items()
    )


def ranking_score(values: Mapping[str, float]) -> float:
    """From `score` by task: the mean of the AUROCs that there are; for the age alone, its error below zero."""
    if tuple(values) == (AGE,):
        return -values[AGE]
    known = [value for name, value in values.items() if name != AGE and not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def describe_known(name: str, targets: np.ndarray, weights: np.ndarray) -> str:
    """How many images' sex, age, view or projection is known, and of how many it is which."""
    known = weights > 0
    if name == AGE:
        return f"age of {int(known.sum()):,}"
    kinds = targets[known].astype(int)
    counted = ", ".join(f"{int((kinds == kind).sum()):,} {word}" for kind, word in enumerate(auxiliary.CLASSES[name]))
    return f"{name} of {int(known.sum()):,} ({counted})"


def lacking(name: str, targets: np.ndarray, weights: np.ndarray) -> str:
    """Why nothing can be learned from, or scored on, these targets; empty if it can."""
    known = weights > 0
    if not known.any():
        return "it is known of no image"
    if name == AGE:
        return ""
    kinds = [auxiliary.CLASSES[name][int(kind)] for kind in np.unique(targets[known])]
    return "" if len(kinds) > 1 else f"all {int(known.sum()):,} images of which it is known are {kinds[0]}"
