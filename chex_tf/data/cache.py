"""Decoded, resized images in memory or in a file, so that an epoch after the first decodes nothing."""

import hashlib
import pathlib
import shutil
from collections.abc import Callable
from typing import Protocol

import numpy as np

from chex_tf import amounts
from chex_tf.files import whole_file
from chex_tf.settings import InputError

_FORMAT = 1  # version of the pixels; increment it when decoding or resizing changes


class Pixels(Protocol):
    def __call__(self, examples: np.ndarray) -> list[np.ndarray]:
        """One image per example, uint8 (side, side): the cache's own memory, not to be written to."""
        ...

    def copy(self, examples: np.ndarray, out: np.ndarray) -> None:
        """Copies the images into `out`, uint8 (examples, side, side)."""
        ...


def bytes_needed(images: int, side: int) -> int:
    return images * side * side


class MemoryCache:
    """Filled as images are requested; `load` gives one image. Two threads that both miss write the same pixels."""

    def __init__(self, examples: np.ndarray, total: int, side: int, load: Callable[[int, np.ndarray], object]) -> None:
        need, free = bytes_needed(len(examples), side), free_memory()
        if free is not None and need > free:
            raise InputError(
                f"expected {amounts.size(need)} of free memory for {len(examples):,} images of {side}×{side}; received "
                f"{amounts.size(free)}; --cache=disk or a smaller image would do",
                "cache",
            )
        self._place = np.full(total, -1, np.int64)
        self._place[examples] = np.arange(len(examples))
        self._pixels = np.empty((len(examples), side, side), np.uint8)
        self._filled = np.zeros(len(examples), bool)
        self._load = load

    def __call__(self, examples: np.ndarray) -> list[np.ndarray]:
        return [self._pixels[place] for place in self._filled_places(examples).tolist()]

    def copy(self, examples: np.ndarray, out: np.ndarray) -> None:
        _take(self._pixels, self._filled_places(examples), out)

    def _filled_places(self, examples: np.ndarray) -> np.ndarray:
        places = self._place[examples]
        for example, place in zip(examples[~self._filled[places]], places[~self._filled[places]], strict=True):
            self._load(int(example), self._pixels[place])
            self._filled[place] = True
        return places


class DiskCache:
    """One file of raw pixels, written in full before it is used and shared by every process that maps it."""

    def __init__(
        self,
        folder: pathlib.Path,
        fingerprint: str,
        examples: np.ndarray,
        total: int,
        side: int,
        load: Callable[[int, np.ndarray], object],
        progress: Callable[[int, int], None] = lambda done, total: None,
        fill: Callable[[Callable[[int], object], int, Callable[[int, int], None]], None] | None = None,
    ) -> None:
        chosen = hashlib.sha256(np.ascontiguousarray(examples).tobytes()).hexdigest()[:8]
        self.file = folder / f"{fingerprint}-{chosen}-{side}-{_FORMAT}.pixels"
        need = bytes_needed(len(examples), side)
        if not self.file.is_file() or self.file.stat().st_size != need:
            folder.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(folder).free
            if need > free:
                raise InputError(
                    f"expected {amounts.size(need)} of free space in {folder} for {len(examples):,} images of "
                    f"{side}×{side}; received {amounts.size(free)}",
                    "cache_dir",
                )
            with whole_file(self.file) as scratch:
                pixels = np.memmap(scratch, np.uint8, "w+", shape=(len(examples), side, side))

                def write(place: int) -> None:
                    load(int(examples[place]), pixels[place])

                (fill or _one_by_one)(write, len(examples), progress)
                pixels.flush()
                del pixels
        self._place = np.full(total, -1, np.int64)
        self._place[examples] = np.arange(len(examples))
        # As a plain array: cutting an image out of a memmap takes several times as long.
        self._pixels = np.asarray(np.memmap(self.file, np.uint8, "r", shape=(len(examples), side, side)))

    def __call__(self, examples: np.ndarray) -> list[np.ndarray]:
        return [self._pixels[place] for place in self._place[examples].tolist()]

    def copy(self, examples: np.ndarray, out: np.ndarray) -> None:
        _take(self._pixels, self._place[examples], out)


def _take(pixels: np.ndarray, places: np.ndarray, out: np.ndarray) -> None:
    # In any other mode numpy copies through a buffer. One call for all images releases the GIL once.
    np.take(pixels, places, axis=0, out=out, mode="clip")


def _one_by_one(write: Callable[[int], object], images: int, progress: Callable[[int, int], None]) -> None:
    for place in range(images):
        write(place)
        progress(place + 1, images)


def free_memory(
    meminfo: pathlib.Path = pathlib.Path("/proc/meminfo"), group: pathlib.Path = pathlib.Path("/sys/fs/cgroup")
) -> int | None:
    """Bytes that the machine and the control group still allow this process; None if unknown."""
    found = []
    if meminfo.is_file():
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                found.append(int(line.split()[1]) * 1024)
    limit, used = group / "memory.max", group / "memory.current"
    if limit.is_file() and used.is_file() and limit.read_text().strip().isdigit():
        found.append(max(0, int(limit.read_text()) - int(used.read_text())))
    return min(found, default=None)
