"""Reading files of weights into NumPy arrays: Keras' .weights.h5, .keras and .h5, and .safetensors. Never a pickle."""

import dataclasses
import io
import pathlib
import zipfile
from typing import Any

import numpy as np

from chex_tf.settings import InputError

FORMATS = (".weights.h5", ".keras", ".h5", ".safetensors")


@dataclasses.dataclass(frozen=True)
class Tensors:
    """by_layer: Keras layer to its arrays in Keras' order; by_name: PyTorch name to array. One of the two is empty.

    `ordered` means that by_layer's names are an older Keras' and only their order can be trusted.
    """

    by_layer: dict[str, list[np.ndarray]]
    by_name: dict[str, np.ndarray]
    ordered: bool = False


def read(path: pathlib.Path) -> Tensors:
    """Every tensor of the file at `path`, by the format that its name ends in."""
    if not path.is_file():
        raise InputError(f"expected a file of weights; nothing is at {path}", "weights")
    try:
        if path.name.endswith(".safetensors"):
            return Tensors({}, _safetensors(path))
        if path.name.endswith(".keras"):
            with zipfile.ZipFile(path) as archive:
                return Tensors(_keras_3(io.BytesIO(archive.read("model.weights.h5"))), {})
        if path.name.endswith(".weights.h5"):
            return Tensors(_keras_3(path), {})
        if path.name.endswith(".h5"):
            return Tensors(_keras_2(path), {}, ordered=True)
    except (OSError, KeyError, zipfile.BadZipFile, ValueError) as error:
        raise InputError(f"cannot read {path} as a file of weights: {error}", "weights") from error
    hint = (
        "; python -m launch.convert makes a .safetensors file of it"
        if path.suffix in (".pth", ".pt", ".bin", ".tar")
        else ""
    )
    raise InputError(
        f"expected weights in a file ending in {', '.join(FORMATS)}; received {path.name}{hint}", "weights"
    )


def _safetensors(path: pathlib.Path) -> dict[str, np.ndarray]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def _keras_3(source: Any) -> dict[str, list[np.ndarray]]:
    """Keras 3 writes each layer's variables as vars/0, vars/1 … ; vars carries the layer's name."""
    import h5py

    layers: dict[str, list[np.ndarray]] = {}

    def visit(path: str, group: Any) -> None:
        if not isinstance(group, h5py.Group) or "vars" not in group or not len(group["vars"]):
            return
        if path.startswith("optimizer"):
            return
        name = group["vars"].attrs.get("name", path)
        name = name.decode() if isinstance(name, bytes) else str(name)
        if name in layers:
            raise ValueError(f"two layers are called {name}")
        layers[name] = [np.asarray(group["vars"][key]) for key in sorted(group["vars"], key=int)]

    with h5py.File(source, "r") as file:
        file.visititems(visit)
    return layers


def _keras_2(path: pathlib.Path) -> dict[str, list[np.ndarray]]:
    """The older form, that of keras.applications' files: lists of names as attributes, in the network's order."""
    import h5py

    with h5py.File(path, "r") as file:
        root = file.get("model_weights", file)
        if not any(key.startswith("layer_names") for key in root.attrs):
            return _keras_3(path)
        layers = {}
        for name in _names(root, "layer_names"):
            arrays = [np.asarray(root[name][weight]) for weight in _names(root[name], "weight_names")]
            if arrays:
                layers[name] = arrays
        return layers


def _names(group: Any, attribute: str) -> list[str]:
    """Names kept as one attribute, or, where they are too long for one, as attribute0, attribute1 …"""
    if attribute in group.attrs:
        parts = [group.attrs[attribute]]
    else:
        keys = [key for key in group.attrs if key.startswith(attribute)]
        parts = [group.attrs[key] for key in sorted(keys, key=lambda key: int(key.removeprefix(attribute)))]
    return [name.decode() if isinstance(name, bytes) else str(name) for part in parts for name in part]
