"""Normalisation of a batch of images on the device, in front of a network."""

from typing import Any

import keras
import numpy as np

from chex_tf.models.inputs import Normalisation


def normalised(normalisation: Normalisation, images: Any) -> Any:
    """images × scale + offset, in float32; one channel becomes three only here, on the device."""
    scale, offset = (np.asarray(value, np.float32) for value in (normalisation.scale, normalisation.offset))
    values = keras.ops.cast(images, "float32") * scale + offset
    return keras.ops.flip(values, axis=-1) if normalisation.reverse_channels else values
