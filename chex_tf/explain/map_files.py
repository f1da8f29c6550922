"""A folder of anybody's maps: by name the film and task of each, and its numbers, sizes checked before bytes."""

import dataclasses
import io
import pathlib
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO

import cv2
import numpy as np

from chex_tf.data import image_headers
from chex_tf.explain import inert_pickle, pickled_arrays
from chex_tf.explain.film_names import film_and_task
from chex_tf.films.limits import MOST_BYTES, MOST_PIXELS
from chex_tf.settings import InputError

KINDS = (".npy", ".npz", ".png", ".pkl")
_ALONE = "arr_0"  # the name that numpy gives an array saved without one: then the file's name counts
_OURS = {"films", "tasks", "runs"}  # arrays of the maps.npz that --keep_maps writes


@dataclasses.dataclass(frozen=True)
class Map:
    """`pixels` float32 (rows, columns), finite; `film_size` (height, width) of its film, if the file says so."""

    pixels: np.ndarray
    film_size: tuple[int, int] | None = None


@dataclasses.dataclass(frozen=True)
class MapFolder:
    """`places` by film and task: a file, and the array's name within an .npz. `others` are names of files and arrays
    that name no film and task."""

    folder: pathlib.Path
    places: Mapping[tuple[str, str], tuple[pathlib.Path, str]]
    others: tuple[str, ...]

    def read(self, film: str, task: str) -> Map:
        file, member = self.places[film, task]
        shown = f"{file}: {member}" if member else str(file)
        try:
            if file.stat().st_size > MOST_BYTES:
                raise ValueError(f"expected at most {MOST_BYTES:,} bytes; it has {file.stat().st_size:,}")
            found = _member(file, member) if member else _READERS[file.suffix.lower()](file)
            return dataclasses.replace(found, pixels=_numbers(found.pixels))
        except (ValueError, EOFError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise InputError(f"{shown}: {error}", "maps") from error


def open_folder(folder: pathlib.Path, tasks: Sequence[str]) -> MapFolder:
    """Every map below a folder, named FILM_TASK or FILM_TASK_map; of `tasks` beside the observations."""
    places: dict[tuple[str, str], tuple[pathlib.Path, str]] = {}
    others = []
    for file in sorted(file for file in folder.rglob("*") if file.is_file()):
        for name, member in _named(file):
            found = film_and_task(name, tasks)
            if found is None and member == _ALONE:
                found = film_and_task(file.stem, tasks)
            if found is None:
                others.append(f"{file.relative_to(folder)}{f': {member}' if member else ''}")
            elif found in places:
                raise InputError(
                    f"expected one map of {found[1]} on {found[0]} in {folder}; received {places[found][0].name} and "
                    f"{file.name}",
                    "maps",
                )
            else:
                places[found] = (file, member)
    if not places:
        raise InputError(
            f"expected maps named FILM_TASK.npy, .npz, .png or .pkl, such as "
            f"patient00001_study1_view1_frontal_Edema.npy; received {folder} with {len(others)} other files",
            "maps",
        )
    return MapFolder(folder, places, tuple(others))


def _named(file: pathlib.Path) -> Iterator[tuple[str, str]]:
    """Names of the maps in a file, and of an .npz the arrays that hold them."""
    if file.suffix.lower() != ".npz":
        yield (file.stem if file.suffix.lower() in KINDS else ""), ""
        return
    try:
        with zipfile.ZipFile(file) as archive:
            members = [name.removesuffix(".npy") for name in archive.namelist()]
    except zipfile.BadZipFile as error:
        raise InputError(f"{file}: expected an .npz; {error}", "maps") from error
    if set(members) >= _OURS:
        raise InputError(
            f"{file}: holds what a network saw of each film, not maps of whole films; give its runs as --run_dir",
            "maps",
        )
    yield from ((member, member) for member in members)


def _member(file: pathlib.Path, member: str) -> Map:
    with zipfile.ZipFile(file) as archive:
        name = member if member in archive.namelist() else f"{member}.npy"
        with archive.open(name) as stream:
            return Map(_npy(stream))


def _npy_file(file: pathlib.Path) -> Map:
    with open(file, "rb") as stream:
        return Map(_npy(stream))


def _npy(stream: IO[bytes]) -> np.ndarray:
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):  # the others' headers may claim gigabytes, and are written for tables with many columns only
        raise ValueError(f"expected version 1 of the npy format; received {version[0]}")
    shape, by_column, dtype = np.lib.format.read_array_header_1_0(stream)
    if dtype.kind not in "biuf":
        raise ValueError(f"expected numbers; received {dtype}")
    _check(shape)
    count = int(np.prod(shape)) * dtype.itemsize
    data = stream.read(count)
    if len(data) != count:
        raise ValueError(f"expected {count} bytes of numbers; received {len(data)}")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if by_column else "C")


def _png(file: pathlib.Path) -> Map:
    data = file.read_bytes()
    if not data.startswith(image_headers.PNG):
        raise ValueError("expected a PNG; it begins otherwise")
    header = image_headers.png_header(data)
    _check((header.height, header.width))
    if damage := image_headers.cut_off(data):
        raise ValueError(damage)
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError("expected a PNG; it cannot be decoded")
    if pixels.ndim == 3:
        if pixels.shape[2] != 3 or (pixels != pixels[..., :1]).any():
            raise ValueError("expected a grey map; it is in colours or transparent: a picture of a map is not the map")
        pixels = pixels[..., 0]
    return Map(pixels)


def _pickle(file: pathlib.Path) -> Map:
    """CheXlocalize's: a dictionary with `map` and `cxr_dims`, the film's width and height; or an array alone."""
    found = inert_pickle.load(io.BytesIO(file.read_bytes()))
    content = found if isinstance(found, dict) else {"map": found}
    shape = pickled_arrays.shape_of(content.get("map"))
    if shape is None:
        raise ValueError("expected a pickle of a map, or of a dictionary with `map` in it")
    _check(shape)
    size = content.get("cxr_dims")
    if size is not None and not (
        isinstance(size, (tuple, list)) and len(size) == 2 and all(type(side) is int and side > 0 for side in size)
    ):
        raise ValueError(f"expected cxr_dims to be a film's width and height; received {str(size)[:60]}")
    return Map(pickled_arrays.array_of(content["map"]), (size[1], size[0]) if size is not None else None)


_READERS: dict[str, Callable[[pathlib.Path], Map]] = {".npy": _npy_file, ".png": _png, ".pkl": _pickle}


def _check(shape: Sequence[int]) -> None:
    """A map may have axes of length 1 before its two, as tensors of one film have."""
    if len(shape) < 2 or any(side != 1 for side in shape[:-2]) or min(shape) < 1:
        raise ValueError(f"expected rows and columns; the map's shape is {'×'.join(map(str, shape)) or 'a number'}")
    if shape[-2] * shape[-1] > MOST_PIXELS:
        raise ValueError(f"expected at most {MOST_PIXELS:,} pixels; the file claims {shape[-1]}×{shape[-2]}")


def _numbers(pixels: np.ndarray) -> np.ndarray:
    found = pixels.reshape(pixels.shape[-2:]).astype(np.float32)
    if not np.isfinite(found).all():
        raise ValueError(f"expected finite numbers; {int((~np.isfinite(found)).sum())} of {found.size} are not")
    return found
