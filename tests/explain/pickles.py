"""Writes pickles as PyTorch and CheXlocalize do, without PyTorch: opcode by opcode, from their description."""

import pickle
import struct
from collections.abc import Sequence

import numpy as np

_END = b"."


def _open(value: object) -> bytes:
    """The opcodes that leave a value on the stack."""
    return pickle.dumps(value, 2)[2:-1]


def _tuple(*parts: bytes) -> bytes:
    return b"(" + b"".join(parts) + b"t"


def _named(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def storage(numbers: Sequence[float], kind: str = "FloatStorage") -> bytes:
    """A float32 storage in the form without a zip file: magic number, version, machine, the storage, its keys; then the
    count and the numbers."""
    machine = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    key = "94343551972224"
    identity = _tuple(
        _open("storage"), _named("torch", kind), _open(key), _open("cuda:0"), _open(len(numbers)), _open(None)
    )
    parts = [pickle.dumps(value, 2) for value in (0x1950A86A20F9469CFC6C, 1001, machine)]
    parts += [b"\x80\x02" + identity + b"Q" + _END, pickle.dumps([key], 2)]
    return b"".join(parts) + struct.pack(f"<q{len(numbers)}f", len(numbers), *numbers)


def _tensor(
    numbers: Sequence[float], shape: Sequence[int], strides: Sequence[int], offset: int, stored: bytes | None
) -> bytes:
    content = storage(numbers) if stored is None else stored
    data = b"B" + struct.pack("<I", len(content)) + content
    return (
        _named("torch._utils", "_rebuild_tensor_v2")
        + _tuple(
            _named("torch.storage", "_load_from_bytes") + _tuple(data) + b"R",
            _open(offset),
            _open(tuple(shape)),
            _open(tuple(strides)),
            _open(False),
            _named("collections", "OrderedDict") + b")R",
        )
        + b"R"
    )


def tensor_pickle(
    numbers: Sequence[float],
    shape: Sequence[int],
    strides: Sequence[int],
    offset: int = 0,
    stored: bytes | None = None,
) -> bytes:
    return b"\x80\x03" + _tensor(numbers, shape, strides, offset, stored) + _END


def chexlocalize_pickle(pixels: np.ndarray, film: tuple[int, int], task: str = "Edema") -> bytes:
    """The dictionary of one map; `film` is its width and height."""
    height, width = pixels.shape
    picture = np.zeros((3, 4, 4))
    content = {
        "map": _tensor(
            pixels.ravel().tolist(), (1, 1, height, width), (height * width, height * width, width, 1), 0, None
        ),
        "prob": _open(0.02029409697279334),
        "task": _open(task),
        "gt": _open(0),
        "cxr_img": _tensor(picture.ravel().tolist(), picture.shape, (16, 4, 1), 0, None),
        "cxr_dims": _open(film),
    }
    return b"\x80\x03}(" + b"".join(_open(key) + value for key, value in content.items()) + b"u" + _END
