"""ResNet-18 and ResNet-34, which keras.applications lacks, the deeper ones as in PyTorch, and slim ones.

He et al. 2015, Table 1. Layer names follow keras.applications' ResNet50. Padding is explicit and symmetric, and the
bottleneck strides in its 3×3 convolution (the "v1.5" of torchvision and timm; keras.applications strides in the first
1×1), so that weights trained in PyTorch give the same results here.

A slim network has half the channels from conv4 on; up to conv3 its layers are the whole network's, and can take its
weights.
"""

from typing import Any

import keras
from keras import layers

EPSILON, MOMENTUM = 1e-5, 0.9  # PyTorch's defaults, with which the released weights were trained

# He et al. 2015, Table 1: blocks in conv2_x to conv5_x.
BLOCKS: dict[str, tuple[int, int, int, int]] = {
    "ResNet18": (2, 2, 2, 2),
    "ResNet34": (3, 4, 6, 3),
    "ResNet50": (3, 4, 6, 3),
    "ResNet101": (3, 4, 23, 3),
    "ResNet152": (3, 8, 36, 3),
    "ResNet18Slim": (2, 2, 2, 2),
    "ResNet50Slim": (3, 4, 6, 3),
}
BASIC = ("ResNet18", "ResNet34", "ResNet18Slim")
SLIM = ("ResNet18Slim", "ResNet50Slim")
_FIRST_SLIM_STAGE = 2  # conv4


def _convolution(x: Any, channels: int, kernel: int, stride: int, name: str, *, relu: bool = True) -> Any:
    """Convolution and batch normalisation named {name}_conv and {name}_bn, and ReLU if `relu`."""
    padding = "same"
    if stride > 1 and kernel > 1:
        x = layers.ZeroPadding2D(kernel // 2, name=f"{name}_pad")(x)
        padding = "valid"
    x = layers.Conv2D(
        channels,
        kernel,
        strides=stride,
        padding=padding,
        use_bias=False,
        # He initialisation by fan-out, as in torchvision's and timm's ResNets.
        kernel_initializer=keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal"),
        name=f"{name}_conv",
    )(x)
    x = layers.BatchNormalization(epsilon=EPSILON, momentum=MOMENTUM, name=f"{name}_bn")(x)
    return layers.Activation("relu", name=f"{name}_relu")(x) if relu else x


def _block(x: Any, channels: int, stride: int, name: str, *, bottleneck: bool) -> Any:
    expanded = 4 * channels if bottleneck else channels
    shortcut = x
    if stride > 1 or x.shape[-1] != expanded:
        shortcut = _convolution(x, expanded, 1, stride, f"{name}_0", relu=False)
    if bottleneck:
        x = _convolution(x, channels, 1, 1, f"{name}_1")
        x = _convolution(x, channels, 3, stride, f"{name}_2")
        x = _convolution(x, expanded, 1, 1, f"{name}_3", relu=False)
    else:
        x = _convolution(x, channels, 3, stride, f"{name}_1")
        x = _convolution(x, channels, 3, 1, f"{name}_2", relu=False)
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.Activation("relu", name=f"{name}_out")(x)


def build(variant: str, input_shape: tuple[int, int, int]) -> keras.Model:
    """The network without its classifier; its last layer is conv5's last block."""
    image = keras.Input(input_shape, name="image")
    x = _convolution(image, 64, 7, 2, "conv1")
    # Zeros can pad the pooling because its input went through a ReLU.
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    for stage, blocks in enumerate(BLOCKS[variant]):
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            name = f"conv{stage + 2}_block{block + 1}"
            channels = 64 * 2**stage
            if variant in SLIM and stage >= _FIRST_SLIM_STAGE:
                channels //= 2
            x = _block(x, channels, stride, name, bottleneck=variant not in BASIC)
    return keras.Model(image, x, name=variant.lower())
