"""Networks without scaling and padding layers compute what they computed with them."""

import keras
import numpy as np
import pytest
from keras import layers

from chex_tf.models.simplifying import simplified


def padded(side: int, padding: tuple[tuple[int, int], tuple[int, int]], kernel: int) -> keras.Model:
    image = keras.Input((side, side, 3))
    x = layers.Rescaling(2.0)(image)
    x = layers.ZeroPadding2D(padding, name="pad")(x)
    x = layers.DepthwiseConv2D(kernel, strides=2, name="conv")(x)
    return keras.Model(image, layers.Conv2D(2, 3, name="then")(x))


@pytest.mark.parametrize(
    ("side", "padding", "kernel", "left_out"),
    [
        (16, ((0, 1), (0, 1)), 3, True),
        (16, ((1, 2), (1, 2)), 5, True),
        (17, ((1, 1), (1, 1)), 3, True),
        (16, ((1, 1), (1, 1)), 3, False),  # symmetric, as in PyTorch: not what "same" does here
    ],
)
def test_padding_goes_where_the_convolution_pads_the_same(
    side: int,
    padding: tuple[tuple[int, int], tuple[int, int]],
    kernel: int,
    left_out: bool,
    generator: np.random.Generator,
) -> None:
    model = padded(side, padding, kernel)
    simple = simplified(model)
    simple.set_weights(model.get_weights())
    names = [layer.name for layer in simple.layers]
    assert ("pad" not in names) == left_out
    assert not any(isinstance(layer, layers.Rescaling) for layer in simple.layers)
    image = generator.normal(size=(2, side, side, 3)).astype("float32")
    np.testing.assert_allclose(simple(2.0 * image), model(image), rtol=1e-5, atol=1e-5)
