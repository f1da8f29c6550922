"""The names that timm, torchvision and the Lite port give the tensors of this package's layers."""

import re
from collections.abc import Callable

Naming = Callable[[str], str | None]  # this package's layer -> the PyTorch module with the same tensors


def residual(layer: str) -> str | None:
    """ResNet in timm and torchvision."""
    if layer in ("conv1_conv", "conv1_bn"):
        return {"conv": "conv1", "bn": "bn1"}[layer.removeprefix("conv1_")]
    found = re.fullmatch(r"conv(\d)_block(\d+)_(\d)_(conv|bn)", layer)
    if not found:
        return None
    stage, block, place, kind = found.groups()
    block_name = f"layer{int(stage) - 1}.{int(block) - 1}"
    if place == "0":
        return f"{block_name}.downsample.{0 if kind == 'conv' else 1}"
    return f"{block_name}.{kind}{place}"


def dense(layer: str) -> str | None:
    """DenseNet in timm and torchvision."""
    ends = {"conv1_conv": "conv0", "conv1_bn": "norm0", "bn": "norm5"}
    if layer in ends:
        return f"features.{ends[layer]}"
    if found := re.fullmatch(r"pool(\d)_(conv|bn)", layer):
        return f"features.transition{int(found[1]) - 1}.{'norm' if found[2] == 'bn' else 'conv'}"
    found = re.fullmatch(r"conv(\d)_block(\d+)_(0_bn|1_conv|1_bn|2_conv)", layer)
    if not found:
        return None
    part = {"0_bn": "norm1", "1_conv": "conv1", "1_bn": "norm2", "2_conv": "conv2"}[found[3]]
    return f"features.denseblock{int(found[1]) - 1}.denselayer{found[2]}.{part}"


_STEM_AND_TOP = {"stem_conv": "conv_stem", "stem_bn": "bn1", "top_conv": "conv_head", "top_bn": "bn2"}
_SEPARABLE = {"dwconv": "conv_dw", "bn": "bn1", "dw_bn": "bn1", "project_conv": "conv_pw", "project_bn": "bn2"}
_INVERTED = {
    "expand_conv": "conv_pw",
    "expand_bn": "bn1",
    "dwconv": "conv_dw",
    "bn": "bn2",
    "dw_bn": "bn2",
    "project_conv": "conv_pwl",
    "project_bn": "bn3",
}
_SQUEEZE = {"se_reduce": "se.conv_reduce", "se_expand": "se.conv_expand"}


def mobile(layer: str) -> str | None:
    """EfficientNet and MNASNet in timm; blocks of the first stage do not expand."""
    if layer in _STEM_AND_TOP:
        return _STEM_AND_TOP[layer]
    found = re.fullmatch(r"block(\d)([a-z])_(\w+)", layer)
    if not found:
        return None
    stage, letter, part = found.groups()
    parts = (_SEPARABLE if stage == "1" else _INVERTED) | _SQUEEZE
    return f"blocks.{int(stage) - 1}.{ord(letter) - ord('a')}.{parts[part]}" if part in parts else None


_MOBILENET_V3_STAGES = (0, 1, 3, 6, 10, 12, 15)  # the block that each of timm's stages begins with


def mobilenet_v3(layer: str) -> str | None:
    """MobileNetV3-Large in timm."""
    ends = {"conv": "conv_stem", "conv_bn": "bn1", "conv_1": "blocks.6.0.conv", "conv_1_bn": "blocks.6.0.bn1"}
    ends["conv_2"] = "conv_head"
    if layer in ends:
        return ends[layer]
    found = re.fullmatch(r"expanded_conv_(?:(\d+)_)?([a-z]\w+)", layer)
    if not found:
        return None
    index = int(found[1] or 0)
    separable = {"depthwise": "conv_dw", "depthwise_bn": "bn1", "project": "conv_pw", "project_bn": "bn2"}
    inverted = {"expand": "conv_pw", "expand_bn": "bn1", "depthwise": "conv_dw", "depthwise_bn": "bn2"}
    inverted |= {"project": "conv_pwl", "project_bn": "bn3"}
    inverted |= {"squeeze_excite_conv": "se.conv_reduce", "squeeze_excite_conv_1": "se.conv_expand"}
    part = (inverted if index else separable).get(found[2])
    stage = max(number for number, first in enumerate(_MOBILENET_V3_STAGES) if first <= index)
    return part and f"blocks.{stage}.{index - _MOBILENET_V3_STAGES[stage]}.{part}"


def mnasnet_torchvision(layer: str) -> str | None:
    """MNASNet in torchvision, which numbers all stacked modules, activations included."""
    ends = {"stem_conv": "0", "stem_bn": "1", "top_conv": "14", "top_bn": "15"}
    ends |= {"block1a_dwconv": "3", "block1a_dw_bn": "4", "block1a_project_conv": "6", "block1a_project_bn": "7"}
    if layer in ends:
        return f"layers.{ends[layer]}"
    found = re.fullmatch(r"block([2-7])([a-z])_(\w+)", layer)
    places = {"expand_conv": 0, "expand_bn": 1, "dwconv": 3, "dw_bn": 4, "project_conv": 6, "project_bn": 7}
    if not found or found[3] not in places:
        return None
    return f"layers.{int(found[1]) + 6}.{ord(found[2]) - ord('a')}.layers.{places[found[3]]}"


_LITE_REPEATS = (1, 2, 2, 3, 3, 4, 1)  # blocks per stage; the port numbers blocks without regard to stages


def lite(layer: str) -> str | None:
    """EfficientNetLite0 in lukemelas' port and those derived from it."""
    ends = {"stem_conv": "_conv_stem", "stem_bn": "_bn0", "top_conv": "_conv_head", "top_bn": "_bn1"}
    if layer in ends:
        return ends[layer]
    found = re.fullmatch(r"block(\d)([a-z])_(\w+)", layer)
    parts = {
        "expand_conv": "_expand_conv",
        "expand_bn": "_bn0",
        "dwconv": "_depthwise_conv",
        "bn": "_bn1",
        "project_conv": "_project_conv",
        "project_bn": "_bn2",
    }
    if not found or found[3] not in parts:
        return None
    index = sum(_LITE_REPEATS[: int(found[1]) - 1]) + ord(found[2]) - ord("a")
    return f"_blocks.{index}.{parts[found[3]]}"


# timm keeps Inception-v4 as one list; the place of every module in it.
_MODULES = (
    *("stem_0", "stem_1", "stem_2", "mixed_3a", "mixed_4a", "mixed_5a"),
    *(f"mixed_5{letter}" for letter in "bcde"),
    *(f"mixed_6{letter}" for letter in "abcdefgh"),
    *(f"mixed_7{letter}" for letter in "abcd"),
)
_ALONE = {f"{module}_branch0_0" for module in _MODULES if module not in ("mixed_4a", "mixed_7a")}
_SPLIT = {"1a": "branch1_1a", "1b": "branch1_1b", "2a": "branch2_3a", "2b": "branch2_3b"}


def inception_v4(layer: str) -> str | None:
    """Inception-v4 in timm and Cadene's package."""
    unit, _, kind = layer.rpartition("_")
    if kind not in ("conv", "bn"):
        return None
    if unit in _MODULES:
        return f"features.{_MODULES.index(unit)}.{kind}"
    module, _, rest = unit.rpartition("_branch") if "_branch" in unit else unit.rpartition("_")
    if module not in _MODULES:
        return None
    place = f"features.{_MODULES.index(module)}"
    if rest == "conv":
        return f"{place}.conv.{kind}"
    branch, _, step = rest.partition("_")
    if branch in _SPLIT:
        return f"{place}.{_SPLIT[branch]}.{kind}"
    if unit in _ALONE:
        return f"{place}.branch{branch}.{kind}"
    divider = "_" if module in ("mixed_7b", "mixed_7c", "mixed_7d") and branch in "12" else "."
    return f"{place}.branch{branch}{divider}{step}.{kind}"


# Variable of a Keras layer -> the last part of a PyTorch tensor's name.
TENSORS = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}

# The modules that hold the classifier of a model in timm, torchvision, Cadene's package or the Lite port.
CLASSIFIERS = ("fc", "classifier", "last_linear", "head", "_fc")
