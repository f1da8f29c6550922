"""Raw labels as ground truth for scores, whatever policy training followed."""

from collections.abc import Sequence

import numpy as np

from chex_tf.data.policies import Rule
from chex_tf.observations import BLANK, NEGATIVE, POSITIVE


def truth(labels: np.ndarray, blank_rules: Sequence[Rule]) -> np.ndarray:
    """(images, tasks): 1, 0, or NaN where a raw label is left out of scores.

    "Not mentioned" counts as negative for the tasks whose rule for it is zeros.
    """
    blank_is_negative = np.array([rule.name == "zeros" for rule in blank_rules])
    negative = (labels == NEGATIVE) | ((labels == BLANK) & blank_is_negative)
    return np.where(labels == POSITIVE, 1.0, np.where(negative, 0.0, np.nan))
