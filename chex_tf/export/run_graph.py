"""A run as one self-contained graph: grey values from 0 to 255 in, one named probability per task out."""

import dataclasses
import re
from collections.abc import Sequence

import keras
import numpy as np

from chex_tf.data.view import View
from chex_tf.models import counting
from chex_tf.runs.checkpoints import Best
from chex_tf.settings import InputError
from chex_tf.trained import members
from chex_tf.trained.run import TrainedRun

INPUT = "radiograph"


def output_names(tasks: Sequence[str]) -> tuple[str, ...]:
    """The graph's names for its probabilities: `pleural_effusion` for Pleural Effusion."""
    names = tuple(re.sub(r"\W+", "_", task.lower()).strip("_") for task in tasks)
    if len(set(names)) < len(names) or not all(names):
        raise InputError(f"expected tasks whose names differ in letters and digits; received {', '.join(tasks)}")
    return names


@dataclasses.dataclass(frozen=True)
class Graph:
    """`any_size` takes (batch, height, width, 1) and resizes; `fixed` takes (batch, side, side, 1) as prepared.

    Both share their weights and give a dict of (batch,) by output name.
    """

    run: TrainedRun
    best: tuple[Best, ...]
    view: View
    any_size: keras.Model
    fixed: keras.Model

    @property
    def names(self) -> tuple[str, ...]:
        return output_names(self.run.tasks)


def build(run: TrainedRun, best: Sequence[Best], view: View) -> Graph:
    """`view` is what the run sees of a film."""
    apart = members.load_separately(run, best)
    fixed = keras.Input((run.side, run.side, 1), name=INPUT)
    free = keras.Input((None, None, 1), name=INPUT)
    name = f"{apart.name}_{'ensemble' if len(best) > 1 else f'step_{best[0].step}'}"
    wholes = [
        keras.Model(image, _named(run, apart, prepared), name=name)
        for image, prepared in ((free, _prepared(view, free)), (fixed, fixed))
    ]
    return Graph(run, tuple(best), view, *wholes)


def multiply_adds(run: TrainedRun, best: Sequence[Best]) -> int | None:
    """For one image, all checkpoints together; None if the network's layers hide them."""
    single = counting.multiply_adds(members.load_member(run, best[0]))
    return None if single is None else single * len(best)


def _prepared(view: View, image: keras.KerasTensor) -> keras.KerasTensor:
    """Resized and cropped as in evaluation, up to the resampling: the triangle filter that training approximates.

    Ingest's resizing is resampling too, except to a square, which leaves nothing to crop.
    """
    squared = view.stored.image_size is not None and view.stored.resize == "square"
    keep = view.aspect == "keep" and not squared
    resizing = keras.layers.Resizing(
        view.resized, view.resized, antialias=True, crop_to_aspect_ratio=keep, name="resized"
    )
    # Explicit, because this layer's own default is training, which Keras passes on to the layers after it: model(x)
    # would normalise by the batch's statistics and change the moving ones.
    x = resizing(image, training=False)
    if view.resized == view.side:
        return x
    before = int(np.rint(0.5 * (view.resized - view.side)))  # as chex_tf.data.augmentation places the centre
    edges = (before, view.resized - view.side - before)
    return keras.layers.Cropping2D((edges, edges), name="centre")(x)


def _named(run: TrainedRun, apart: keras.Model, image: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
    found = apart(image)
    mean = members.mean(found if isinstance(found, list) else [found])
    return {name: mean[:, place] for place, name in enumerate(output_names(run.tasks))}
