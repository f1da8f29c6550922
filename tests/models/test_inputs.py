"""Normalisation: each scheme against keras.applications' own preprocess_input, and one place for all of it."""

import json
import pathlib

import keras
import numpy as np
import pytest

from chex_tf.models import catalogue, inputs
from chex_tf.models.heads import Heads, attach
from chex_tf.models.inputs import SCHEMES, Encoder, Normalisation, Statistics, normalisation
from chex_tf.settings import InputError


@pytest.fixture
def image(generator: np.random.Generator) -> np.ndarray:
    return generator.integers(0, 256, (2, 8, 9, 3)).astype("float32")


@pytest.mark.parametrize("scheme", ["torch", "caffe", "tf"])
def test_schemes_are_keras(scheme: str, image: np.ndarray) -> None:
    expected = keras.applications.imagenet_utils.preprocess_input(image.copy(), mode=scheme)
    np.testing.assert_allclose(SCHEMES[scheme].apply(image), expected, atol=2e-5)


def test_one_channel_serves_as_three() -> None:
    grey = np.full((1, 2, 2, 1), 127.0, "float32")
    np.testing.assert_allclose(SCHEMES["lite"].apply(grey), np.zeros((1, 2, 2, 3)))
    with pytest.raises(ValueError, match=r"1 or 3 channels last; received shape \(4, 4, 2\)"):
        SCHEMES["lite"].apply(np.zeros((4, 4, 2)))


def test_scratch_takes_the_datas_statistics_out() -> None:
    row = catalogue.row("EfficientNetB0")
    found = normalisation(row, "none", Statistics(mean=100.0, deviation=50.0))
    np.testing.assert_allclose(found.apply([[[100.0], [150.0]]]), [[[0.0] * 3, [1.0] * 3]])
    assert (found.low, found.high) == (-2.0, pytest.approx(3.1))
    with pytest.raises(ValueError, match="normalised by its data's statistics; received none"):
        normalisation(row, "none")


@pytest.mark.parametrize(
    ("name", "weights", "scheme"),
    [
        ("DenseNet121", "imagenet", "torch"),
        ("ResNet50", "imagenet", "torch"),
        ("ResNet101", "imagenet", "torch"),
        ("ResNet50Keras", "imagenet", "caffe"),
        ("ResNet152Keras", "imagenet", "caffe"),
        ("VGG16", "imagenet", "caffe"),
        ("InceptionV3", "imagenet", "tf"),
        ("NASNetMobile", "imagenet", "tf"),
        ("MobileNetV2", "imagenet", "tf"),
        ("MobileNetV3", "imagenet", "tf"),
        ("EfficientNetB3", "imagenet", "torch"),
        ("EfficientNetLite0", "imagenet", "lite"),
        ("InceptionV4", "imagenet", "tf"),
        ("ResNet18", "imagenet", "torch"),
        ("ResNet18Minus2", "imagenet", "torch"),
        ("MobileNetV3", "timm/tf_mobilenetv3_large_100.in1k", "tf"),
        ("ResNet50", "/nowhere/some.safetensors", "torch"),
        ("InceptionV4", "/nowhere/some.safetensors", "tf"),
    ],
)
def test_each_row_sees_what_its_weights_were_trained_with(name: str, weights: str, scheme: str) -> None:
    assert normalisation(catalogue.row(name), weights) == SCHEMES[scheme]


def test_a_named_scheme_wins_for_a_file() -> None:
    assert normalisation(catalogue.row("ResNet18"), "/nowhere/x.weights.h5", scheme="tf") == SCHEMES["tf"]


def test_a_network_without_released_weights_asks_for_a_scheme() -> None:
    with pytest.raises(InputError, match="nothing says what"):
        normalisation(catalogue.row("CBR-Tiny"), "/nowhere/x.weights.h5")


def test_a_runs_encoder_says_what_it_was_trained_to_see() -> None:
    row, file = catalogue.row("ResNet18"), pathlib.Path("/runs/one/encoder.weights.h5")
    assert normalisation(row, "/runs/one", encoder=Encoder(file, "ResNet18", SCHEMES["caffe"])) == SCHEMES["caffe"]
    assert normalisation(row, "/runs/one", encoder=Encoder(file, None, None)) == SCHEMES["torch"]


def test_a_normalisation_says_what_it_is() -> None:
    """torchvision's 0.485, 0.456, 0.406 and 0.229, 0.224, 0.225, times 255."""
    torch = "torch: mean 123.67, 116.28, 103.53 and deviation 58.395, 57.12, 57.375 of values from 0 to 255"
    assert str(SCHEMES["torch"]) in (torch, torch.replace("123.67", "123.68"))  # 123.675
    assert str(SCHEMES["tf"]) == "tf: mean 127.5 and deviation 127.5 of values from 0 to 255"
    assert str(SCHEMES["caffe"]) == (
        "caffe: mean 123.68, 116.78, 103.94 and deviation 1 of values from 0 to 255; channels in the order blue, "
        "green, red"
    )


def test_json_round_trip() -> None:
    for scheme in SCHEMES.values():
        assert Normalisation.from_json(json.loads(json.dumps(scheme.to_json()))) == scheme


@pytest.mark.parametrize("scheme", ["caffe", "torch"])
@pytest.mark.parametrize("channels", [1, 3])
def test_normalisation_inside_equals_normalisation_outside(
    scheme: str, channels: int, generator: np.random.Generator
) -> None:
    inner = keras.Input((16, 16, 3))
    maps = keras.layers.Conv2D(4, 3, name="maps")(inner)
    model = attach(keras.Model(inner, maps), Heads(3, extra=("sex",)))
    whole = inputs.with_normalisation(model, SCHEMES[scheme], channels)
    image = generator.integers(0, 256, (2, 16, 16, channels)).astype("float32")
    expected = model(SCHEMES[scheme].apply(image))
    assert whole.get_layer(model.name) is model, "used as it is, with its weights"
    found = keras.models.model_from_json(whole.to_json())
    found.set_weights(whole.get_weights())
    for head in ("observations", "sex"):
        np.testing.assert_allclose(found(image)[head], expected[head], rtol=1e-4, atol=1e-4)
    assert found.get_layer(model.name).get_layer("maps").output.shape == (None, 14, 14, 4)
