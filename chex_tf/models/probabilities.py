"""Turns a head's logits into probabilities of "positive"."""

import numpy as np


def from_logits(logits: np.ndarray) -> np.ndarray:
    """(images, tasks) from one logit per task, or from three (negative, positive, uncertain): then positive against
    negative alone, as in the CheXpert paper's U-MultiClass (Irvin et al. 2019, section 3.1)."""
    margin = logits if logits.ndim == 2 else logits[..., 1] - logits[..., 0]
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * margin.astype(np.float64))))
