"""MNASNet 1.0 (the B1 variant that torchvision and timm release), which keras.applications lacks.

Tan et al. 2018, Figure 7; layer names follow keras.applications' EfficientNet. Padding is explicit and symmetric.
"""

from typing import Any

import keras
from keras import layers

EPSILON, MOMENTUM = 1e-5, 0.9  # PyTorch's defaults, with which timm's weights were trained

# (repeats, kernel, stride of the first, expansion, channels) of the seven stages.
STAGES: tuple[tuple[int, int, int, int, int], ...] = (
    (1, 3, 1, 1, 16),
    (3, 3, 2, 3, 24),
    (3, 5, 2, 3, 40),
    (3, 5, 2, 6, 80),
    (2, 3, 1, 6, 96),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def _initializer() -> keras.initializers.Initializer:
    return keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal")


def _normalise(x: Any, name: str, *, relu: bool = True) -> Any:
    x = layers.BatchNormalization(epsilon=EPSILON, momentum=MOMENTUM, name=f"{name}_bn")(x)
    return layers.Activation("relu", name=f"{name}_relu")(x) if relu else x


def _pointwise(x: Any, channels: int, name: str, *, relu: bool = True) -> Any:
    x = layers.Conv2D(channels, 1, use_bias=False, kernel_initializer=_initializer(), name=f"{name}_conv")(x)
    return _normalise(x, name, relu=relu)


def _block(x: Any, kernel: int, stride: int, expansion: int, channels: int, name: str) -> Any:
    shortcut = x
    if expansion > 1:
        x = _pointwise(x, expansion * shortcut.shape[-1], f"{name}_expand")
    padding = "same"
    if stride > 1:
        x = layers.ZeroPadding2D(kernel // 2, name=f"{name}_dwconv_pad")(x)
        padding = "valid"
    x = layers.DepthwiseConv2D(
        kernel,
        strides=stride,
        padding=padding,
        use_bias=False,
        depthwise_initializer=_initializer(),
        name=f"{name}_dwconv",
    )(x)
    x = _normalise(x, f"{name}_dw")
    x = _pointwise(x, channels, f"{name}_project", relu=False)
    if stride == 1 and shortcut.shape[-1] == channels:
        x = layers.Add(name=f"{name}_add")([x, shortcut])
    return x


def build(variant: str, input_shape: tuple[int, int, int]) -> keras.Model:
    """The network without its classifier; its last layer is top_relu with 1280 channels."""
    image = keras.Input(input_shape, name="image")
    x = layers.ZeroPadding2D(1, name="stem_conv_pad")(image)
    x = layers.Conv2D(32, 3, strides=2, use_bias=False, kernel_initializer=_initializer(), name="stem_conv")(x)
    x = _normalise(x, "stem")
    for stage, (repeats, kernel, stride, expansion, channels) in enumerate(STAGES, start=1):
        for repeat in range(repeats):
            letter = chr(ord("a") + repeat)
            x = _block(x, kernel, stride if repeat == 0 else 1, expansion, channels, f"block{stage}{letter}")
    x = _pointwise(x, 1280, "top")
    return keras.Model(image, x, name=variant.lower())
