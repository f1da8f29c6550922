"""What ended a build in a worker, kept as a file in the unfinished folder: Beam returns a worker's error as text."""

import contextlib
import errno
import os
import pathlib
from collections.abc import Iterator

import tensorflow as tf
import tensorflow_datasets as tfds

from .errors import SourceError

_BAD_SOURCE, _DISK_FULL = "bad_source.txt", "disk_full"


def is_disk_full(error: BaseException) -> bool:
    """Also as TensorFlow says it."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOSPC
    return isinstance(error, tf.errors.ResourceExhaustedError)


@contextlib.contextmanager
def kept_in(folder: str) -> Iterator[None]:
    """Around a worker's work. Of several errors the first is kept."""
    try:
        yield
    except SourceError as error:
        with contextlib.suppress(FileExistsError), open(f"{folder}/{_BAD_SOURCE}", "x", encoding="utf-8") as file:
            file.write(str(error))
        raise
    except (OSError, tf.errors.ResourceExhaustedError) as error:
        if is_disk_full(error):
            pathlib.Path(folder, _DISK_FULL).touch()  # its name says it all: nothing more could be written
        raise


def read(folder: pathlib.Path) -> SourceError | OSError | None:
    """What a worker kept in `folder`."""
    if (folder / _BAD_SOURCE).exists():
        return SourceError((folder / _BAD_SOURCE).read_text(encoding="utf-8"))
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) if (folder / _DISK_FULL).exists() else None


def forget(folder: pathlib.Path) -> None:
    """For a build that succeeded: Beam may have tried a failed piece of work again."""
    for name in (_BAD_SOURCE, _DISK_FULL):
        (folder / name).unlink(missing_ok=True)


class KeepingWriter(tfds.core.ExampleWriter):
    """TFDS's writer of records, used by workers."""

    def __init__(self, folder: str, file_format: tfds.core.FileFormat) -> None:
        super().__init__(file_format=file_format)
        self._folder = folder

    def write(self, path: pathlib.Path, examples: object) -> object:
        with kept_in(self._folder):
            return super().write(path, examples)
