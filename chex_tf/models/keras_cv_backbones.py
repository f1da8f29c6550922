"""keras-cv's backbones from explicit arguments: its own presets download even the configuration from a hub.

keras-cv is imported only when such a model is requested. The numbers are those of each family's paper.
"""

from collections.abc import Sequence
from typing import Any

import keras

from chex_tf.models.layer_names import name_nested, number_by_order
from chex_tf.models.simplifying import simplified
from chex_tf.settings import InputError, nearest

# Tan and Le 2019, Table 1 and section 4: width and depth of each variant. Lite keeps stem and head unscaled.
_SCALES = {"0": (1.0, 1.0), "1": (1.0, 1.1), "2": (1.1, 1.2), "3": (1.2, 1.4), "4": (1.4, 1.8)}
_LARGER_SCALES = {"5": (1.6, 2.2), "6": (1.8, 2.6), "7": (2.0, 3.1)}
_MOBILE_STAGES: dict[str, Any] = {
    "stackwise_kernel_sizes": [3, 3, 5, 3, 5, 5, 3],
    "stackwise_num_repeats": [1, 2, 2, 3, 3, 4, 1],
    "stackwise_input_filters": [32, 16, 24, 40, 80, 112, 192],
    "stackwise_output_filters": [16, 24, 40, 80, 112, 192, 320],
    "stackwise_expansion_ratios": [1, 6, 6, 6, 6, 6, 6],
    "stackwise_strides": [1, 2, 2, 2, 1, 2, 1],
}


def _scaled(width: float, depth: float, **stages: Any) -> dict[str, Any]:
    return {"width_coefficient": width, "depth_coefficient": depth, **stages}


def _efficientnet_v2(repeats: list[int], channels: list[int], width: float = 1.0, depth: float = 1.0) -> dict[str, Any]:
    """EfficientNetV2 (Tan and Le 2021, Table 4): `channels` are those of the stem and of every stage."""
    stages = len(repeats)
    return _scaled(
        width,
        depth,
        stackwise_kernel_sizes=[3] * stages,
        stackwise_num_repeats=repeats,
        stackwise_input_filters=channels[:-1],
        stackwise_output_filters=channels[1:],
        stackwise_expansion_ratios=[1, 4, 4, 4, 6, 6, 6][:stages],
        stackwise_squeeze_and_excite_ratios=[0, 0, 0, 0.25, 0.25, 0.25, 0.25][:stages],
        stackwise_strides=[1, 2, 2, 2, 1, 2, 1][:stages],
        stackwise_conv_types=["fused"] * 3 + ["unfused"] * (stages - 3),
    )


def _residual(blocks: list[int], kind: str) -> dict[str, Any]:
    return {
        "stackwise_filters": [64, 128, 256, 512],
        "stackwise_blocks": blocks,
        "stackwise_strides": [1, 2, 2, 2],
        "block_type": kind,
    }


def _mobile(layers: Sequence[tuple[float, int, int, int, float | None, str]]) -> dict[str, Any]:
    """MobileNetV3 (Howard et al. 2019, Tables 1 and 2), by block: expansion, filters, kernel, stride, SE, kind."""
    names = ("expansion", "filters", "kernel_size", "stride", "se_ratio", "activation")
    return {f"stackwise_{name}": list(column) for name, column in zip(names, zip(*layers, strict=True), strict=True)}


_HARD = "hard_swish"
_MOBILE_LARGE = _mobile(
    [(1, 16, 3, 1, None, "relu"), (4, 24, 3, 2, None, "relu"), (3, 24, 3, 1, None, "relu")]
    + [(3, 40, 5, stride, 0.25, "relu") for stride in (2, 1, 1)]
    + [(expansion, 80, 3, stride, None, _HARD) for expansion, stride in ((6, 2), (2.5, 1), (2.3, 1), (2.3, 1))]
    + [(6, 112, 3, 1, 0.25, _HARD)] * 2
    + [(6, 160, 5, stride, 0.25, _HARD) for stride in (2, 1, 1)]
)
_MOBILE_SMALL = _mobile(
    [(1, 16, 3, 2, 0.25, "relu"), (72 / 16, 24, 3, 2, None, "relu"), (88 / 24, 24, 3, 1, None, "relu")]
    + [(4, 40, 5, 2, 0.25, _HARD), (6, 40, 5, 1, 0.25, _HARD), (6, 40, 5, 1, 0.25, _HARD)]
    + [(3, 48, 5, 1, 0.25, _HARD)] * 2
    + [(6, 96, 5, 2, 0.25, _HARD), (6, 96, 5, 1, 0.25, _HARD), (6, 96, 5, 1, 0.25, _HARD)]
)
_RESIDUAL = {18: ([2, 2, 2, 2], "basic_block"), 34: ([3, 4, 6, 3], "basic_block")} | {
    depth: (blocks, "block") for depth, blocks in {50: [3, 4, 6, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3]}.items()
}
_MIX_DEPTHS = {0: [2, 2, 2, 2], 1: [2, 2, 2, 2], 2: [3, 4, 6, 3], 3: [3, 4, 18, 3], 4: [3, 8, 27, 3], 5: [3, 6, 40, 3]}
_V2_B_STAGES = ([1, 2, 2, 3, 5, 8], [32, 16, 32, 48, 96, 112, 192])
_DARKNET_SIZES = {
    "Tiny": ([48, 96, 192, 384], 1),
    "S": ([64, 128, 256, 512], 1),
    "M": ([96, 192, 384, 768], 2),
    "L": ([128, 256, 512, 1024], 3),
    "XL": ([170, 340, 680, 1360], 4),
}

# Variant -> the class that takes explicit arguments, and those arguments.
ARGUMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{
        f"EfficientNetLiteB{b}Backbone": ("EfficientNetLiteBackbone", _scaled(*s, **_MOBILE_STAGES))
        for b, s in _SCALES.items()
    },
    **{
        f"EfficientNetV1B{b}Backbone": (
            "EfficientNetV1Backbone",
            _scaled(*scale, **_MOBILE_STAGES, stackwise_squeeze_and_excite_ratios=[0.25] * 7),
        )
        for b, scale in {**_SCALES, **_LARGER_SCALES}.items()
    },
    **{
        f"EfficientNetV2B{b}Backbone": ("EfficientNetV2Backbone", _efficientnet_v2(*_V2_B_STAGES, *_SCALES[b]))
        for b in ("0", "1", "2", "3")
    },
    "EfficientNetV2SBackbone": (
        "EfficientNetV2Backbone",
        _efficientnet_v2([2, 4, 4, 6, 9, 15], [24, 24, 48, 64, 128, 160, 256]),
    ),
    "EfficientNetV2MBackbone": (
        "EfficientNetV2Backbone",
        _efficientnet_v2([3, 5, 5, 7, 14, 18, 5], [24, 24, 48, 80, 160, 176, 304, 512]),
    ),
    "EfficientNetV2LBackbone": (
        "EfficientNetV2Backbone",
        _efficientnet_v2([4, 7, 7, 10, 19, 25, 7], [32, 32, 64, 96, 192, 224, 384, 640]),
    ),
    **{f"ResNet{depth}Backbone": ("ResNetBackbone", _residual(*blocks)) for depth, blocks in _RESIDUAL.items()},
    **{f"ResNet{depth}V2Backbone": ("ResNetV2Backbone", _residual(*blocks)) for depth, blocks in _RESIDUAL.items()},
    **{
        f"DenseNet{depth}Backbone": ("DenseNetBackbone", {"stackwise_num_repeats": repeats})
        for depth, repeats in {121: [6, 12, 24, 16], 169: [6, 12, 32, 32], 201: [6, 12, 48, 32]}.items()
    },
    "MobileNetV3LargeBackbone": ("MobileNetV3Backbone", _MOBILE_LARGE),
    "MobileNetV3SmallBackbone": ("MobileNetV3Backbone", _MOBILE_SMALL),
    **{
        f"CSPDarkNet{size}Backbone": (
            "CSPDarkNetBackbone",
            {"stackwise_channels": channels, "stackwise_depth": [depth, 3 * depth, 3 * depth, depth]},
        )
        for size, (channels, depth) in _DARKNET_SIZES.items()
    },
    **{
        f"MiTB{size}Backbone": (
            "MiTBackbone",
            {"depths": depths, "embedding_dims": [32, 64, 160, 256] if size == 0 else [64, 128, 320, 512]},
        )
        for size, depths in _MIX_DEPTHS.items()
    },
    "VGG16Backbone": ("VGG16Backbone", {"include_top": False}),
}


def build(variant: str, input_shape: tuple[int, int, int]) -> keras.Model:
    """keras-cv's backbone `variant` with random weights, from normalised image to last feature maps."""
    if variant not in ARGUMENTS:
        raise InputError(f"expected a backbone of keras-cv; received {variant}{nearest(variant, ARGUMENTS)}", "arch")
    try:
        import keras_cv
    except ImportError as error:
        raise InputError(f"{variant} needs keras-cv, which is not installed: pip install keras-cv ({error})") from error
    kind, arguments = ARGUMENTS[variant]
    model = getattr(keras_cv.models, kind)(**arguments, include_rescaling=False, input_shape=input_shape)
    number_by_order(model)
    name_nested(model)
    if kind == "EfficientNetLiteBackbone":
        return simplified(keras.Model(model.input, model.output, name=variant.removesuffix("Backbone").lower()))
    # Wrapped as a plain functional model: a saved file then names keras-cv's classes only where its layers are used.
    return keras.Model(model.input, model.output, name=variant.removesuffix("Backbone").lower())
