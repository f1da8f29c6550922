"""Which tensor of a file belongs to which variable of a network, by the names of Keras, of a run or of PyTorch."""

import dataclasses
import pathlib
import re
from collections.abc import Collection
from typing import Any

import keras
import numpy as np

from chex_tf.models import heads, timm_names
from chex_tf.models.checkpoint_files import Tensors
from chex_tf.models.layers_within import every_layer, own_variables
from chex_tf.models.rows import Row
from chex_tf.models.variable_names import weight_names
from chex_tf.settings import InputError

_INPUT_SCALING = r"normalization(_\d+)?"  # the layer of keras.applications; see inputs.py


@dataclasses.dataclass(frozen=True)
class Match:
    """values: what each variable found; missing: LAYER/VARIABLE of what is needed and not there.

    unexpected    names of the file (of layers, in Keras' files) that no variable took
    classifier    those of them that belong to a classifier or to a head
    from_pytorch  whether the names are PyTorch's
    """

    values: tuple[tuple[Any, np.ndarray], ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    classifier: tuple[str, ...]
    from_pytorch: bool


@dataclasses.dataclass(frozen=True)
class _Found:
    """arrays by the network's variable (LAYER/VARIABLE), and the file's names that were used"""

    arrays: dict[str, np.ndarray]
    used: set[str]
    from_pytorch: bool = False


def variables(network: keras.Model) -> list[tuple[str, Any]]:
    """Every variable, nested ones included, with the name of the layer that owns it, in Keras' order."""
    return [(layer.name, variable) for layer in _layers_with_weights(network) for variable in own_variables(layer)]


def match(
    network: keras.Model, row: Row, tensors: Tensors, path: pathlib.Path, needed: Collection[str] | None
) -> Match:
    """The best match of the file's tensors; `needed` names the layers whose variables must be found, all by default."""
    candidates = [_by_layer(network, tensors)] if tensors.by_layer else []
    if tensors.by_name:
        candidates.append(_by_weight_name(network, tensors.by_name))
        candidates += [_by_pytorch_name(network, tensors.by_name, naming) for naming in row.namings]
    if not candidates:
        raise InputError(f"{path} holds no tensors", "weights")
    found = max(candidates, key=lambda candidate: len(candidate.arrays))
    if not found.arrays:
        raise InputError(_nothing_fits(network, row, tensors, path), "weights")
    missing, wrong, values = [], [], []
    for layer, variable in variables(network):
        key = f"{layer}/{variable.name}"
        value = found.arrays.get(key)
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
    unexpected = tuple(sorted((set(tensors.by_layer) | set(tensors.by_name)) - found.used))
    classifier = tuple(name for name in unexpected if _of_classifier(name, row, tensors))
    return Match(tuple(values), tuple(missing), unexpected, classifier, found.from_pytorch)


def foreign(matched: Match) -> tuple[str, ...]:
    """What a file of this architecture would not hold: neither matched, nor a classifier's, nor the input scaling."""
    left = set(matched.unexpected) - set(matched.classifier)
    return tuple(sorted(name for name in left if not re.fullmatch(_INPUT_SCALING, name)))


def _of_classifier(name: str, row: Row, tensors: Tensors) -> bool:
    """By the row's checkpoints, by the usual names, or, in Keras' files, as the only layer with a matrix: a dense one.

    No network here ends in a dense layer, and one that is larger than expected has convolutions left over as well.
    """
    if any(name in checkpoint.classifier for checkpoint in row.checkpoints):
        return True
    if name in tensors.by_layer:
        kernel, *bias = tensors.by_layer[name]
        return kernel.ndim == 2 and [array.ndim for array in bias] in ([], [1])
    layer, _, _ = name.rpartition("/")
    if layer.rpartition("/")[2] in heads.LAYERS:
        return True
    return name.split(".")[0] in timm_names.CLASSIFIERS and tensors.by_name[name].ndim <= 2


def _nothing_fits(network: keras.Model, row: Row, tensors: Tensors, path: pathlib.Path) -> str:
    if tensors.by_name and not row.namings:
        return f"{path} has the names of a PyTorch model, which {row.name} cannot take: {row.keras_only}"
    layer, variable = variables(network)[0]
    expected = [f"{layer}/{variable.name}"]
    for naming in row.namings if tensors.by_name else ():
        expected.append(f"{naming(layer)}.{timm_names.TENSORS[variable.name]}")
    first = next(iter(tensors.by_layer or tensors.by_name))
    return (
        f"{path} is not a checkpoint of {row.name}: none of its names fits; expected such as "
        f"{' or '.join(expected)}; received such as {first}"
    )


def _layers_with_weights(network: keras.Model) -> list[keras.Layer]:
    return [layer for layer in every_layer(network) if own_variables(layer)]


def _by_layer(network: keras.Model, tensors: Tensors) -> _Found:
    layers = _layers_with_weights(network)
    names = {name: name for name in tensors.by_layer}
    # The input scaling built into keras.applications has statistics of its own.
    inside = [name for name in tensors.by_layer if re.fullmatch(_INPUT_SCALING, name)]
    _check_inner_scaling([tensors.by_layer[name] for name in inside])
    if tensors.ordered:
        rest = [name for name in tensors.by_layer if name not in inside]
        names = dict(zip((layer.name for layer in layers), rest, strict=False))
    arrays_by_variable: dict[str, np.ndarray] = {}
    used: set[str] = set()
    for layer in layers:
        arrays = tensors.by_layer.get(names.get(layer.name, ""), [])
        own = own_variables(layer)
        if len(arrays) == len(own):
            used.add(names[layer.name])
            arrays_by_variable |= {f"{layer.name}/{v.name}": array for v, array in zip(own, arrays, strict=True)}
    return _Found(arrays_by_variable, used)


def _check_inner_scaling(inside: list[list[np.ndarray]]) -> None:
    """Released EfficientNets hold ImageNet's mean and, as their "variance", its deviation; together with the second
    scaling that keras.applications adds this gives (image / 255 - mean) / deviation, as the rows state."""
    for mean, variance, *_ in inside:
        released_with = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
        if not np.allclose(mean, released_with[0], atol=1e-3) or not np.allclose(variance, released_with[1], atol=1e-3):
            raise InputError(
                f"the file scales its input by mean {mean} and variance {variance}, expected {released_with}", "weights"
            )


def _by_weight_name(network: keras.Model, tensors: dict[str, np.ndarray]) -> _Found:
    """By the names in a run's checkpoints, which end in LAYER/VARIABLE (variable_names.py)."""
    in_file: dict[str, str] = {}
    for name in tensors:
        in_file.setdefault("/".join(name.split("/")[-2:]), name)
    named = {id(variable): name for name, variable in weight_names(network).items()}
    arrays: dict[str, np.ndarray] = {}
    used: set[str] = set()
    for layer, variable in variables(network):
        known = in_file.get(named[id(variable)])
        if known is not None:
            arrays[f"{layer}/{variable.name}"] = tensors[known]
            used.add(known)
    return _Found(arrays, used)


def _by_pytorch_name(network: keras.Model, tensors: dict[str, np.ndarray], naming: timm_names.Naming) -> _Found:
    arrays: dict[str, np.ndarray] = {}
    used: set[str] = set()
    for layer in _layers_with_weights(network):
        module = naming(layer.name)
        if module is None:
            continue
        for variable in own_variables(layer):
            name = f"{module}.{timm_names.TENSORS[variable.name]}"
            if name in tensors:
                arrays[f"{layer.name}/{variable.name}"] = _keras_order(tensors[name], variable)
                used |= {name, f"{module}.num_batches_tracked"}
    return _Found(arrays, used, from_pytorch=True)


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
