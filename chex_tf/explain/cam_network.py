"""A trained network split at the layer that Grad-CAM explains: image → maps (body) → margins (head).

A margin is the score before the sigmoid; for a network with three classes per task, positive against negative. Split
like this, the network runs forwards once, compiled, for all tasks, and gradients need only the few layers above the
maps.
"""

import keras
import numpy as np
import tensorflow as tf

from chex_tf.models import catalogue
from chex_tf.models.heads import OBSERVATIONS
from chex_tf.models.inputs import Normalisation
from chex_tf.trained import features
from chex_tf.trained.run import TrainedRun

MAPS = "explained_maps"  # the head's first layer, which passes the maps on unchanged


class Network:
    """`model`: normalised images (batch, side, side, 3) → logits, as chex_tf.trained.members.load_member gives it."""

    def __init__(self, model: keras.Model, cam_layer: str, normalisation: Normalisation, classes: int = 1) -> None:
        self.normalisation = normalisation
        logits = model.output[OBSERVATIONS] if isinstance(model.output, dict) else model.output
        margins = logits if classes == 1 else logits[..., 1] - logits[..., 0]
        self.whole = keras.Model([model.input], [margins])
        self.to_maps = features.up_to(model, cam_layer)
        maps = self.to_maps.outputs[0]
        given = keras.Input(maps.shape[1:])
        above = keras.Model([maps], [margins])
        self.head = keras.Model([given], [_only(above([keras.layers.Identity(name=MAPS)(given)]))])
        self.grid: tuple[int, int] = tuple(maps.shape[1:3])
        self._forward = tf.function(
            lambda images: _only(self.to_maps([images], training=False)),
            input_signature=[tf.TensorSpec((None, *model.input.shape[1:]), tf.float32)],
        )

    def normalised(self, films: np.ndarray) -> np.ndarray:
        """Films (batch, side, side, 1), 0 to 255, normalised for the network."""
        return self.normalisation.apply(np.repeat(films, 3, axis=-1))

    def maps(self, images: np.ndarray) -> tf.Tensor:
        return self._forward(images)

    def margins(self, maps: tf.Tensor) -> np.ndarray:
        """(batch, tasks), from the result of `maps`."""
        return np.asarray(_only(self.head([maps], training=False)))


def _only(outputs: object) -> object:
    return outputs[0] if isinstance(outputs, list) else outputs


def cam_layer_of(run: TrainedRun) -> str:
    """The layer that the run's maps are taken from."""
    return cam_layer_of_model(run.arch, run.model.truncate_at)


def cam_layer_of_model(arch: str, truncate_at: str | None) -> str:
    """Empty if the model's row names none (keras_cv/BACKBONE)."""
    return str(truncate_at or catalogue.row(arch).cam_layer)
