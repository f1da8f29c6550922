"""Maps of where a network looks: CheXtransfer's Grad-CAM (section 3.3) and three others, all from tf-keras-vis.

Section 3.3 is Grad-CAM with weights from positive partial derivatives of the score before the sigmoid, not normalised.
A map has the size of the network's maps (saliency: of the image), and is not yet scaled by the probability.
"""

import functools
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
from tf_keras_vis.saliency import Saliency
from tf_keras_vis.scorecam import Scorecam

from chex_tf.explain.cam_network import MAPS, Network

# Score-CAM runs the network once for each channel; this many masked images are in memory at a time.
SCORECAM_CHANNELS = 64

# (network, normalised images, places of tasks) → margins (batch, all tasks), maps (batch, places, rows, columns)
Method = Callable[[Network, np.ndarray, Sequence[int]], tuple[np.ndarray, np.ndarray]]


def _by_gradients(visualise: type, options: dict[str, object]) -> Method:
    def method(network: Network, images: np.ndarray, places: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        maps = network.maps(images)
        found = [
            visualise(network.head, clone=False)(
                _score(place),
                maps,
                penultimate_layer=MAPS,
                seek_penultimate_conv_layer=False,
                expand_cam=False,
                normalize_cam=False,
                **options,
            )
            for place in places
        ]
        return network.margins(maps), np.stack(found, axis=1)

    return method


def _saliency(network: Network, images: np.ndarray, places: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """The largest of the three channels' derivatives at each pixel."""
    visualise = Saliency(network.whole, clone=False)
    found = [visualise(_score(place), images, normalize_map=False) for place in places]
    return network.margins(network.maps(images)), np.stack(found, axis=1)


def _scorecam(network: Network, images: np.ndarray, places: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """tf-keras-vis takes a softmax of the network's outputs: for a margin and 0, that is the sigmoid of the margin.

    Its maps are sums over channels, so they are computed from some channels at a time and added up.
    """
    margins = network.margins(network.maps(images))
    found = []
    for place in places:
        margin = network.whole.outputs[0][:, place : place + 1]
        pair = keras.Model(network.whole.inputs, [keras.ops.concatenate([margin, 0.0 * margin], axis=-1)])
        pair.predict = functools.partial(pair.predict, verbose=0)  # its progress bar would go to standard output
        channels = network.to_maps.outputs[0].shape[-1]
        parts = [_channel_layer(network, first) for first in range(0, channels, SCORECAM_CHANNELS)]
        visualise = Scorecam(pair, clone=False)
        # One by one: masks take the images' memory times the number of channels.
        sums = [sum(_one_scorecam(visualise, image[np.newaxis], part) for part in parts) for image in images]
        found.append(np.maximum(np.concatenate(sums), 0.0))
    return margins, np.stack(found, axis=1)


def _one_scorecam(visualise: Scorecam, image: np.ndarray, part: keras.Layer) -> np.ndarray:
    made = visualise(
        _score(0),
        image,
        penultimate_layer=part,
        seek_penultimate_conv_layer=False,
        activation_modifier=None,
        expand_cam=False,
        normalize_cam=False,
    )
    return np.asarray(made)


def _channel_layer(network: Network, first: int) -> keras.Layer:
    layer = keras.layers.Identity()
    layer(network.to_maps.outputs[0][..., first : first + SCORECAM_CHANNELS])
    return layer


def _score(place: int) -> Callable[[tf.Tensor], tf.Tensor]:
    return lambda margins: margins[:, place]


METHODS: dict[str, Method] = {
    "gradcam": _by_gradients(Gradcam, {"gradient_modifier": tf.nn.relu}),
    "gradcam++": _by_gradients(GradcamPlusPlus, {}),
    "scorecam": _scorecam,
    "saliency": _saliency,
}
