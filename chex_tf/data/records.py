"""A prepared folder, opened without its builder and described by its index; images are read from disk one by one.

Each image is one `pread` of just its own bytes, which must be those that the index was made from: a disk may change a
bit and leave the file's time as it was. The order is known in advance, so the kernel is told some batches ahead what
will be read (`posix_fadvise`), and a slow or remote disk works on many images at once. After one epoch a data set
smaller than memory comes from the page cache.
"""

import dataclasses
import hashlib
import os
import pathlib
import threading
from collections.abc import Callable, Iterable
from typing import Any, NotRequired, TypedDict

import numpy as np

from chex_tf import json_files
from chex_tf.data import index as indexing
from chex_tf.data.index import Index
from chex_tf.data.stored import METADATA, Stored, read_stored
from chex_tf.observations import ALIASES
from chex_tf.settings import InputError, nearest

_AGAIN = "prepare the data again"
_INFO = "dataset_info.json"


class _Split(TypedDict):
    name: str


class _Info(TypedDict):
    """What is read here of dataset_info.json; TFDS reads the rest."""

    name: NotRequired[str]
    configName: NotRequired[str]
    version: NotRequired[str]
    splits: NotRequired[list[_Split]]


class _Pixels(TypedDict):
    mean: NotRequired[float | None]
    standard_deviation: NotRequired[float | None]


class _SplitSummary(TypedDict):
    pixels: NotRequired[_Pixels]


class _Summary(TypedDict):
    splits: NotRequired[dict[str, _SplitSummary]]


@dataclasses.dataclass(frozen=True)
class Statistics:
    """Mean and standard deviation of a data set's pixels, on the scale from 0 to 255."""

    mean: float
    deviation: float


class Records:
    """One split of a prepared folder."""

    def __init__(
        self,
        folder: pathlib.Path,
        split: str,
        files: Iterable[pathlib.Path],
        index: Index,
        observations: Iterable[str],
        classes: dict[str, tuple[str, ...]],
        name: str = "",
    ) -> None:
        self.folder = folder
        self.split = split
        self.files = tuple(files)
        self.index = index
        self.observations = tuple(observations)
        self.classes = classes  # view, projection, sex -> the names behind the numbers
        self.name = name
        self._lock = threading.Lock()
        self._open: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.index)

    def __del__(self) -> None:
        for descriptor in self._open.values():
            os.close(descriptor)

    def read(self, example: int) -> bytes:
        """The bytes of one image, JPEG or PNG, as they were written: raises InputError where they are others."""
        length = int(self.index.length[example])
        data = os.pread(self._descriptor(int(self.index.file_number[example])), length, int(self.index.offset[example]))
        if len(data) != length:
            raise InputError(f"{self._file_of(example)} became shorter while it was being read; {_AGAIN}", "data")
        self.check(example, data)
        return data

    def check(self, example: int, data: bytes) -> None:
        """Raises InputError where these are not the bytes of the image that the index was made from."""
        if indexing.checksum_of(data) != self.index.checksum[example]:
            number, count = self.index.place_in_file(example)
            raise InputError(
                f"{self._file_of(example)}, record {number} of {count}, {self.index.path[example].decode()}: its bytes "
                f"are not those that were written (another CRC-32); the disk or what copied the file changed them; "
                f"{_AGAIN}",
                "data",
            )

    def _file_of(self, example: int) -> pathlib.Path:
        return self.files[int(self.index.file_number[example])]

    def expect(self, examples: np.ndarray) -> None:
        """Tells the kernel that these images will be read soon, in the order in which they lie on disk."""
        if not hasattr(os, "posix_fadvise"):
            return
        files, offsets, lengths = (
            column[examples] for column in (self.index.file_number, self.index.offset, self.index.length)
        )
        order = np.lexsort((offsets, files))
        for file, offset, length in zip(
            files[order].tolist(), offsets[order].tolist(), lengths[order].tolist(), strict=True
        ):
            os.posix_fadvise(self._descriptor(file), offset, length, os.POSIX_FADV_WILLNEED)

    def _descriptor(self, file: int) -> int:
        descriptor = self._open.get(file)
        if descriptor is None:
            with self._lock:
                if file not in self._open:
                    self._open[file] = os.open(self.files[file], os.O_RDONLY)
                descriptor = self._open[file]
        return descriptor

    def of_views(self, views: str) -> np.ndarray:
        """Places of the images with these views; all for "all"."""
        if views == "all":
            return np.arange(len(self), dtype=np.int64)
        chosen = np.flatnonzero(self.names("view") == views).astype(np.int64)
        if not len(chosen):
            raise InputError(f"expected {views} images in {self.split}; it holds none", "views")
        return chosen

    def names(self, column: str) -> np.ndarray:
        """`view`, `projection` or `sex` of every image by name."""
        return np.array(self.classes[column])[getattr(self.index, column)]

    def stored(self) -> Stored:
        """How the images were resized when the data were prepared."""
        return read_stored(self.folder)

    def statistics(self) -> Statistics | None:
        """The training split's, as measured when the data were prepared; None where they were not recorded."""
        file = self.folder / "summary.json"
        if not file.is_file():
            return None
        pixels = json_files.read(file, _Summary, "data", _AGAIN).get("splits", {}).get("train", {}).get("pixels", {})
        mean, deviation = pixels.get("mean"), pixels.get("standard_deviation")
        if mean is None or not deviation:
            return None
        if not (0 <= mean <= 255 and 0 < deviation <= 255):
            found = f"splits.train.pixels: expected values from 0 to 255; found {mean} and {deviation}"
            raise json_files.damaged(file, found, "data", _AGAIN)
        return Statistics(float(mean), float(deviation))

    def fingerprint(self) -> str:
        """Changes with any image's length, path or labels, or their order."""
        digest = hashlib.sha256()
        for column in (self.index.length, self.index.labels, self.index.path):
            digest.update(np.ascontiguousarray(column).tobytes())
        return digest.hexdigest()[:16]

    def contents(self) -> str:
        """Changes with any byte of any image, or their order. Runs recorded only the fingerprint before, so it is
        beside it and not part of it."""
        return hashlib.sha256(np.ascontiguousarray(self.index.checksum).tobytes()).hexdigest()[:16]


def open_records(
    folder: pathlib.Path,
    split: str,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Records:
    """Opens `split` of a prepared folder, or of a folder above it that holds only one. Raises InputError."""
    # Imported here: TFDS is slow to import, and only this function needs it.
    import tensorflow_datasets as tfds

    version = version_folder(folder)
    _read_info(version)
    try:
        info = tfds.builder_from_directory(version).info
        files_of = {name: [pathlib.Path(path) for path in one.filepaths] for name, one in info.splits.items()}
    except Exception as error:  # TFDS checks little of what it reads, and fails in many ways
        raise InputError(f"{version} is not a prepared folder that TFDS can open ({_line(error)})", "data") from error
    if split not in info.splits:
        raise InputError(f"{version} has no split {split!r}{nearest(split, info.splits)}", "split")
    features = info.features
    missing = [
        name
        for name in indexing.SCHEMA
        if not isinstance(features, dict | tfds.features.FeaturesDict) or name not in features
    ]
    if missing:
        raise InputError(
            f"{version}: expected records with {', '.join(indexing.SCHEMA)}; missing {', '.join(missing)}", "data"
        )
    files = files_of[split]
    if not files or any("tfrecord" not in file.name for file in files):
        raise InputError(f"{version}: expected TFRecord files; received {files[0].name if files else 'none'}", "data")
    observations = _observations(info, version)
    images = info.splits[split].num_examples
    index = indexing.load(files, len(observations), version / f".index-{split}.npz", images, progress)
    if len(index) != images:
        raise InputError(f"{version}: expected {images} images in {split}; its files hold {len(index)}", "data")
    classes = {name: tuple(features[name].names) for name in ("view", "projection", "sex")}
    return Records(
        version,
        split,
        files,
        index,
        observations,
        classes,
        name_of(version),
    )


def version_folder(folder: pathlib.Path) -> pathlib.Path:
    """The folder that holds dataset_info.json: `folder` or the only one below it."""
    folder = pathlib.Path(folder).expanduser()
    if (folder / _INFO).is_file():
        return folder
    # Three levels: data set, configuration, version. An unfinished build is in a folder named `incomplete.…`.
    found = [
        info.parent
        for depth in ("*", "*/*", "*/*/*")
        for info in sorted(folder.glob(f"{depth}/{_INFO}"))
        if not any(part.startswith(("incomplete.", ".")) for part in info.relative_to(folder).parts)
    ]
    if not found:
        raise InputError(f"expected a prepared folder (with {_INFO}); received {folder}, which holds none", "data")
    if len(found) > 1:
        listed = ", ".join(str(path.relative_to(folder)) for path in found[:5])
        raise InputError(f"expected one prepared folder; {folder} holds {len(found)}: {listed}", "data")
    return found[0]


def split_names(folder: pathlib.Path) -> tuple[str, ...]:
    """The splits of a prepared folder, in order of their names."""
    return tuple(sorted(split["name"] for split in _read_info(version_folder(folder)).get("splits", [])))


def name_of(version: pathlib.Path) -> str:
    """Data set, configuration and version, as a run records them."""
    info = _read_info(version)
    return "/".join(filter(None, (info.get("name"), info.get("configName"), info.get("version"))))


def _read_info(version: pathlib.Path) -> _Info:
    return json_files.read(version / _INFO, _Info, "data", _AGAIN)


def _observations(info: Any, version: pathlib.Path) -> tuple[str, ...]:
    """Names of the labels, from the metadata that the builder wrote, spelled as in the rest of the project."""
    metadata = info.metadata or {}
    if "label_names" not in metadata:
        raise InputError(f"{version}: expected the names of the labels in metadata.json as label_names", "data")
    try:
        given = json_files.checked(metadata["label_names"], list[str], "label_names")
    except json_files.FormError as error:
        raise json_files.damaged(version / METADATA, error, "data", _AGAIN) from error
    names = tuple(ALIASES.get(name, name) for name in given)
    for name in names:
        if names.count(name) > 1:
            spellings = [one for one in given if ALIASES.get(one, one) == name]
            raise InputError(f"{version}: expected one label for {name}; received {' and '.join(spellings)}", "data")
    return names


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
