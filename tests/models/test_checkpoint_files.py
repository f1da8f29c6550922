"""Reading files of weights, and refusing what is none."""

import pathlib

import h5py
import keras
import numpy as np
import pytest

from chex_tf.models import checkpoint_files
from chex_tf.settings import InputError


def model() -> keras.Model:
    image = keras.Input((4, 4, 3))
    x = keras.layers.Conv2D(2, 3, name="first_conv")(image)
    return keras.Model(image, keras.layers.BatchNormalization(name="then")(x))


def test_layers_come_by_name_and_in_keras_order(tmp_path: pathlib.Path) -> None:
    made = model()
    made.save_weights(tmp_path / "a.weights.h5")
    read = checkpoint_files.read(tmp_path / "a.weights.h5")
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
    (values,) = checkpoint_files.read(tmp_path / "a.weights.h5").by_layer.values()
    assert [int(value) for value in values] == list(range(11))


def test_names_spread_over_several_attributes(tmp_path: pathlib.Path) -> None:
    """HDF5 holds 64 KB an attribute; Keras then writes layer_names0, layer_names1 …"""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for place in range(11):
            file.attrs[f"layer_names{place}"] = [f"layer{place}".encode()]
            group = file.create_group(f"layer{place}")
            group.attrs["weight_names"] = [b"kernel:0"]
            group.create_dataset("kernel:0", data=np.array(place))
    read = checkpoint_files.read(tmp_path / "a.h5")
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
        checkpoint_files.read(tmp_path / name)


def test_absent(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match="nothing is at"):
        checkpoint_files.read(tmp_path / "absent.keras")
