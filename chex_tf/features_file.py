"""A features file: the vector that an encoder, anybody's, gives each film or study, as an .npz.

    numpy.savez("features.npz", path=paths, patient=patients, features=matrix)

`features` is a matrix of floats, a row for each film or study. `path` names the films as the prepared data do, or
`study` the studies; with both, a row is a film. `patient` is optional, and so is `about`, a small JSON text that says
where the features are from. Texts are text arrays, never objects: nothing is unpickled.
"""

import dataclasses
import json
import math
import pathlib
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any

import numpy as np

from chex_tf.files import whole_file
from chex_tf.prediction_files import duplicates, first_few
from chex_tf.settings import InputError

MOST_BYTES = 64 * 2**30  # of one array
_MOST_ABOUT_BYTES = 2**20
_TEXTS = ("path", "patient", "study")
_KNOWN = (*_TEXTS, "features", "about")


@dataclasses.dataclass(frozen=True)
class Features:
    """`matrix` float (rows, columns), finite. `keys` are paths of films or names of studies, each once; `key` says
    which, "path" or "study"."""

    file: pathlib.Path
    key: str
    keys: tuple[str, ...]
    matrix: np.ndarray
    patients: tuple[str, ...] | None = None
    studies: tuple[str, ...] | None = None
    about: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.keys)


def read(file: pathlib.Path, say: Callable[[str], None]) -> Features:
    """Raises InputError, in one line, for a file that is not of this form; `say` is told what is in it beside."""
    try:
        found, others = _arrays(file)
    except (ValueError, EOFError, OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        if isinstance(error, InputError | FileNotFoundError):
            raise
        raise InputError(f"{file}: expected an .npz of arrays; {' '.join(str(error).split())}", "features") from error
    if others:
        say(f"{file}: {first_few(others)}: not read; known arrays are {', '.join(_KNOWN)}")
    matrix = _matrix(file, found)
    texts = {name: _texts(file, name, found[name], len(matrix)) for name in _TEXTS if name in found}
    key = next((name for name in ("path", "study") if name in texts), None)
    if key is None:
        raise InputError(f"{file}: expected path or study; received {first_few(list(found))}", "features")
    keys = tuple(text.strip().rstrip("/") for text in texts[key])
    if again := duplicates(keys):
        raise InputError(f"{file}: expected each {key} once; received {first_few(again)} more than once", "features")
    return Features(file, key, keys, matrix, texts.get("patient"), texts.get("study"), _about(file, found))


def write(
    file: pathlib.Path,
    paths: Sequence[str],
    patients: Sequence[str],
    studies: Sequence[str],
    matrix: np.ndarray,
    about: Mapping[str, Any],
) -> None:
    """Writes features of films whole or not at all; `about` is what JSON can hold."""
    if matrix.ndim != 2 or not len(matrix) == len(paths) == len(patients) == len(studies):
        raise ValueError(f"expected a row for each of {len(paths)} films; received a matrix of shape {matrix.shape}")
    with whole_file(file) as scratch, open(scratch, "wb") as stream:
        np.savez(
            stream,
            path=np.array(paths, np.str_),
            patient=np.array(patients, np.str_),
            study=np.array(studies, np.str_),
            features=matrix,
            about=np.array(json.dumps(dict(about))),
        )


def _arrays(file: pathlib.Path) -> tuple[dict[str, np.ndarray], list[str]]:
    """The known arrays of a file, none read before its header has said how large it is; names of the others."""
    with zipfile.ZipFile(file) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        if "features" not in members:
            raise InputError(f"{file}: expected an array called features; it holds {_held(members)}", "features")
        found = {}
        for name in _KNOWN:
            if name in members:
                with archive.open(members[name]) as stream:
                    found[name] = _array(file, name, stream, members[name].file_size)
    return found, [name for name in members if name not in _KNOWN]


def _held(names: Mapping[str, Any]) -> str:
    return first_few(list(names)) or "nothing"


def _array(file: pathlib.Path, name: str, stream: IO[bytes], size: int) -> np.ndarray:
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):  # the others are for tables with many columns only, and their headers may be long
        raise ValueError(f"{name} is of version {version[0]} of the npy format; expected version 1")
    shape, by_column, dtype = np.lib.format.read_array_header_1_0(stream)
    if dtype.hasobject:
        raise InputError(
            f"{file}: expected {name} without pickled objects; received {dtype}; texts are saved by "
            f"numpy.array({name}, dtype=str)",
            "features",
        )
    count = math.prod(shape) * dtype.itemsize
    most = _MOST_ABOUT_BYTES if name == "about" else MOST_BYTES
    if count > most:
        raise InputError(f"{file}: expected at most {most:,} bytes in {name}; it has {count:,}", "features")
    if count > size:
        raise InputError(f"{file}: {name} claims {count:,} bytes, and {size:,} are there", "features")
    data = stream.read(count)
    if len(data) != count:
        raise EOFError(f"{name} ends after {len(data):,} of {count:,} bytes")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if by_column else "C")


def _matrix(file: pathlib.Path, found: Mapping[str, np.ndarray]) -> np.ndarray:
    matrix = found["features"]
    if matrix.ndim != 2 or matrix.dtype.kind != "f" or not matrix.size:
        raise InputError(
            f"{file}: expected features as a matrix of floats, a row for each film or study; received "
            f"{matrix.dtype} of shape {matrix.shape}",
            "features",
        )
    wrong = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    if len(wrong):
        raise InputError(
            f"{file}: expected finite features; {len(wrong):,} of {len(matrix):,} rows hold NaN or infinity, the first "
            f"is row {int(wrong[0])}",
            "features",
        )
    return matrix


def _texts(file: pathlib.Path, name: str, array: np.ndarray, rows: int) -> tuple[str, ...]:
    if array.dtype.kind not in "US" or array.shape != (rows,):
        raise InputError(
            f"{file}: expected {name} as {rows:,} texts, one for each row of features; received {array.dtype} of "
            f"shape {array.shape}",
            "features",
        )
    return tuple(text.decode() if isinstance(text, bytes) else str(text) for text in array.tolist())


def _about(file: pathlib.Path, found: Mapping[str, np.ndarray]) -> Mapping[str, Any]:
    if "about" not in found:
        return {}
    array = found["about"]
    try:
        about = json.loads(str(array)) if array.dtype.kind == "U" and array.ndim == 0 else None
    except ValueError:
        about = None
    if not isinstance(about, dict):
        raise InputError(
            f"{file}: expected about as the text of a JSON object; received {array.dtype} of shape {array.shape}",
            "features",
        )
    return about
