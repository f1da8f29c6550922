"""Inception-v4, which keras.applications lacks.

Szegedy et al. 2016, Figures 3 to 9; layer names follow the TensorFlow release (mixed_3a … mixed_7d). Padding is as in
the release and in timm: none in the reductions, symmetric elsewhere, and averages leave the padding out.
"""

from typing import Any

import keras
from keras import layers

EPSILON, MOMENTUM = 1e-3, 0.9  # of timm's inception_v4


def _convolution(
    x: Any, channels: int, kernel: tuple[int, int], name: str, stride: int = 1, padding: str = "valid"
) -> Any:
    x = layers.Conv2D(
        channels,
        kernel,
        strides=stride,
        padding=padding,
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    x = layers.BatchNormalization(epsilon=EPSILON, momentum=MOMENTUM, name=f"{name}_bn")(x)
    return layers.Activation("relu", name=f"{name}_relu")(x)


def _branch(x: Any, name: str, *steps: tuple[int, tuple[int, int]]) -> Any:
    """Convolutions one after another, size kept; (channels, kernel) each."""
    for index, (channels, kernel) in enumerate(steps):
        x = _convolution(x, channels, kernel, f"{name}_{index}", padding="same")
    return x


def _average_branch(x: Any, channels: int, name: str) -> Any:
    x = layers.AveragePooling2D(3, strides=1, padding="same", name=f"{name}_pool")(x)
    return _convolution(x, channels, (1, 1), f"{name}_1")


def _max_pool(x: Any, name: str) -> Any:
    return layers.MaxPooling2D(3, strides=2, name=f"{name}_pool")(x)


def _stem(image: Any) -> Any:
    x = _convolution(image, 32, (3, 3), "stem_0", stride=2)
    x = _convolution(x, 32, (3, 3), "stem_1")
    x = _convolution(x, 64, (3, 3), "stem_2", padding="same")
    x = layers.Concatenate(name="mixed_3a")(
        [_max_pool(x, "mixed_3a"), _convolution(x, 96, (3, 3), "mixed_3a_conv", stride=2)]
    )
    short = _convolution(x, 64, (1, 1), "mixed_4a_branch0_0")
    short = _convolution(short, 96, (3, 3), "mixed_4a_branch0_1")
    long = _branch(x, "mixed_4a_branch1", (64, (1, 1)), (64, (1, 7)), (64, (7, 1)))
    long = _convolution(long, 96, (3, 3), "mixed_4a_branch1_3")
    x = layers.Concatenate(name="mixed_4a")([short, long])
    return layers.Concatenate(name="mixed_5a")(
        [_convolution(x, 192, (3, 3), "mixed_5a_conv", stride=2), _max_pool(x, "mixed_5a")]
    )


def _inception_a(x: Any, name: str) -> Any:
    branches = [
        _branch(x, f"{name}_branch0", (96, (1, 1))),
        _branch(x, f"{name}_branch1", (64, (1, 1)), (96, (3, 3))),
        _branch(x, f"{name}_branch2", (64, (1, 1)), (96, (3, 3)), (96, (3, 3))),
        _average_branch(x, 96, f"{name}_branch3"),
    ]
    return layers.Concatenate(name=name)(branches)


def _inception_b(x: Any, name: str) -> Any:
    steps = ((192, (1, 1)), (192, (7, 1)), (224, (1, 7)), (224, (7, 1)), (256, (1, 7)))
    branches = [
        _branch(x, f"{name}_branch0", (384, (1, 1))),
        _branch(x, f"{name}_branch1", (192, (1, 1)), (224, (1, 7)), (256, (7, 1))),
        _branch(x, f"{name}_branch2", *steps),
        _average_branch(x, 128, f"{name}_branch3"),
    ]
    return layers.Concatenate(name=name)(branches)


def _inception_c(x: Any, name: str) -> Any:
    one = _branch(x, f"{name}_branch1", (384, (1, 1)))
    two = _branch(x, f"{name}_branch2", (384, (1, 1)), (448, (3, 1)), (512, (1, 3)))
    branches = [
        _branch(x, f"{name}_branch0", (256, (1, 1))),
        _branch(one, f"{name}_branch1a", (256, (1, 3))),
        _branch(one, f"{name}_branch1b", (256, (3, 1))),
        _branch(two, f"{name}_branch2a", (256, (1, 3))),
        _branch(two, f"{name}_branch2b", (256, (3, 1))),
        _average_branch(x, 256, f"{name}_branch3"),
    ]
    return layers.Concatenate(name=name)(branches)


def _reduction_a(x: Any, name: str) -> Any:
    long = _branch(x, f"{name}_branch1", (192, (1, 1)), (224, (3, 3)))
    branches = [
        _convolution(x, 384, (3, 3), f"{name}_branch0_0", stride=2),
        _convolution(long, 256, (3, 3), f"{name}_branch1_2", stride=2),
        _max_pool(x, name),
    ]
    return layers.Concatenate(name=name)(branches)


def _reduction_b(x: Any, name: str) -> Any:
    short = _branch(x, f"{name}_branch0", (192, (1, 1)))
    long = _branch(x, f"{name}_branch1", (256, (1, 1)), (256, (1, 7)), (320, (7, 1)))
    branches = [
        _convolution(short, 192, (3, 3), f"{name}_branch0_1", stride=2),
        _convolution(long, 320, (3, 3), f"{name}_branch1_3", stride=2),
        _max_pool(x, name),
    ]
    return layers.Concatenate(name=name)(branches)


def build(variant: str, input_shape: tuple[int, int, int]) -> keras.Model:
    """The network without its classifier; its last layer is mixed_7d with 1536 channels."""
    image = keras.Input(input_shape, name="image")
    x = _stem(image)
    for letter in "bcde":
        x = _inception_a(x, f"mixed_5{letter}")
    x = _reduction_a(x, "mixed_6a")
    for letter in "bcdefgh":
        x = _inception_b(x, f"mixed_6{letter}")
    x = _reduction_b(x, "mixed_7a")
    for letter in "bcd":
        x = _inception_c(x, f"mixed_7{letter}")
    return keras.Model(image, x, name=variant.lower())
