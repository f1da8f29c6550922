"""Grad-CAM of the same few validation films after every evaluation, in TensorBoard: where a network learns to look."""

import dataclasses
from collections.abc import Callable

import numpy as np

from chex_tf.data.pipeline import Source
from chex_tf.data.settings import DataSettings
from chex_tf.data.view import View
from chex_tf.explain import overlay
from chex_tf.explain.cam_network import Network, cam_layer_of_model
from chex_tf.explain.methods import METHODS
from chex_tf.explain.placing import upsample
from chex_tf.models.probabilities import from_logits
from chex_tf.models.settings import ModelSettings
from chex_tf.observations import POSITIVE
from chex_tf.training.loop import Evaluated


@dataclasses.dataclass(frozen=True)
class Example:
    """The first validation film that has a finding: uint8 (side, side, 1)."""

    task: str
    place: int
    film: np.ndarray


def callback(data: DataSettings, model: ModelSettings, most: int, split: str = "valid") -> Callable[[Evaluated], None]:
    """For `train(callbacks=...)`: draws an example of each of the first `most` tasks as gradcam/TASK, from the split
    on which the run is evaluated."""
    examples: list[Example] = []
    networks: list[Network] = []  # at most one, traced once; it shares the weights in training

    def draw(evaluated: Evaluated) -> None:
        if evaluated.board is None or evaluated.workers > 1:  # other workers would have to run the network too
            return
        if not networks:
            examples.extend(first_positives(data, most, split))
            layer = cam_layer_of_model(model.arch, model.truncate_at)
            networks.append(Network(evaluated.model, layer, evaluated.normalisation, evaluated.heads.classes))
        if not examples:
            return
        network = networks[0]
        images = network.normalised(np.stack([example.film for example in examples]))
        for number, example in enumerate(examples):
            margins, maps = METHODS["gradcam"](network, images[number : number + 1], [example.place])
            probable = from_logits(margins)[:, [example.place]]
            whole = upsample(maps, (data.image_size, data.image_size), View(data.image_size, data.image_size))
            bright = overlay.brightness(whole, probable)[0, 0]
            card = overlay.titled(overlay.blend(example.film[..., 0], bright), f"p = {float(probable[0, 0]):.3f}")
            evaluated.board.images(evaluated.step, f"gradcam/{example.task}", card[np.newaxis])

    return draw


def first_positives(data: DataSettings, most: int, split: str) -> list[Example]:
    plain = data.as_evaluated()
    source = Source(plain, split, training=False)
    found = []
    for place, task in enumerate(source.targets.tasks[:most]):
        positive = np.flatnonzero(source.targets.raw[source.examples, place] == POSITIVE)
        if len(positive):
            batch = source.pixels(int(positive[0]), 1)
            found.append(Example(task, place, batch["image"][0]))
    return found
