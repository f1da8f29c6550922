"""Names for layers that were built without one."""

import re

import keras


def number_by_order(model: keras.Model) -> None:
    """Renames layers and other operations whose names Keras made up (conv2d_17), counting in this model alone.

    Keras counts over the whole process, so that the second model built would differ from the first in its names, and
    with them in seeds, saved weights and cuts.
    """
    counts: dict[str, int] = {}
    for layer in model.operations:
        made_up = made_up_name(layer)
        if re.fullmatch(rf"{made_up}(_\d+)?", layer.name):
            count = counts.get(made_up, 0)
            counts[made_up] = count + 1
            layer.name = made_up if count == 0 else f"{made_up}_{count}"


def made_up_name(layer: keras.Operation) -> str:
    """What Keras calls the first unnamed layer of this class: conv2d, batch_normalization, re_lu."""
    name = re.sub(r"\W+", "", type(layer).__name__)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
