"""Reading files of weights into NumPy arrays: Keras' .weights.h5, .keras and .h5, and .safetensors. Never a pickle.

Sizes are read before bytes: a small file that claims a large one's numbers is refused, and so is one whose numbers lie
in another file.
"""

import dataclasses
import io
import pathlib
import zipfile
from typing import Any

import numpy as np

from chex_tf.models import hdf5_limits
from chex_tf.settings import InputError

FORMATS = (".weights.h5", ".keras", ".h5", ".safetensors")

_WEIGHTS_WITHIN = "model.weights.h5"  # the member of a .keras file
_FILE_OVER_NUMBERS = 2  # an HDF5 file of many small arrays is larger than its numbers
_NUMBERS = ("F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL")  # of safetensors


@dataclasses.dataclass(frozen=True)
class Tensors:
    """by_layer: Keras layer to its arrays in Keras' order; by_name: PyTorch name to array. One of the two is empty.

    `ordered` means that by_layer's names are an older Keras' and only their order can be trusted.
    """

    by_layer: dict[str, list[np.ndarray]]
    by_name: dict[str, np.ndarray]
    ordered: bool = False


def read(path: pathlib.Path, most_bytes: int) -> Tensors:
    """Every tensor of the file at `path`, by the format that its name ends in; one that claims more than `most_bytes`
    of numbers is refused unread."""
    if not path.is_file():
        raise InputError(f"expected a file of weights; nothing is at {path}", "weights")
    try:
        if path.name.endswith(".safetensors"):
            return Tensors({}, _safetensors(path, most_bytes))
        if path.name.endswith(".keras"):
            return Tensors(_keras_3(_within_keras_file(path, most_bytes), most_bytes), {})
        if path.name.endswith(".weights.h5"):
            return Tensors(_keras_3(path, most_bytes), {})
        if path.name.endswith(".h5"):
            return Tensors(_keras_2(path, most_bytes), {}, ordered=True)
    except (OSError, KeyError, zipfile.BadZipFile, ValueError, RuntimeError, NotImplementedError) as error:
        # h5py raises RuntimeError for some damage; zipfile NotImplementedError for compressions it does not know.
        raise InputError(f"cannot read {path} as a file of weights: {_one_line(error)}", "weights") from error
    hint = (
        "; python -m launch.convert makes a .safetensors file of it"
        if path.suffix in (".pth", ".pt", ".bin", ".tar")
        else ""
    )
    raise InputError(
        f"expected weights in a file ending in {', '.join(FORMATS)}; received {path.name}{hint}", "weights"
    )


def _one_line(error: Exception) -> str:
    return " ".join(str(error.args[0] if isinstance(error, KeyError) and error.args else error).split())


def _safetensors(path: pathlib.Path, most_bytes: int) -> dict[str, np.ndarray]:
    from safetensors import SafetensorError, safe_open
    from safetensors.numpy import load_file

    hdf5_limits.check_claim(path.stat().st_size, most_bytes)  # the format has no compression: it holds what it claims
    try:
        with safe_open(path, "np") as file:
            for name in file.keys():  # noqa: SIM118 (no dictionary)
                kind = file.get_slice(name).get_dtype()
                if kind not in _NUMBERS:
                    raise ValueError(f"{name} is of {kind}, which is no weight of a network here; convert it to F32")
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def _within_keras_file(path: pathlib.Path, most_bytes: int) -> io.BytesIO:
    """The HDF5 file of weights inside a .keras file, which is a zip archive."""
    with zipfile.ZipFile(path) as archive:
        hdf5_limits.check_claim(archive.getinfo(_WEIGHTS_WITHIN).file_size, _FILE_OVER_NUMBERS * most_bytes)
        return io.BytesIO(archive.read(_WEIGHTS_WITHIN))


def _keras_3(source: Any, most_bytes: int) -> dict[str, list[np.ndarray]]:
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
        hdf5_limits.check(file, most_bytes)
        file.visititems(visit)
    return layers


def _keras_2(path: pathlib.Path, most_bytes: int) -> dict[str, list[np.ndarray]]:
    """The older form, that of keras.applications' files: lists of names as attributes, in the network's order."""
    import h5py

    with h5py.File(path, "r") as file:
        hdf5_limits.check(file, most_bytes)
        root = file.get("model_weights", file)
        if not any(key.startswith("layer_names") for key in root.attrs):
            return _keras_3(path, most_bytes)
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
