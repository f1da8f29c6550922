"""Pickles of arrays and tensors are read; whatever else a pickle would do is refused, and nothing is called."""

import io
import os
import pathlib
import pickle
import struct
import types
from collections.abc import Callable

import numpy as np
import pytest

from chex_tf.explain import inert_pickle, pickled_arrays


def read(data: bytes) -> np.ndarray:
    return pickled_arrays.array_of(inert_pickle.load(io.BytesIO(data)))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", "u1", "<i2", "?"])
def test_an_array_as_numpy_pickles_it(protocol: int, dtype: str) -> None:
    for order in "CF":
        array = np.asarray(np.arange(6).reshape(2, 3) % 5, dtype, order=order)
        found = read(pickle.dumps(array, protocol))
        np.testing.assert_array_equal(found, array)
        assert found.dtype == array.dtype


def test_plain_values() -> None:
    value = {"a": [1, 2.5, None, True], "b": ("x", b"y", -(2**70)), "c": {}, "d": (), 3: [[]]}
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        if protocol > 2:  # before, bytes are a call of _codecs.encode
            assert inert_pickle.load(io.BytesIO(pickle.dumps(value, protocol))) == value


def test_a_tensor_as_pytorch_pickles_it(pickles: types.ModuleType) -> None:
    tensor_pickle = pickles.tensor_pickle
    np.testing.assert_array_equal(read(tensor_pickle([0, 1, 2, 3, 4, 5], (2, 3), (3, 1))), [[0, 1, 2], [3, 4, 5]])
    # A transposed view: the same storage, other strides; and a view that begins at the second number.
    np.testing.assert_array_equal(read(tensor_pickle([0, 1, 2, 3, 4, 5], (3, 2), (1, 3))), [[0, 3], [1, 4], [2, 5]])
    np.testing.assert_array_equal(read(tensor_pickle([0, 1, 2, 3], (1, 2), (2, 1), offset=1)), [[1, 2]])


def test_the_shape_is_known_before_the_bytes(pickles: types.ModuleType) -> None:
    claimed = inert_pickle.load(io.BytesIO(pickles.tensor_pickle([0], (100_000, 100_000), (0, 0))))
    assert pickled_arrays.shape_of(claimed) == (100_000, 100_000)
    content = inert_pickle.load(io.BytesIO(pickles.chexlocalize_pickle(np.zeros((3, 4)), (40, 30))))
    assert pickled_arrays.shape_of(content["map"]) == (1, 1, 3, 4)
    assert content["cxr_dims"] == (40, 30)


@pytest.mark.parametrize(
    ("write", "complaint"),
    [
        (lambda of: of.tensor_pickle([0, 1], (2, 2), (2, 1)), "it reaches number 3"),
        (lambda of: of.tensor_pickle([0, 1], (2, 1), (1, -1)), "no whole numbers"),
        (lambda of: of.tensor_pickle([0, 1], (2,), (1, 1)), "as many strides"),
        (lambda of: of.tensor_pickle([0, 1], (2,), (1,), stored=of.storage([0, 1])[:-1]), "a storage of 2 numbers"),
        (lambda of: of.tensor_pickle([0, 1], (2,), (1,), stored=of.storage([0, 1], "BFloat16Storage")), "BFloat16"),
        (lambda of: pickle.dumps(np.arange(3))[:-9] + b".", "expected"),
        (lambda of: pickle.dumps(np.array(["a"], dtype=object)), "expected"),
    ],
)
def test_damaged_arrays_are_refused(
    pickles: types.ModuleType, write: Callable[[types.ModuleType], bytes], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        read(write(pickles))


class Runs:
    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_would_be_executed_is_not(pickles: types.ModuleType, tmp_path: pathlib.Path, protocol: int) -> None:
    made = tmp_path / "made"
    data = pickle.dumps({"map": np.zeros((2, 2)), "x": Runs(made)}, protocol)
    with pytest.raises(ValueError, match=r"mkdir', which was not called"):
        inert_pickle.load(io.BytesIO(data))
    assert not made.exists()
    # Within a tensor's storage, which is itself pickles.
    inner = pickles.storage([0, 1]).replace(pickle.dumps(1001, 2), pickle.dumps(Runs(made), 2))
    with pytest.raises(ValueError, match=r"mkdir', which was not called"):
        read(pickles.tensor_pickle([0, 1], (2,), (1,), stored=inner))
    assert not made.exists()
    pickle.loads(data)  # the same file, read by Python itself, makes the folder
    assert made.is_dir()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x04.",
        b"\x80\x04N",
        b"\x80\x04h\x05.",
        b"\x80\x04)R.",
        b"\x80\x04K\x01)R.",
        b"\x80\x04]]K\x01s.",
        b"\x80\x04}(]K\x01u.",
        b"\x80\x04}(K\x01u.",
        b"\x80\x04t.",
        b"\x80\x04\x8f.",  # a set
        b"\x80\x05\x97.",  # a buffer from outside
        b"\x82\x01.",  # a registered extension
        b"(ios\nsystem\n.",  # INST calls at once
        b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"x.",
        b"cos\nsystem\n(S'true'\ntR.",
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"c__builtin__\ngetattr\n.",
        b"\x80\x04" + b"N0" * 60_000 + b"N.",
    ],
)
def test_other_pickles_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"pickle|bytes8"):
        inert_pickle.load(io.BytesIO(data))


def test_a_far_memo_takes_no_memory() -> None:
    assert inert_pickle.load(io.BytesIO(b"\x80\x04K\x07r\xff\xff\xff\xff.")) == 7
