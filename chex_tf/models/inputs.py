"""Normalisation of a model's input; only this file decides it.

Images arrive as values from 0 to 255, one channel or three (red, green, blue). The normalisation that a network expects
is bound to its weights; without pretrained weights it is by the data set's own mean and deviation. No network of the
catalogue scales or normalises inside (what keras.applications builds in is left out), so nothing is done twice.
"""

import dataclasses
import math
import pathlib
from collections.abc import Iterable
from typing import Any, TypedDict

import numpy as np

from chex_tf import json_files
from chex_tf.models.rows import Checkpoint, Row, Scheme
from chex_tf.settings import InputError

Triple = tuple[float, float, float]
STATISTICS = "statistics"  # name of the normalisation by a data set's own mean and deviation


@dataclasses.dataclass(frozen=True)
class Statistics:
    """Mean and standard deviation of a data set's pixels, on the scale from 0 to 255."""

    mean: float
    deviation: float


class NormalisationForm(TypedDict):
    """A normalisation in JSON."""

    name: str
    scale: tuple[float, float, float]
    offset: tuple[float, float, float]
    reverse_channels: bool


@dataclasses.dataclass(frozen=True)
class Normalisation:
    """image × scale + offset for each of red, green and blue, which are then reversed if the weights expect that.

    `low` and `high` bound the result for images within 0 and 255.
    """

    name: str
    scale: Triple
    offset: Triple
    reverse_channels: bool = False

    @property
    def low(self) -> float:
        return min(self.offset)

    @property
    def high(self) -> float:
        return max(255.0 * scale + offset for scale, offset in zip(self.scale, self.offset, strict=True))

    def apply(self, images: Any) -> np.ndarray:
        """The same on an array (…, 1 or 3 channels), as float32."""
        array = np.asarray(images, np.float32)
        if array.shape[-1] not in (1, 3):
            raise ValueError(f"expected images with 1 or 3 channels last; received shape {array.shape}")
        out = array * np.asarray(self.scale, np.float32) + np.asarray(self.offset, np.float32)
        return out[..., ::-1] if self.reverse_channels else out

    def __str__(self) -> str:
        """Its name, and mean and deviation on the scale from 0 to 255."""
        mean = _listed(-offset / scale for scale, offset in zip(self.scale, self.offset, strict=True))
        deviation = _listed(1 / scale for scale in self.scale)
        order = "; channels in the order blue, green, red" if self.reverse_channels else ""
        return f"{self.name}: mean {mean} and deviation {deviation} of values from 0 to 255{order}"

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: Any, place: str = "") -> "Normalisation":
        """Raises FormError for another form; `place` is its field's name in the message."""
        found = json_files.checked(values, NormalisationForm, place)
        if not all(map(math.isfinite, (*found["scale"], *found["offset"]))) or min(found["scale"]) <= 0:
            before = f"{place}: " if place else ""
            raise json_files.FormError(f"{before}expected finite numbers and scales above 0")
        red, green, blue = found["scale"]
        scale = (float(red), float(green), float(blue))
        red, green, blue = found["offset"]
        return cls(found["name"], scale, (float(red), float(green), float(blue)), found["reverse_channels"])


@dataclasses.dataclass(frozen=True)
class Encoder:
    """An earlier run's weights to start from: those below the head, their network (None where it is not known), the
    normalisation that they were trained with, batch normalisation's epsilon (None where it was the builder's), and in
    words which run it is."""

    file: pathlib.Path
    arch: str | None
    normalisation: Normalisation | None
    batch_norm_epsilon: float | None = None
    origin: str = ""


def _listed(numbers: Iterable[float]) -> str:
    """Of red, green and blue; once if they are alike."""
    return ", ".join(dict.fromkeys(f"{number:.5g}" for number in numbers))


def _standardised(name: str, mean: Triple, deviation: Triple) -> Normalisation:
    """(image - mean) / deviation, both on the scale from 0 to 255."""
    scale = (1 / deviation[0], 1 / deviation[1], 1 / deviation[2])
    offset = (-mean[0] / deviation[0], -mean[1] / deviation[1], -mean[2] / deviation[2])
    return Normalisation(name, scale, offset)


# ImageNet's mean and deviation as torchvision prints them, for values from 0 to 1.
_IMAGENET_MEAN, _IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

SCHEMES: dict[Scheme, Normalisation] = {
    "torch": _standardised(
        "torch",
        (255 * _IMAGENET_MEAN[0], 255 * _IMAGENET_MEAN[1], 255 * _IMAGENET_MEAN[2]),
        (255 * _IMAGENET_DEVIATION[0], 255 * _IMAGENET_DEVIATION[1], 255 * _IMAGENET_DEVIATION[2]),
    ),
    # Caffe's ResNets: blue, green, red with ImageNet's mean taken out and no scaling. The order here is red first.
    "caffe": Normalisation("caffe", (1.0, 1.0, 1.0), (-123.68, -116.779, -103.939), reverse_channels=True),
    "tf": _standardised("tf", (127.5,) * 3, (127.5,) * 3),
    # MEAN_RGB and STDDEV_RGB of TensorFlow's EfficientNet-Lite release.
    "lite": _standardised("lite", (127.0,) * 3, (128.0,) * 3),
}


def expected_by(checkpoint: Checkpoint) -> Normalisation:
    return SCHEMES[checkpoint.expects]


def from_statistics(statistics: Statistics) -> Normalisation:
    if not statistics.deviation > 0:
        raise ValueError(f"expected a deviation above 0; received {statistics.deviation}")
    return _standardised(STATISTICS, (statistics.mean,) * 3, (statistics.deviation,) * 3)


def normalisation(
    row: Row,
    weights: str,
    statistics: Statistics | None = None,
    scheme: Scheme | None = None,
    encoder: Encoder | None = None,
) -> Normalisation:
    """The normalisation that `row` with these weights expects.

    weights      "none", the name of one of the row's checkpoints ("imagenet", "timm/…"), a file or a run directory
    statistics   of the training data; needed for "none"
    scheme       for a file: what it was trained with; by default what the row's default checkpoint expects
    encoder      for a run directory: its encoder, with the normalisation that this was trained with
    """
    if weights == "none":
        if statistics is None:
            raise ValueError(
                "a network without pretrained weights is normalised by its data's statistics; received none"
            )
        return from_statistics(statistics)
    for checkpoint in row.checkpoints:
        if checkpoint.name == weights:
            return expected_by(checkpoint)
    if scheme is not None:
        return SCHEMES[scheme]
    if encoder is not None and encoder.normalisation is not None:
        return encoder.normalisation
    if weights.endswith(".safetensors"):
        # PyTorch's names: whoever released the weights, they were trained like the row's own PyTorch weights.
        ported = [checkpoint for checkpoint in row.checkpoints if checkpoint.naming != "keras"]
        if ported:
            return expected_by(ported[0])
        return SCHEMES["torch"]
    if row.checkpoints:
        return expected_by(row.checkpoints[0])
    raise InputError(
        f"nothing says what {weights} was trained to see; --weights_expect would ({', '.join(SCHEMES)})", "weights"
    )


def with_normalisation(model: Any, normalisation: Normalisation, channels: int = 1) -> Any:
    """`model` behind its normalisation: takes values from 0 to 255 with 1 or 3 channels. The weights are shared.

    The layers are Keras' own, so that the saved model opens without this package.
    """
    import keras

    rows, columns = model.input.shape[1:3]
    image = keras.Input((rows, columns, channels), name="radiograph")
    x = image if channels == 3 else keras.layers.Concatenate(name="three_channels")([image] * 3)
    x = keras.layers.Rescaling(list(normalisation.scale), list(normalisation.offset), name="normalisation")(x)
    if normalisation.reverse_channels:
        x = keras.ops.flip(x, axis=-1)
    return keras.Model(image, model(x), name=f"normalised_{model.name}")
