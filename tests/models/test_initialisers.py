"""What random weights are drawn from, against the formulas of the implementations that CheXtransfer trained."""

import math
import pathlib
import zlib

import keras
import numpy as np
import pytest

from chex_tf.models import build, catalogue, initialisers
from chex_tf.models.heads import Heads
from chex_tf.models.settings import ModelSettings
from chex_tf.settings import InputError

# Deviation of a standard normal that is truncated at two: sqrt(1 - 4 φ(2) / (2 Φ(2) - 1)).
TRUNCATED = 0.879626


def built(arch: str, initialiser: str, side: int = 96, **options: object) -> keras.Model:
    settings = ModelSettings(arch=arch, initialiser=initialiser, **options)  # type: ignore[arg-type]
    return build.build_model(settings, Heads(14), side, seed=3).model


def check(weights: object, kind: str, number: float) -> None:
    """`number`: the deviation of a normal, before truncation, or the limit of a uniform distribution."""
    values = np.asarray(weights, np.float64).ravel()
    expected = number * {"normal": 1.0, "truncated": TRUNCATED, "uniform": 1 / math.sqrt(3)}[kind]
    assert abs(values.mean()) < 5 * expected / math.sqrt(values.size)
    assert values.std() == pytest.approx(expected, rel=4 / math.sqrt(2 * values.size))
    largest = np.abs(values).max() / number
    if kind == "normal":  # of 300 and more, one is beyond 2.2 deviations in all but two of 10,000 cases
        assert largest > 2.2
    else:
        assert largest <= {"truncated": 2.0, "uniform": 1.0}[kind] + 1e-6


# Row, layer, weight, distribution, number: from the kernel's rows × columns × inputs or outputs, by hand. A depthwise
# convolution counts as timm counts it: one output a channel.
PAPER = [
    ("DenseNet121Minus3", "conv1_conv", "kernel", "normal", math.sqrt(2 / (7 * 7 * 3))),
    ("DenseNet121Minus3", "conv2_block1_2_conv", "kernel", "normal", math.sqrt(2 / (3 * 3 * 128))),
    ("ResNet18Minus2", "conv1_conv", "kernel", "normal", math.sqrt(2 / (7 * 7 * 64))),
    ("ResNet18Minus2", "conv3_block1_1_conv", "kernel", "normal", math.sqrt(2 / (3 * 3 * 128))),
    ("MNASNetMinus4", "block2a_dwconv", "kernel", "normal", math.sqrt(2 / (3 * 3))),
    ("MNASNetMinus4", "block2a_expand_conv", "kernel", "normal", math.sqrt(2 / 48)),
    ("EfficientNetB0Minus2", "stem_conv", "kernel", "normal", math.sqrt(2 / (3 * 3 * 32))),
    ("EfficientNetB0Minus2", "block3a_dwconv", "kernel", "normal", math.sqrt(2 / (5 * 5))),
    ("EfficientNetB0Minus2", "block2a_se_expand", "kernel", "normal", math.sqrt(2 / 96)),
    ("MobileNetV2", "block_1_depthwise", "kernel", "normal", math.sqrt(2 / (3 * 3))),
    ("MobileNetV2", "block_1_project", "kernel", "normal", math.sqrt(2 / 24)),
    ("MobileNetV3", "conv_2", "kernel", "normal", math.sqrt(2 / 1280)),
    ("MobileNetV3", "expanded_conv_1_depthwise", "kernel", "normal", math.sqrt(2 / (3 * 3))),
    ("VGG16", "block1_conv1", "kernel", "normal", math.sqrt(2 / (3 * 3 * 64))),
    ("InceptionV3", "conv2d", "kernel", "truncated", 0.1),
    pytest.param("InceptionV4", "stem_0_conv", "kernel", "uniform", 1 / math.sqrt(3 * 3 * 3), marks=pytest.mark.slow),
    pytest.param("NASNetMobile", "stem_conv1", "kernel", "uniform", 1 / math.sqrt(3 * 3 * 3), marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("arch", "layer", "weight", "kind", "number"), PAPER)
def test_paper_is_the_formula_of_the_packages(arch: str, layer: str, weight: str, kind: str, number: float) -> None:
    model = built(arch, "paper")
    check(getattr(model.get_layer(layer), weight), kind, number)
    for one in model.layers:  # the packages set the biases of convolutions to zero, where there are any
        if isinstance(one, keras.layers.Conv2D) and one.use_bias:
            assert not np.asarray(one.bias).any()


@pytest.mark.slow
def test_a_separable_convolution_has_both_its_kernels_as_pytorch_draws_them() -> None:
    """Cadene's NASNet-A-Mobile: a depthwise kernel has one input, a pointwise one has the block's."""
    separable = next(
        layer for layer in built("NASNetMobile", "paper").layers if isinstance(layer, keras.layers.SeparableConv2D)
    )
    rows, columns, inputs, _ = separable.depthwise_kernel.shape
    check(separable.depthwise_kernel, "uniform", 1 / math.sqrt(rows * columns))
    check(separable.pointwise_kernel, "uniform", 1 / math.sqrt(inputs))


@pytest.mark.parametrize("arch", ["DenseNet121Minus3", "MobileNetV2"])
def test_he_fan_out_is_one_formula_for_every_architecture(arch: str) -> None:
    model = built(arch, "he_fan_out")
    seen = 0
    for layer in model.layers:
        if isinstance(layer, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)):
            rows, columns, _, outputs = layer.kernel.shape
            if math.prod(layer.kernel.shape) > 2000:
                check(layer.kernel, "normal", math.sqrt(2 / (rows * columns * outputs)))
                seen += 1
    assert seen > 2


def test_heads() -> None:
    """PyTorch's fully connected layer: weights and biases uniform within 1/√inputs. Keras': Glorot, biases zero."""
    for choice, limit in (("paper", 1 / math.sqrt(64)), ("keras", math.sqrt(6 / (64 + 140)))):
        settings = ModelSettings(arch="ResNet18Minus3", initialiser=choice)
        head = build.build_model(settings, Heads(140, extra=("age",)), 32, seed=1).model.get_layer("observations")
        check(head.kernel, "uniform", limit)
        bias = np.asarray(head.bias)
        assert bool(bias.any()) == (choice == "paper")
        if choice == "paper":
            assert 0.9 * limit < np.abs(bias).max() <= limit


def test_without_the_flag_nothing_has_changed() -> None:
    """Each tensor still comes from its layer's own initialiser, seeded by the run's seed and the layer's name."""
    model = build.build_model(ModelSettings(arch="MNASNetMinus4"), Heads(14), 64, seed=3).model
    own = keras.initializers.VarianceScaling(
        2.0, "fan_out", "untruncated_normal", seed=zlib.crc32(b"3/block2a_dwconv/kernel")
    )
    np.testing.assert_array_equal(model.get_layer("block2a_dwconv").kernel, own((3, 3, 48, 1)))
    glorot = keras.initializers.GlorotUniform(seed=zlib.crc32(b"3/observations/kernel"))
    np.testing.assert_array_equal(model.get_layer("observations").kernel, glorot((40, 14)))


def test_a_truncated_network_starts_from_the_whole_ones_numbers() -> None:
    whole, cut = built("MNASNet", "paper", 64), built("MNASNetMinus3", "paper", 64)
    for layer in cut.layers:
        if layer.name != "observations":
            for mine, theirs in zip(layer.get_weights(), whole.get_layer(layer.name).get_weights(), strict=True):
                np.testing.assert_array_equal(mine, theirs)


def test_above_transfused_weights_the_rest_is_drawn_in_the_same_way(tmp_path: pathlib.Path) -> None:
    row = catalogue.row("MNASNet")
    other = build.whole_network(row, 64, seed=8)
    other.save_weights(tmp_path / "other.weights.h5")
    loaded = {"weights": str(tmp_path / "other.weights.h5"), "transfuse_up_to": "block2c_add"}
    scratch, mixed = built("MNASNet", "paper", 64), built("MNASNet", "paper", 64, **loaded)
    for name, source in (("block2a_dwconv", other), ("block3a_dwconv", scratch), ("observations", scratch)):
        np.testing.assert_array_equal(mixed.get_layer(name).kernel, source.get_layer(name).kernel, err_msg=name)


def test_every_row_of_the_paper_names_its_source() -> None:
    for row in catalogue.ROWS:
        known = row.original is not None
        assert known == (row.family != "CBR" and not row.name.endswith("Keras")), row.name
        assert not known or any(
            row.original.source.startswith(p) for p in ("torchvision 0.5.0", "Cadene", "timm 0.2.1")
        )


@pytest.mark.parametrize("arch", ["CBR-Tiny", "ResNet50Keras"])
def test_where_no_implementation_is_known_paper_is_refused(arch: str) -> None:
    with pytest.raises(
        InputError, match=rf"expected keras or he_fan_out for {arch}, of which no.*received paper"
    ) as no:
        built(arch, "paper", 64)
    assert no.value.setting == "initialiser"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "random weights (keras): convolutions Glorot uniform; heads Glorot uniform, biases zero"),
        (
            {"initialiser": "paper"},
            "random weights (paper): convolutions He by inputs, normal (torchvision 0.5.0, densenet.py); heads uniform "
            "within 1/√features",
        ),
        ({"initialiser": "paper", "weights": "imagenet"}, "random weights (paper): heads uniform within 1/√features"),
        (
            {"weights": "imagenet", "transfuse_up_to": "conv2_block6_concat"},
            "random weights (keras): convolutions above conv2_block6_concat Glorot uniform; heads Glorot uniform, "
            "biases zero",
        ),
    ],
)
def test_what_is_said(options: dict[str, str], said: str) -> None:
    settings = ModelSettings(arch="DenseNet121", **options)  # type: ignore[arg-type]
    assert initialisers.describe(settings, catalogue.row("DenseNet121")) == said
