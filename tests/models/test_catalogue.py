"""Every row against the network it describes; printed numbers against counted ones."""

import dataclasses
import inspect
import re
from collections.abc import Callable

import keras
import pytest

from chex_tf.models import catalogue, counting
from chex_tf.settings import InputError

QUICK = ("ResNet18", "ResNet18Slim", "MNASNet", "MobileNetV2", "MobileNetV3", "CBR-LargeT", "CBR-Tiny", "VGG16")
ROWS = [row.name if row.whole in QUICK else pytest.param(row.name, marks=pytest.mark.slow) for row in catalogue.ROWS]
Headed = Callable[[str, int], keras.Model]

# Trainable parameters with 14 outputs. CheXtransfer's Table 1 prints the first nine in millions; the ResNets' and
# InceptionV4's follow from PyTorch's counts with 1000 outputs (11,689,512; 21,797,672; 25,557,032; 44,549,160;
# 42,679,816), which it prints, less the 986 outputs that are not there, MNASNet's from 4,383,312.
COUNTS = {
    "DenseNet121": 6_968_206,
    "DenseNet169": 12_507_790,
    "DenseNet201": 18_119_822,
    "EfficientNetB0": 4_025_482,
    "EfficientNetB1": 6_531_118,
    "EfficientNetB2": 7_720_720,
    "EfficientNetB3": 10_717_750,
    "MobileNetV2": 2_241_806,
    "MobileNetV3": 4_219_966,
    "ResNet18": 11_689_512 - 986 * 513,
    "ResNet34": 21_797_672 - 986 * 513,
    "ResNet50": 25_557_032 - 986 * 2049,
    "ResNet101": 44_549_160 - 986 * 2049,
    "InceptionV4": 42_679_816 - 986 * 1537,
    "MNASNet": 4_383_312 - 986 * 1281,
    # By hand: ResNet18 without conv4, conv5 and classifier has 683,072; two stages of basic blocks of 128 and 256
    # channels with projections (convolutions 3×3, 1×1, and two numbers a channel), and a classifier of 256.
    "ResNet18Slim": 683_072
    + (9 * 128 * 128 * 4 + 128 * 128 + 2 * 128 * 5)
    + (9 * (128 * 256 + 3 * 256 * 256) + 128 * 256 + 2 * 256 * 5)
    + 14 * 257,
    # Keras' convolutions have biases: one number an output channel of each of the 53 convolutions.
    "ResNet50Keras": 25_557_032 - 986 * 2049 + 26_560,
}


@pytest.mark.parametrize("name", ROWS)
def test_network_is_as_declared(name: str, headed: Headed) -> None:
    row, model = catalogue.row(name), headed(name, 320)
    assert counting.grid(model, row.cam_layer) == (row.cam_grid, row.cam_grid)
    assert model.get_layer("features").output.shape == (None, row.features)
    assert model.output.shape == (None, 14)
    places = [layer.name for layer in model.layers]
    depths = [places.index(cut) for cut in row.cut_layers]
    assert depths == sorted(depths), "cut layers are listed from the input upwards"
    if row.cut_at is not None:
        assert row.cut_at == row.cut_layers[-1] == row.cam_layer


@pytest.mark.parametrize("name", ROWS)
def test_parameters_are_the_papers(name: str, headed: Headed) -> None:
    row = catalogue.row(name)
    count = counting.trainable_parameters(headed(name, 320))
    if name in COUNTS:
        assert count == COUNTS[name]
    printed = row.paper_parameters_millions
    if printed is not None:
        assert bool(row.difference) == (round(count / 1e6, 3) != printed), "a difference is explained, and only that"
    if row.paper_times_smaller is not None:
        whole = catalogue.whole(row).paper_parameters_millions
        assert whole is not None
        smaller = whole * 1e6 / count
        if row.whole == "MNASNet":
            printed_digits = max(0.05, 0.01 * row.paper_times_smaller)
            assert smaller == pytest.approx(row.paper_times_smaller, abs=printed_digits)
            # The one count that all four printed values come from; it is not the one the paper prints.
            assert round(5.3025e6 / count, 1) == row.paper_times_smaller
        else:
            assert round(smaller, 1) == row.paper_times_smaller


def initialiser(layer: keras.Layer, attribute: str) -> str | None:
    """The row's word for what a layer's weights are drawn from; None where the layer has no such weights."""
    found = getattr(layer, attribute, None)
    if found is None:
        return None
    options = found.get_config()
    if isinstance(found, keras.initializers.GlorotUniform):
        return "glorot_uniform"
    if isinstance(found, keras.initializers.HeNormal):
        return "he_normal"
    assert (type(found).__name__, options["scale"], options["mode"]) == ("VarianceScaling", 2.0, "fan_out")
    return {"untruncated_normal": "he_fan_out", "truncated_normal": "he_fan_out_truncated"}[options["distribution"]]


@pytest.mark.parametrize("name", [row for row in ROWS if "Minus" not in str(row)])
def test_initialisers_and_batch_normalisation_are_as_declared(name: str, headed: Headed) -> None:
    row, model = catalogue.row(name), headed(name, 320)
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    facts = {(layer.momentum, layer.epsilon) for layer in norms}
    declared = row.batch_normalisation
    assert facts == (set() if declared is None else {(declared.momentum, declared.epsilon)})
    kinds = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.SeparableConv2D)
    attributes = ("kernel_initializer", "depthwise_initializer", "pointwise_initializer")
    drawn = {
        initialiser(layer, attribute) for layer in model.layers if isinstance(layer, kinds) for attribute in attributes
    }
    assert drawn - {None} == set(row.initialisers)
    assert len(row.initialisers) == len(set(row.initialisers))


def test_every_checkpoint_says_its_licence_and_size() -> None:
    for row in catalogue.ROWS:
        for checkpoint in row.checkpoints:
            assert checkpoint.licence
            assert checkpoint.side >= 224
            assert bool(row.namings) or checkpoint.naming == "keras", "PyTorch weights need a naming"
        assert not row.two_paddings or row.namings


def test_a_backbone_takes_the_weights_of_the_row_that_is_made_of_it() -> None:
    lite = catalogue.row("EfficientNetLite0")
    assert catalogue.row("keras_cv/EfficientNetLiteB0Backbone").namings == lite.namings != ()
    assert catalogue.row("keras_cv/ResNet18Backbone").namings == ()


def test_table_2_is_complete() -> None:
    cuts = {row.name: row.paper_times_smaller for row in catalogue.ROWS if row.cut_at is not None}
    assert cuts == {
        "EfficientNetB0Minus1": 1.4,
        "EfficientNetB0Minus2": 4.7,
        "MNASNetMinus1": 2.5,
        "MNASNetMinus2": 11.2,
        "MNASNetMinus3": 20.0,
        "MNASNetMinus4": 112.9,
        "DenseNet121Minus1": 1.6,
        "DenseNet121Minus2": 5.3,
        "DenseNet121Minus3": 20.0,
        "ResNet18Minus1": 4.2,
        "ResNet18Minus2": 17.1,
        "ResNet18Minus3": 73.8,
    }


@pytest.mark.parametrize("row", [row for row in catalogue.ROWS if row.base is None], ids=lambda row: row.name)
def test_released_files_are_those_keras_names(row: catalogue.Row) -> None:
    """File names and digests against keras.applications' own source."""
    for checkpoint in row.checkpoints:
        if checkpoint.source != "keras":
            continue
        source = inspect.getsource(inspect.getmodule(getattr(keras.applications, row.builder.split(":")[1])))
        if checkpoint.digest:
            assert checkpoint.digest in source
        else:
            assert "file_hash" not in source, "Keras publishes a digest by now"
        distinctive = re.sub(r"\d+|_notop|_no_top|_float|\.h5", " ", checkpoint.file).split()
        assert all(part in source for part in distinctive), distinctive
        folder = checkpoint.url.removeprefix("https://storage.googleapis.com/").rsplit("/", 1)[0]
        assert folder in source.replace('"\n        "', "").replace('/"\n    "', "/")


def test_rows_are_frozen_and_named_once() -> None:
    assert len(set(catalogue.names())) == len(catalogue.ROWS)
    with pytest.raises(dataclasses.FrozenInstanceError):
        catalogue.ROWS[0].name = "other"  # type: ignore[misc]


def test_unknown_name_offers_the_nearest() -> None:
    with pytest.raises(InputError, match=r"received densenet_121; did you mean DenseNet121\?"):
        catalogue.row("densenet_121")
