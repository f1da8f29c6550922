"""Maps against a second way of computing each: by hand, by GradientTape and numpy, by plain loops."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from chex_tf.explain import methods
from chex_tf.explain.cam_network import Network
from chex_tf.models.inputs import Normalisation

PLAIN = Normalisation("plain", (1.0,) * 3, (0.0,) * 3)
SIDE, TASKS, CHANNELS = 12, 3, 70  # more channels than Score-CAM takes at a time


def small_model(classes: int = 1, extra: bool = False) -> keras.Model:
    """Signed maps, and layers above them in which every position has its own gradient."""
    keras.utils.set_random_seed(3)
    image = keras.Input((SIDE, SIDE, 3), name="image")
    maps = keras.layers.Conv2D(CHANNELS, 3, strides=2, padding="same", name="maps")(image)
    x = keras.layers.Activation("tanh", name="bent")(maps)
    x = keras.layers.Conv2D(8, 3, activation="relu", padding="same", name="above")(x)
    x = keras.layers.GlobalAveragePooling2D(name="features")(x)
    wide = keras.initializers.RandomNormal(stddev=1.0)
    logits = keras.layers.Dense(TASKS * classes, kernel_initializer=wide, name="head")(x)
    if classes == 3:
        logits = keras.layers.Reshape((TASKS, classes))(logits)
    outputs = {"observations": logits, "age": keras.layers.Dense(1)(x)} if extra else logits
    return keras.Model(image, outputs)


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return small_model()


@pytest.fixture(scope="module")
def network(model: keras.Model) -> Network:
    return Network(model, "maps", PLAIN)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(4, SIDE, SIDE, 3)).astype(np.float32)


def derivatives(model: keras.Model, images: np.ndarray, task: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Maps, d margin / d maps, margins: through the whole network, in one piece."""
    both = keras.Model(model.input, [model.get_layer("maps").output, model.output])
    with tf.GradientTape() as tape:
        maps, logits = both(images)
        tape.watch(maps)
        # Again from the maps on, so that the tape has seen them.
        x = maps
        for layer in model.layers[2:]:
            x = layer(x)
        margins = x[:, task]
    np.testing.assert_allclose(margins, logits[:, task], rtol=1e-5)
    return maps.numpy(), tape.gradient(margins, maps).numpy(), margins.numpy()


def test_grad_cam_of_a_linear_head_by_hand() -> None:
    """Maps 2×2, margin = mean of the first - 3 × mean of the second: weights 1/4 and, being negative, 0."""
    image = keras.Input((2, 2, 3))
    maps = keras.layers.Identity(name="maps")(image)
    pooled = keras.layers.GlobalAveragePooling2D(name="features")(maps)
    margin = keras.layers.Dense(1, name="observations")
    model = keras.Model(image, margin(pooled))
    margin.set_weights([np.array([[1.0], [-3.0], [0.0]], np.float32), np.array([0.5], np.float32)])
    given = np.zeros((1, 2, 2, 3), np.float32)
    given[0, ..., 0] = [[4, 0], [-8, 2]]
    given[0, ..., 1] = [[0, 100], [0, 0]]
    margins, found = methods.METHODS["gradcam"](Network(model, "maps", PLAIN), given, [0])
    np.testing.assert_allclose(margins, [[-0.5 - 75 + 0.5]])
    np.testing.assert_allclose(found[0, 0], [[1, 0], [0, 0.5]])  # -8 / 4 is cut off at 0


@pytest.mark.parametrize("task", range(TASKS))
def test_grad_cam_is_section_3_3(model: keras.Model, network: Network, images: np.ndarray, task: int) -> None:
    maps, gradients, _ = derivatives(model, images, task)
    assert (gradients > 0).any()
    assert (gradients < 0).any()
    weights = np.maximum(gradients, 0).mean(axis=(1, 2))  # positive partial derivatives
    expected = np.maximum(np.einsum("nyxc,nc->nyx", maps, weights), 0)
    _, found = methods.METHODS["gradcam"](network, images, [0, task])
    assert expected.max() > 0
    np.testing.assert_allclose(found[:, 1], expected, rtol=1e-4, atol=1e-6)


def test_grad_cam_plus_plus(model: keras.Model, network: Network, images: np.ndarray) -> None:
    """Chattopadhay et al. 2018, equations 10 and 19, with the exponential as the last activation."""
    maps, gradients, margins = (array.astype(np.float64) for array in derivatives(model, images, 1))
    scores = np.exp(margins)[:, np.newaxis, np.newaxis, np.newaxis]
    total = maps.sum(axis=(1, 2), keepdims=True)
    shares = scores * gradients**2 / (2 * scores * gradients**2 + total * scores * gradients**3)
    shares /= shares.sum(axis=(1, 2), keepdims=True)  # as the library and the authors' code have it
    weights = (shares * np.maximum(scores * gradients, 0)).sum(axis=(1, 2))
    expected = np.maximum(np.einsum("nyxc,nc->nyx", maps, weights), 0)
    _, found = methods.METHODS["gradcam++"](network, images, [1])
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-2, atol=1e-3 * expected.max())


def test_score_cam_by_plain_loops(model: keras.Model, network: Network, images: np.ndarray) -> None:
    maps = keras.Model(model.input, model.get_layer("maps").output)(images[:2]).numpy()
    expected = np.zeros(maps.shape[:3])
    for film in range(2):
        for channel in range(CHANNELS):
            mask = ndimage.zoom(maps[film, ..., channel], 2, order=1, mode="nearest")
            mask = (mask - mask.min()) / (mask.max() - mask.min() + 1e-7)
            margin = model(images[film : film + 1] * mask[np.newaxis, ..., np.newaxis]).numpy()[0, 2]
            expected[film] += maps[film, ..., channel] / (1 + np.exp(-margin))
    margins, found = methods.METHODS["scorecam"](network, images[:2], [2])
    np.testing.assert_allclose(margins, model(images[:2]), rtol=1e-5)
    np.testing.assert_allclose(found[:, 0], np.maximum(expected, 0), rtol=1e-3, atol=1e-3)


def test_score_cam_says_nothing_on_standard_output(network: Network, images: np.ndarray, capfd) -> None:
    methods.METHODS["scorecam"](network, images[:1], [0])
    assert capfd.readouterr().out == ""


def test_saliency_by_finite_differences(model: keras.Model, network: Network, images: np.ndarray) -> None:
    _, found = methods.METHODS["saliency"](network, images[:1], [1])
    assert found.shape == (1, 1, SIDE, SIDE)
    for row, column in ((0, 0), (5, 7), (11, 3)):
        slopes = []
        for channel in range(3):
            step = np.zeros_like(images[:1])
            step[0, row, column, channel] = 1e-2
            slopes.append((model(images[:1] + step)[0, 1] - model(images[:1] - step)[0, 1]) / 2e-2)
        assert found[0, 0, row, column] == pytest.approx(np.abs(slopes).max(), rel=0.02, abs=1e-4)


@pytest.mark.parametrize("method", methods.METHODS)
def test_a_film_has_the_same_map_in_any_company(network: Network, images: np.ndarray, method: str) -> None:
    _, together = methods.METHODS[method](network, images, [0])
    _, alone = methods.METHODS[method](network, images[2:3], [0])
    np.testing.assert_allclose(together[2:3], alone, rtol=1e-4, atol=1e-5 * together.max())


def test_three_classes_are_explained_by_positive_against_negative(images: np.ndarray) -> None:
    model = small_model(classes=3)
    margins, found = methods.METHODS["gradcam"](Network(model, "maps", PLAIN, classes=3), images, [1])
    logits = model(images).numpy()
    np.testing.assert_allclose(margins, logits[..., 1] - logits[..., 0], rtol=1e-5, atol=1e-6)
    # The same network, its last layer replaced by the difference of the two classes' weights.
    kernel, bias = model.layers[-2].get_weights()
    plain = small_model()
    plain.set_weights([*model.get_weights()[:-2], kernel[:, 1::3] - kernel[:, 0::3], bias[1::3] - bias[0::3]])
    _, expected = methods.METHODS["gradcam"](Network(plain, "maps", PLAIN), images, [1])
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def test_further_heads_take_no_part(images: np.ndarray) -> None:
    several, plain = small_model(extra=True), small_model()
    for layer in plain.layers:
        layer.set_weights(several.get_layer(layer.name).get_weights())
    expected = methods.METHODS["gradcam"](Network(plain, "maps", PLAIN), images, [0])
    found = methods.METHODS["gradcam"](Network(several, "maps", PLAIN), images, [0])
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
