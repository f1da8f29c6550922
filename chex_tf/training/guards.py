"""Checks that stop a run before it wastes a day: the first batch, the loaded weights, numbers that are none."""

from collections.abc import Mapping

import numpy as np

from chex_tf.models.inputs import Normalisation
from chex_tf.settings import InputError


class NonFinite(RuntimeError):
    """A loss or a gradient is no number; the message names metric, step and the last good checkpoint."""


def check_first_batch(
    batch: Mapping[str, np.ndarray], tasks: tuple[str, ...], normalisation: Normalisation
) -> list[str]:
    """Stops on images or labels that cannot be right; what it saw, in lines to be said."""
    images = np.asarray(batch["image"], np.float32)
    low, high = float(images.min()), float(images.max())
    if not np.isfinite(images).all() or low < 0.0 or high > 255.0 or high <= 1.0:
        raise InputError(
            f"the first batch's pixels go from {low:g} to {high:g}; expected values from 0 to 255 "
            "(normalised or scaled already?)",
            "data",
        )
    if np.ptp(images, axis=(1, 2, 3)).max() < 1.0:
        raise InputError(f"every image of the first batch is of one colour ({low:g}); are the records whole?", "data")
    seen = normalisation.apply(images)
    lowest, highest = float(seen.min()), float(seen.max())
    slack = 1e-3 * (normalisation.high - normalisation.low)
    if lowest < normalisation.low - slack or highest > normalisation.high + slack:
        raise InputError(
            f"the network would see {lowest:.3g} to {highest:.3g}; {normalisation.name} allows {normalisation.low:.3g} "
            f"to {normalisation.high:.3g}",
            "data",
        )
    weights, targets = np.asarray(batch["weights"]), np.asarray(batch["targets"])
    if not np.isfinite(targets).all() or targets.min() < 0.0 or targets.max() > 1.0:
        raise InputError(f"targets go from {targets.min():g} to {targets.max():g}; expected 0 to 1", "data")
    if weights.sum() == 0:
        raise InputError(
            "no label of the first batch has any weight; do the label policies leave anything to learn from?",
            "uncertain",
        )
    positive = targets[..., 1] if targets.ndim == 3 else targets
    counts = ", ".join(
        f"{task} {float((positive[:, i] * weights[:, i]).sum()):g}/{float(weights[:, i].sum()):g}"
        for i, task in enumerate(tasks)
    )
    return [
        f"first batch: {len(images)} images, pixels {low:g} to {high:g}, the network sees {lowest:.2f} to "
        f"{highest:.2f} ({normalisation.name})",
        f"first batch: positives of known: {counts}",
    ]


def check_finite(reports: np.ndarray, first: int, checkpoint: str, overflow_is_fine: bool) -> None:
    """`reports`: a row a step, loss and gradient norm first; steps count from 1. float16's scaling lets an infinite
    gradient pass, since it halves the scale and leaves the step out."""
    for number, (loss, norm) in enumerate(reports[:, :2], start=first + 1):
        for metric, value in (("loss", loss), ("gradient norm", norm)):
            if np.isfinite(value) or (overflow_is_fine and metric == "gradient norm"):
                continue
            raise NonFinite(
                f"{metric} is {value} at step {number}; last good checkpoint: {checkpoint}. A lower --learning_rate or "
                "--clip_norm may help"
            )
