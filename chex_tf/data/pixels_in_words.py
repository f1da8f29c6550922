"""What is done to the pixels of a split, as a plan says it."""

from chex_tf import amounts
from chex_tf.data import cache
from chex_tf.data.settings import TWO_VIEWS, DataSettings
from chex_tf.data.stored import Stored


def describe(settings: DataSettings, augmented: bool, stored: Stored, images: int) -> str:
    side, resized = settings.image_size, settings.resized
    how = f"{resized}×{resized}" if settings.aspect == "squash" else f"shorter side {resized}, proportions kept"
    where = settings.crop if augmented else "centre"
    cropped = f", {where} crop {side}×{side}" if resized != side or settings.aspect == "keep" else ""
    changes = [
        f"{name} {getattr(settings, name):g}"
        for name in ("flip", "rotation", "translation", "scale", "brightness", "contrast")
        if augmented and getattr(settings, name)
    ]
    if augmented and settings.augmentation == TWO_VIEWS:
        cropped, changes = "", ["the two distortions of Barlow Twins and VICReg"]
    size = amounts.size(cache.bytes_needed(images, resized))
    return (
        f"pixels: {how}{_enlarged(stored, resized)}{cropped}; augmentation: {', '.join(changes) or 'none'}; "
        f"cache: {settings.cache}{f', {size}' if settings.cache != 'none' else ''}"
    )


def _enlarged(stored: Stored, side: int) -> str:
    """Says so where the records are smaller than what is made of them: nothing is in it that was not there."""
    if stored.image_size is None or stored.image_size >= side:
        return ""
    return f" (enlarged: the records hold {stored.describe()})"
