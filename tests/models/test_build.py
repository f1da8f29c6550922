"""From a row's name to a model that learns, saves and comes back."""

import itertools
import json
import pathlib
import re

import keras
import numpy as np
import pytest

from chex_tf.models import build, catalogue, fused_batch_normalization, heads, keras_cv_backbones
from chex_tf.models.heads import Heads
from chex_tf.models.inputs import SCHEMES, Statistics
from chex_tf.models.layers_within import every_layer
from chex_tf.models.settings import ModelSettings
from chex_tf.settings import InputError

tf = pytest.importorskip("tensorflow")

QUICK = ("ResNet18Minus2", "MNASNetMinus3", "CBR-Tiny", "MobileNetV2", "EfficientNetB0Minus2")
ROWS = [row.name if row.name in QUICK else pytest.param(row.name, marks=pytest.mark.slow) for row in catalogue.ROWS]


def built(arch: str, heads_wanted: Heads = Heads(14), *, seed: int = 0, **options: object) -> build.Built:  # noqa: B008
    """At the smallest size that the row takes."""
    settings = ModelSettings(arch=arch, **options)  # type: ignore[arg-type]
    return build.build_model(settings, heads_wanted, catalogue.row(arch).smallest, seed)


@pytest.mark.parametrize("name", ROWS)
def test_learns_and_round_trips_at_the_smallest_input(name: str, tmp_path: pathlib.Path) -> None:
    """Three steps down the gradient lower the loss; both kinds of file give the same logits, bit for bit."""
    side = catalogue.row(name).smallest
    model = built(name, seed=1).model
    for layer in every_layer(model):
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0  # dropped branches change the loss of four images by as much as a step does
    generator = np.random.default_rng(0)
    images = tf.constant(generator.normal(size=(4, side, side, 3)), tf.float32)
    labels = tf.constant(generator.integers(0, 2, (4, 14)), tf.float32)
    losses = []
    for _ in range(4):
        with tf.GradientTape() as tape:
            logits = model(images, training=True)
            loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels, logits))
        losses.append(float(loss))
        gradients = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
        # As far as takes off a tenth of the loss, were it straight: at one pixel of features gradients differ by 1e9.
        far = 0.1 * loss / sum(tf.reduce_sum(gradient**2) for gradient in gradients)
        for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
            variable.assign_sub(far * gradient)
    assert losses[-1] < losses[0], losses

    expected = np.asarray(model(images, training=False))
    model.save(tmp_path / "model.keras")
    opened = keras.models.load_model(tmp_path / "model.keras")
    fused_batch_normalization.fuse(opened)
    np.testing.assert_array_equal(np.asarray(opened(images, training=False)), expected)
    model.save_weights(tmp_path / "model.weights.h5")
    fresh = built(name, seed=2).model
    assert np.abs(np.asarray(fresh(images, training=False)) - expected).max() > 0
    fresh.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(np.asarray(fresh(images, training=False)), expected)


def test_the_seed_alone_decides_the_weights() -> None:
    keras.utils.set_random_seed(1)
    first = built("MNASNetMinus3", seed=7).model.get_weights()
    keras.utils.set_random_seed(2)
    second = built("MNASNetMinus3", seed=7).model.get_weights()
    other = built("MNASNetMinus3", seed=8).model.get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    drawn = [place for place, value in enumerate(first) if value.ndim > 1]
    assert not any(np.array_equal(first[place], other[place]) for place in drawn)


def test_a_truncated_network_starts_from_the_whole_ones_numbers(headed: object) -> None:
    whole = built("ResNet18", seed=3).model
    cut = built("ResNet18Minus3", seed=3).model
    kernels = ["conv1_conv", "conv2_block2_2_conv"]
    for name in kernels:
        np.testing.assert_array_equal(cut.get_layer(name).kernel.numpy(), whole.get_layer(name).kernel.numpy())
    assert not np.array_equal(*(whole.get_layer(name).kernel.numpy()[:1, :1, :1, :64] for name in kernels))


def test_names_do_not_depend_on_what_was_built_before() -> None:
    first, second = (built("MobileNetV3").model for _ in range(2))
    assert [layer.name for layer in first.layers] == [layer.name for layer in second.layers]


def test_he_initialisation_has_the_variance_it_should() -> None:
    """VarianceScaling 2 by fan-out: 3×3 kernels to 64 channels have variance 2 / (9 · 64)."""
    model = built("ResNet18").model
    kernel = model.get_layer("conv2_block1_1_conv").kernel.numpy()
    assert kernel.var() == pytest.approx(2 / (9 * 64), rel=0.05)
    assert abs(kernel.mean()) < 0.001


@pytest.mark.parametrize(("classes", "shape"), [(1, (None, 5)), (3, (None, 5, 3))])
def test_heads(classes: int, shape: tuple[int | None, ...]) -> None:
    wanted = Heads(5, classes, extra=heads.EXTRA_HEADS, dropout=0.5)
    model = built("CBR-Tiny", wanted).model
    assert list(model.output) == ["observations", "sex", "age", "view", "projection"]
    assert model.output["observations"].shape == shape
    assert [model.output[name].shape for name in heads.EXTRA_HEADS] == [(None, 1)] * 4
    assert model.get_layer("features_dropout").rate == 0.5
    carrying = {layer.name for layer in model.layers if layer.weights}
    assert heads.names(wanted) & carrying == {
        "observations_flat" if classes == 3 else "observations",
        "sex",
        "age",
        "view",
        "projection",
    }


def test_heads_go_through_json() -> None:
    wanted = Heads(5, 3, extra=("sex", "view"), dropout=0.25)
    kept = json.loads(json.dumps(wanted.to_json()))
    assert kept == {"outputs": 5, "classes": 3, "extra": ["sex", "view"], "dropout": 0.25, "projector": []}
    assert Heads.from_json(kept) == wanted


def test_logits_are_float32_under_half_precision() -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = built("CBR-Tiny", Heads(5, 3)).model
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.get_layer("block2_conv").compute_dtype == "float16"
    assert model.output.dtype == "float32"


def test_pooling_and_dense_by_hand() -> None:
    maps = keras.Input((1, 2, 2))
    model = heads.attach(keras.Model(maps, maps), Heads(1))
    model.get_layer("observations").set_weights([np.array([[1.0], [10.0]]), np.array([100.0])])
    # Channel means of [[1, 2], [3, 4]] are 2 and 3: 2 · 1 + 3 · 10 + 100.
    assert float(model(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]))[0, 0]) == 132.0


def test_options_reach_the_model() -> None:
    model = built("ResNet18", Heads(2), batch_norm_momentum=0.5, truncate_at="conv2_block1_out").model
    assert model.get_layer("conv1_bn").momentum == 0.5
    assert model.get_layer("features").output.shape == (None, 64)
    assert "conv2_block2_out" not in [layer.name for layer in model.layers]
    plain = built("CBR-Tiny", Heads(2), fused=False).model
    assert "call" not in vars(plain.get_layer("block1_bn"))


def test_normalisation_is_open_only_without_weights_and_statistics() -> None:
    assert built("CBR-Tiny", Heads(2)).normalisation is None
    settings = ModelSettings(arch="CBR-Tiny")
    normalisation = build.build_model(settings, Heads(2), 32, statistics=Statistics(10.0, 5.0)).normalisation
    assert normalisation is not None
    np.testing.assert_allclose(normalisation.apply([[[15.0]]]), [[[1.0, 1.0, 1.0]]])
    assert SCHEMES["torch"] != normalisation


@pytest.mark.parametrize("name", ["EfficientNetB0", "MobileNetV3", "EfficientNetLite0"])
def test_nothing_scales_inside(name: str) -> None:
    network = build.whole_network(catalogue.row(name), 32, seed=0)
    kinds = (keras.layers.Rescaling, keras.layers.Normalization)
    assert not [layer.name for layer in network.layers if isinstance(layer, kinds)]
    assert network.input.shape == (None, 32, 32, 3)


def test_refusals() -> None:
    with pytest.raises(
        InputError, match="InceptionV3 takes images of at least 75 pixels per side; received 64"
    ) as refusal:
        build.build_model(ModelSettings(arch="InceptionV3"), Heads(2), 64)
    assert refusal.value.setting == "image_size"
    with pytest.raises(InputError, match="received conv2_block9_out; did you mean conv2_block"):
        built("ResNet18", Heads(2), truncate_at="conv2_block9_out")
    with pytest.raises(InputError, match="expected weights to start from"):
        ModelSettings(arch="ResNet18", mean_variance=True)


def published_count(variant: str) -> int:
    """Parameters of keras.applications' network without its top; else those that keras-cv prints for its preset.

    keras-cv's figures for EfficientNetV1 and MobileNetV3 are not what Keras' own networks have, and Lite's differ from
    its source in the same way.
    """
    keras_cv = pytest.importorskip("keras_cv")
    name = variant.removesuffix("Backbone")
    if name == "EfficientNetLiteB0":  # README of tensorflow/tpu, models/official/efficientnet/lite: 4.652M with a top
        return 4_652_008 - 1000 * 1281 + 42_016  # and what is not trained
    if name.startswith(("EfficientNetV1", "MobileNetV3", "DenseNet", "VGG")):
        original = getattr(keras.applications, name.replace("NetV1B", "NetB"))
        network = original(include_top=False, weights=None, input_shape=(64, 64, 3))
        normalisations = (layer for layer in network.layers if isinstance(layer, keras.layers.Normalization))
        return int(network.count_params() - sum(layer.count_params() for layer in normalisations))
    presets = getattr(keras_cv.models, keras_cv_backbones.ARGUMENTS[variant][0]).presets
    (found,) = (presets[preset] for preset in presets if preset.replace("_", "") == name.lower())
    return int(found["metadata"]["params"])


PUBLISHED = [
    name
    if name in ("EfficientNetLiteB0Backbone", "MobileNetV3SmallBackbone")
    else pytest.param(name, marks=pytest.mark.slow)
    for name in keras_cv_backbones.ARGUMENTS
    # keras-cv prints MiT's with a head of ten classes, and Lite's larger ones as above.
    if not re.fullmatch("MiT.*|EfficientNetLiteB[1-4]Backbone", name)
]


@pytest.mark.parametrize("backbone", PUBLISHED)
def test_keras_cv_backbones_have_the_published_count(backbone: str) -> None:
    assert keras_cv_backbones.build(backbone, (64, 64, 3)).count_params() == published_count(backbone)


@pytest.mark.parametrize(
    "backbone", ["EfficientNetLiteB0Backbone", pytest.param("ResNet50V2Backbone", marks=pytest.mark.slow)]
)
def test_keras_cv_backbones_by_name(backbone: str) -> None:
    pytest.importorskip("keras_cv")
    model = build.build_model(ModelSettings(arch=f"keras_cv/{backbone}"), Heads(2), 64).model
    cut = next(layer.name for layer in model.layers if layer.name.endswith(("_add", "_out")))
    truncated = ModelSettings(arch=f"keras_cv/{backbone}", truncate_at=cut)
    assert len(build.build_model(truncated, Heads(2), 64).model.layers) < len(model.layers)


@pytest.mark.parametrize("backbone", ["MobileNetV3SmallBackbone"])
def test_operations_that_are_no_layers_are_numbered_with_them(backbone: str) -> None:
    """Keras calls a product written with `*` as it calls a layer that multiplies."""
    first, second = (keras_cv_backbones.build(backbone, (64, 64, 3)) for _ in range(2))
    names = [operation.name for operation in first.operations]
    assert "multiply_1" in names
    assert len(set(names)) == len(names)
    assert names == [operation.name for operation in second.operations]


def test_unknown_keras_cv_backbone() -> None:
    with pytest.raises(InputError, match="did you mean ResNet18Backbone"):
        build.build_model(ModelSettings(arch="keras_cv/ResNet18"), Heads(2), 64)


def test_every_fitting_layer_of_every_family_is_fused() -> None:
    for name, options in itertools.product(("MobileNetV3", "CBR-Tiny"), (True, False)):
        model = built(name, Heads(2), fused=options).model
        norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
        assert norms
        assert all(("call" in vars(layer)) == options for layer in norms)
