"""Loads weights into a network: everything that is needed, or an error that lists what is missing."""

import dataclasses
import pathlib
import re
from collections.abc import Callable, Collection
from typing import Any

import keras
import numpy as np

from chex_tf.models import checkpoint_files, released, timm_names
from chex_tf.models.checkpoint_files import Tensors
from chex_tf.models.inputs import Encoder
from chex_tf.models.layers_within import every_layer, own_variables
from chex_tf.models.rows import Row
from chex_tf.settings import InputError

_MOST_NAMED = 20  # missing tensors named in a message, before "and N more"


@dataclasses.dataclass(frozen=True)
class Loaded:
    """The result of loading.

    matched     how many variables were set
    unexpected  tensors of the file that no variable took; `classifier` are those that the row expects there
    """

    source: pathlib.Path
    matched: int
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    classifier: tuple[str, ...] = ()
    doubtful_padding: bool = False  # PyTorch's weights for a network that pads as TensorFlow does

    def __str__(self) -> str:
        left, of_classifier = len(self.unexpected), len(self.classifier)
        classifier = f" (the classifier's: {of_classifier})" if of_classifier else ""
        padding = (
            "; this network pads as TensorFlow does, and timm's tf_ variants were trained so: with weights of another "
            "variant its features are about 1 % off"
        )
        return (
            f"{self.source.name}: {self.matched} tensors matched, {len(self.missing)} missing, "
            f"{left} unexpected{classifier}{padding if self.doubtful_padding else ''}"
        )


def resolve(
    row: Row,
    weights: str,
    folder: pathlib.Path | None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    encoder: Encoder | None = None,
) -> pathlib.Path:
    """The file that `weights` means for `row`: a released checkpoint's, the encoder's, or the file itself."""
    for checkpoint in row.checkpoints:
        if checkpoint.name == weights:
            return released.find(checkpoint, folder, progress)
    if encoder is not None:
        if encoder.arch not in (None, row.name, row.whole):
            raise InputError(f"{weights} holds weights of {encoder.arch}; received --arch={row.name}", "weights")
        return encoder.file
    path = pathlib.Path(weights)
    if path.is_file():
        return path
    known = ", ".join(["none", *(checkpoint.name for checkpoint in row.checkpoints), "a file", "a run directory"])
    there = "a folder without an encoder" if path.is_dir() else "and nothing is there"
    raise InputError(f"expected weights of {row.name}: {known}; received {weights}, {there}", "weights")


def load(
    network: keras.Model,
    row: Row,
    weights: str,
    folder: pathlib.Path | None = None,
    *,
    needed: Collection[str] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    encoder: Encoder | None = None,
) -> Loaded:
    """Sets the variables of `network` (the whole one, without head) from the file that `weights` means.

    `needed` names the layers that must be found, all by default; the others are set where the file has them. Nothing
    is set unless everything needed is found and every shape fits.
    """
    path = resolve(row, weights, folder, progress, encoder)
    tensors = checkpoint_files.read(path)
    loaded, values = _match(network, row, tensors, path, needed)
    if loaded.missing:
        listed = ", ".join(loaded.missing[:_MOST_NAMED]) + (
            f" and {len(loaded.missing) - _MOST_NAMED} more" if len(loaded.missing) > _MOST_NAMED else ""
        )
        raise InputError(
            f"{path} is not a checkpoint of {row.name} as a whole ({loaded}); missing: {listed}", "weights"
        )
    for variable, value in values:
        variable.assign(value)
    of_row = path.name in {checkpoint.file for checkpoint in row.checkpoints}
    return dataclasses.replace(loaded, doubtful_padding=row.two_paddings and bool(tensors.by_name) and not of_row)


def _match(
    network: keras.Model, row: Row, tensors: Tensors, path: pathlib.Path, needed: Collection[str] | None
) -> tuple[Loaded, list[tuple[Any, np.ndarray]]]:
    candidates = [_by_layer(network, tensors)] if tensors.by_layer else []
    candidates += [_by_name(network, tensors.by_name, naming) for naming in row.namings] if tensors.by_name else []
    if not candidates:
        reason = f"PyTorch weights compute something else in {row.name}" if tensors.by_name else "the file is empty"
        raise InputError(f"cannot load {path} into {row.name}: {reason}", "weights")
    found, used = max(candidates, key=lambda candidate: len(candidate[0]))
    missing, wrong, values = [], [], []
    for layer, variable in _variables(network):
        key = f"{layer}/{variable.name}"
        value = found.get(key)
        if value is None:
            if needed is None or layer in needed:
                missing.append(key)
        elif tuple(value.shape) != tuple(variable.shape):
            wrong.append(f"{key} is {tuple(variable.shape)} here and {tuple(value.shape)} there")
        else:
            values.append((variable, value))
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise InputError(f"{path} does not fit {row.name}: {'; '.join(wrong[:3])}{more}", "weights")
    unexpected = tuple(sorted((set(tensors.by_layer) | set(tensors.by_name)) - used))
    classifiers = {name for checkpoint in row.checkpoints for name in checkpoint.classifier}
    of_classifier = tuple(name for name in unexpected if name in classifiers)
    return Loaded(path, len(values), tuple(missing), unexpected, of_classifier), values


def _variables(network: keras.Model) -> list[tuple[str, Any]]:
    """Every variable with its layer's name, in Keras' order."""
    return [(layer.name, variable) for layer in _layers_with_weights(network) for variable in own_variables(layer)]


def _layers_with_weights(network: keras.Model) -> list[keras.Layer]:
    return [layer for layer in every_layer(network) if own_variables(layer)]


Found = tuple[dict[str, np.ndarray], set[str]]  # arrays by the network's variable, and the file's names that were used


def _by_layer(network: keras.Model, tensors: Tensors) -> Found:
    layers = _layers_with_weights(network)
    names = {name: name for name in tensors.by_layer}
    if tensors.ordered:
        # The input scaling built into keras.applications has statistics of its own; see inputs.py.
        inside = [name for name in tensors.by_layer if re.fullmatch(r"normalization(_\d+)?", name)]
        rest = [name for name in tensors.by_layer if name not in inside]
        _check_inner_scaling([tensors.by_layer[name] for name in inside])
        names = dict(zip((layer.name for layer in layers), rest, strict=False))
    found: dict[str, np.ndarray] = {}
    used: set[str] = set()
    for layer in layers:
        arrays = tensors.by_layer.get(names.get(layer.name, ""), [])
        own = own_variables(layer)
        if len(arrays) >= len(own):
            used.add(names[layer.name])
            found |= {f"{layer.name}/{v.name}": array for v, array in zip(own, arrays, strict=False)}
    return found, used


def _check_inner_scaling(inside: list[list[np.ndarray]]) -> None:
    """Released EfficientNets hold ImageNet's mean and, as their "variance", its deviation; together with the second
    scaling that keras.applications adds this gives (image / 255 - mean) / deviation, as the rows state."""
    for mean, variance, *_ in inside:
        released_with = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
        if not np.allclose(mean, released_with[0], atol=1e-3) or not np.allclose(variance, released_with[1], atol=1e-3):
            raise InputError(
                f"the file scales its input by mean {mean} and variance {variance}, expected {released_with}", "weights"
            )


def _by_name(network: keras.Model, tensors: dict[str, np.ndarray], naming: timm_names.Naming) -> Found:
    found: dict[str, np.ndarray] = {}
    used: set[str] = set()
    for layer in _layers_with_weights(network):
        module = naming(layer.name)
        if module is None:
            continue
        for variable in own_variables(layer):
            name = f"{module}.{timm_names.TENSORS[variable.name]}"
            if name in tensors:
                found[f"{layer.name}/{variable.name}"] = _keras_order(tensors[name], variable)
                used |= {name, f"{module}.num_batches_tracked"}
    return found, used


def _keras_order(tensor: np.ndarray, variable: Any) -> np.ndarray:
    """A PyTorch convolution (out, in, rows, columns) in Keras' order (rows, columns, in, out); others unchanged.

    Depthwise convolutions are (channels, 1, rows, columns) there and (rows, columns, channels, 1) here.
    """
    tensor = np.asarray(tensor, np.float32)
    if tensor.ndim != 4:
        return tensor
    reordered = tensor.transpose(2, 3, 1, 0)
    depthwise = reordered.shape[2] == 1 and tuple(variable.shape[2:]) == (reordered.shape[3], 1)
    return reordered.transpose(0, 1, 3, 2) if depthwise else reordered
