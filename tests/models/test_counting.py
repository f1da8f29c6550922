"""Counting by hand on a network small enough to do it."""

import keras
from keras import layers

from chex_tf.models import counting


def small() -> keras.Model:
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", name="conv")(image)  # 4×4 places, 3·3·3·4 kernel, 4 biases
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)  # 4×4 places, 3·3·4
    x = layers.BatchNormalization()(x)  # 8 trained, 8 not
    x = layers.SeparableConv2D(5, 3, padding="same", use_bias=False)(x)  # 4×4 places, 3·3·4 and 4·5
    return keras.Model(image, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))  # 5·2, 2 biases


def test_multiply_adds() -> None:
    assert counting.multiply_adds(small()) == 16 * 108 + 16 * 36 + 16 * (36 + 20) + 10


def test_trainable_parameters() -> None:
    assert counting.trainable_parameters(small()) == 108 + 4 + 36 + 8 + 36 + 20 + 10 + 2


def test_grid() -> None:
    assert counting.grid(small(), "conv") == (4, 4)


def test_a_layer_that_is_never_called_costs_nothing() -> None:
    class Spare(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.convolution = layers.Conv2D(2, 3)

        def call(self, x: object) -> object:
            return x

    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 1)(Spare()(image))  # 8×8 places, 3·4
    assert counting.multiply_adds(keras.Model(image, x)) == 64 * 12


def test_hidden_shapes_are_not_guessed() -> None:
    class Inside(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.convolution = layers.Conv2D(2, 3)

        def call(self, x: object) -> object:
            return self.convolution(x)

    image = keras.Input((8, 8, 3))
    assert counting.multiply_adds(keras.Model(image, Inside()(image))) is None
