"""Batch normalisation in one kernel, for models that are made of keras.layers.BatchNormalization.

Keras 3 computes the moments and normalises in separate operations; TensorFlow has both, and their gradient, as one
(cuDNN's on GPUs). `fuse` makes the layers of a built model compute through that kernel. They stay the ordinary class
with the ordinary configuration and weights, so a saved or exported model opens anywhere without custom objects.
"""

from collections.abc import Callable
from typing import Any

import keras

from chex_tf.models.layers_within import every_layer

_FUSED_DTYPES = ("float32", "float16", "bfloat16")


def fuse(model: keras.Model) -> int:
    """Makes every suitable layer of `model` use the fused kernel; returns their number.

    Call it again on a model that was loaded or cloned. On other backends nothing is changed.
    """
    if keras.backend.backend() != "tensorflow":
        return 0
    fused = 0
    for layer in every_layer(model):
        if type(layer) is keras.layers.BatchNormalization and _fits(layer):
            layer.call = _fused_call(layer)
            fused += 1
    return fused


def _fits(layer: Any) -> bool:
    """Whether the kernel can do all that the layer is configured to do; it cannot synchronise statistics."""
    rank = layer.input_spec.ndim if layer.built else None
    channels_last = layer.axis in (-1, 3)
    return rank == 4 and channels_last and not layer.synchronized and not layer.renorm


def _fused_call(layer: Any) -> Callable[..., Any]:
    """A replacement for layer.call: the fused kernel, or the layer's own call where the kernel cannot be used."""
    import tensorflow as tf

    ordinary = type(layer).call

    def call(inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        dtype = keras.backend.standardize_dtype(inputs.dtype)
        known = training is None or isinstance(training, (bool, int))
        if mask is not None or not known or dtype not in _FUSED_DTYPES or isinstance(inputs, keras.KerasTensor):
            return ordinary(layer, inputs, training=training, mask=mask)
        mean, variance = (tf.convert_to_tensor(moving) for moving in (layer.moving_mean, layer.moving_variance))
        ones_like, zeros_like = tf.ones_like, tf.zeros_like
        scale = tf.convert_to_tensor(layer.gamma) if layer.scale else ones_like(mean)
        offset = tf.convert_to_tensor(layer.beta) if layer.center else zeros_like(mean)
        scale, offset, mean, variance = (tf.cast(tensor, "float32") for tensor in (scale, offset, mean, variance))
        if not (training and layer.trainable):
            outputs, *_ = tf.raw_ops.FusedBatchNormV3(
                x=inputs,
                scale=scale,
                offset=offset,
                mean=mean,
                variance=variance,
                epsilon=layer.epsilon,
                is_training=False,
            )
            return tf.cast(outputs, layer.compute_dtype)
        empty = tf.zeros([0], "float32")  # the kernel takes no moving statistics when it computes the batch's own
        outputs, batch_mean, batch_variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs, scale=scale, offset=offset, mean=empty, variance=empty, epsilon=layer.epsilon, is_training=True
        )
        # The kernel reports the variance over n - 1, Keras averages the one over n.
        count = tf.cast(tf.size(inputs) // tf.shape(inputs)[-1], "float32")
        batch_variance *= tf.maximum(count - 1.0, 0.0) / tf.maximum(count, 1.0)
        keep = layer.momentum
        layer.moving_mean.assign(mean * keep + batch_mean * (1.0 - keep))
        layer.moving_variance.assign(variance * keep + batch_variance * (1.0 - keep))
        return tf.cast(outputs, layer.compute_dtype)

    return call
