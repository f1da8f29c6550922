"""Reading files of weights, and refusing what is none."""

import json
import pathlib
import struct
import zipfile

import h5py
import keras
import numpy as np
import pytest
import safetensors.numpy

from chex_tf.models import checkpoint_files
from chex_tf.settings import InputError

MOST = 10_000  # bytes


def model() -> keras.Model:
    image = keras.Input((4, 4, 3))
    x = keras.layers.Conv2D(2, 3, name="first_conv")(image)
    return keras.Model(image, keras.layers.BatchNormalization(name="then")(x))


def test_layers_come_by_name_and_in_keras_order(tmp_path: pathlib.Path) -> None:
    made = model()
    made.save_weights(tmp_path / "a.weights.h5")
    read = checkpoint_files.read(tmp_path / "a.weights.h5", MOST)
    assert set(read.by_layer) == {"first_conv", "then"}
    assert not read.ordered
    for layer in made.layers[1:]:
        for found, expected in zip(read.by_layer[layer.name], layer.get_weights(), strict=True):
            np.testing.assert_array_equal(found, expected)


def test_ten_variables_keep_their_order(tmp_path: pathlib.Path) -> None:
    """vars/10 comes after vars/9, not after vars/1."""
    with h5py.File(tmp_path / "a.weights.h5", "w") as file:
        group = file.create_group("layers/one")
        for place in range(11):
            group.create_dataset(f"vars/{place}", data=np.array(place))
        group["vars"].attrs["name"] = "one"
    (values,) = checkpoint_files.read(tmp_path / "a.weights.h5", MOST).by_layer.values()
    assert [int(value) for value in values] == list(range(11))


def test_names_spread_over_several_attributes(tmp_path: pathlib.Path) -> None:
    """HDF5 holds 64 KB an attribute; Keras then writes layer_names0, layer_names1 …"""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for place in range(11):
            file.attrs[f"layer_names{place}"] = [f"layer{place}".encode()]
            group = file.create_group(f"layer{place}")
            group.attrs["weight_names"] = [b"kernel:0"]
            group.create_dataset("kernel:0", data=np.array(place))
    read = checkpoint_files.read(tmp_path / "a.h5", MOST)
    assert read.ordered
    assert list(read.by_layer) == [f"layer{place}" for place in range(11)]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.safetensors", "cannot read .*a.safetensors as a file of weights"),
        ("a.keras", "cannot read .*a.keras as a file of weights"),
        ("a.weights.h5", "cannot read .*a.weights.h5 as a file of weights"),
        ("a.h5", "cannot read .*a.h5 as a file of weights"),
        ("a.pth", r"received a\.pth; python -m launch\.convert makes a \.safetensors file of it"),
        ("a.npz", r"in a file ending in .*; received a\.npz$"),
    ],
)
def test_refusals(name: str, message: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / name).write_bytes(b"not weights at all")
    with pytest.raises(InputError, match=message):
        checkpoint_files.read(tmp_path / name, MOST)


def test_absent(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match="nothing is at"):
        checkpoint_files.read(tmp_path / "absent.keras", MOST)


def refused(path: pathlib.Path, message: str) -> None:
    with pytest.raises(InputError, match=f"cannot read .*{path.name} as a file of weights: .*{message}") as caught:
        checkpoint_files.read(path, MOST)
    assert "\n" not in str(caught.value)


def layer_of(file: h5py.File) -> h5py.Group:
    group = file.create_group("layers/one/vars")
    group.attrs["name"] = "one"
    return group


def test_a_small_file_that_claims_terabytes(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.weights.h5"
    with h5py.File(path, "w") as file:
        layer_of(file).create_dataset("0", (10**13,), "f4", chunks=(1000,), compression="gzip")
    assert path.stat().st_size < 100_000
    refused(path, "claims 40,000,000,000,000 bytes of numbers; this network has a use for 10,000 at most")


def test_claims_add_up_and_what_is_linked_twice_counts_once(tmp_path: pathlib.Path) -> None:
    with h5py.File(tmp_path / "a.weights.h5", "w") as file:
        group = layer_of(file)
        group.create_dataset("0", data=np.zeros(2000, "f4"))
        file["again"] = group["0"]
        file["soft"] = h5py.SoftLink("/layers/one/vars/0")
        file["nowhere"] = h5py.SoftLink("/is/not/there")
        file["circle"] = file["/"]
    assert checkpoint_files.read(tmp_path / "a.weights.h5", MOST).by_layer["one"][0].shape == (2000,)
    with h5py.File(tmp_path / "a.weights.h5", "a") as file:
        file["layers/one/vars"].create_dataset("1", data=np.zeros(501, "f4"))
    refused(tmp_path / "a.weights.h5", "claims 10,004 bytes")


def test_a_keras_file_whose_member_inflates(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", bytes(50_000_000))
    assert path.stat().st_size < 100_000
    refused(path, "claims 50,000,000 bytes")


@pytest.mark.parametrize("name", ["a.weights.h5", "a.h5"])
def test_numbers_of_another_file_are_not_weights(name: str, tmp_path: pathlib.Path) -> None:
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file.create_dataset("numbers", data=np.arange(3, dtype="f4"))
    path = tmp_path / name
    with h5py.File(path, "w") as file:
        layer_of(file)["0"] = h5py.ExternalLink(str(secret), "numbers")
    refused(path, "/layers/one/vars/0 is a link to another file")
    with h5py.File(path, "w") as file:
        layer_of(file).create_dataset("0", (3,), "f4", external=[(str(secret), 0, 12)])
    refused(path, "/layers/one/vars/0 lies in another file")
    with h5py.File(path, "w") as file:
        layout = h5py.VirtualLayout((3,), "f4")
        layout[:] = h5py.VirtualSource(str(secret), "numbers", (3,))
        layer_of(file).create_virtual_dataset("0", layout)
    refused(path, "/layers/one/vars/0 lies in another file")


def test_safetensors_of_other_numbers_are_named(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.safetensors"
    header = json.dumps({"conv.weight": {"dtype": "F8_E4M3", "shape": [2], "data_offsets": [0, 2]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(2))
    refused(path, "conv.weight is of F8_E4M3")
    safetensors.numpy.save_file({"conv.weight": np.zeros(2501, "f4")}, path)
    refused(path, "claims 10,0.. bytes|claims 10,1.. bytes")
