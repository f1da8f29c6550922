"""Checks that stop a run before it wastes a day: on its first images, on non-finite numbers, and on a collapse."""

from collections.abc import Callable

import numpy as np

from chex_tf.models.inputs import Normalisation
from chex_tf.settings import InputError
from chex_tf.training.step import REPORTED


class NonFinite(RuntimeError):
    """A loss or a gradient is not finite; the message names metric, step and the last good checkpoint."""


class Collapsed(RuntimeError):
    """A network has collapsed; the message names what fell, the step and the last checkpoint."""


def check_first_images(images: np.ndarray, normalisation: Normalisation) -> list[str]:
    """Raises InputError for images that cannot be right; returns what it saw, as lines to print."""
    images = np.asarray(images, np.float32)
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
    return [
        f"first batch: {len(images)} images, pixels {low:g} to {high:g}, the network sees {lowest:.2f} to "
        f"{highest:.2f} ({normalisation.name})"
    ]


def check_finite(reports: np.ndarray, first: int, checkpoint: Callable[[], str]) -> None:
    """`reports`: one row per step (step.REPORTED); steps count from 1.

    An infinite gradient under float16 halves the loss scale and skips the step, so it passes as long as the scale can
    still fall. `checkpoint` says where the last one is, and is called only when a run stops.
    """
    loss, norm, scale = (reports[:, REPORTED.index(name)] for name in ("loss", "gradient_norm", "loss_scale"))
    for place in range(len(reports)):
        for metric, value in (("loss", loss[place]), ("gradient norm", norm[place])):
            can_fall = metric == "gradient norm" and scale[place] > 1
            if np.isfinite(value) or can_fall:
                continue
            raise NonFinite(
                f"{metric} is {value} at step {first + 1 + place}; last good checkpoint: {checkpoint()}. A lower "
                "--learning_rate or --clip_norm may help"
            )


def check_evaluation(loss: float, fault: str, step: int, checkpoint: Callable[[], str]) -> None:
    """`fault` is `Evaluation.fault`."""
    if not np.isfinite(loss):
        raise NonFinite(f"validation loss is {loss} at step {step}; last good checkpoint: {checkpoint()}")
    if fault:
        raise Collapsed(f"collapsed at step {step}: {fault}; last checkpoint before: {checkpoint()}")
