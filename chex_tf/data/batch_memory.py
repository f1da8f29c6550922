"""Memory for batches, which TensorFlow uses without a copy and which is reused once nothing refers to it.

TensorFlow copies an array that is not aligned as it wants, and fresh memory from the system costs a page fault every
4 KB. On two cores, batches of 16 images of 320×320 from the memory cache come 1.4 times as fast with this.
"""

import collections
import ctypes
import weakref

import numpy as np

from chex_tf import amounts
from chex_tf.data.cache import free_memory
from chex_tf.settings import InputError

_ALIGNMENT = 64  # bytes; TensorFlow uses an array so aligned without copying it
_KEPT = 8  # free buffers of one size; more are given back to the system


# Bytes that a pixel takes at least on its way into a network: two batches of uint8; three channels of float32 beside
# them where the network computes on the processor.
_READ, _SEEN = 2, 12


def check(images: int, side: int, resized: int, on_processor: bool, free: int | None = None) -> None:
    """Refuses a batch that cannot fit into memory, before anything is allocated; `resized` is the side of an image
    before it is cropped, `free` the bytes that are there (asked of the machine by default)."""
    need = images * side * side * (_READ + _SEEN * on_processor) + resized * resized
    free = free_memory() if free is None else free
    if free is not None and need > free:
        raise InputError(
            f"a batch of {images:,} images of {side:,}×{side:,} needs {amounts.size(need)} of memory at least; "
            f"{amounts.size(free)} are free",
            "batch" if images > 1 else "image_size",
        )


class BatchMemory:
    """Any thread may ask for a buffer."""

    def __init__(self) -> None:
        self._free: dict[int, collections.deque[np.ndarray]] = {}

    def buffer(self, images: int, side: int) -> np.ndarray:
        """uint8 (images, side, side), contents undefined. It is free again when neither it nor a view of it is left."""
        size = images * side * side
        free = self._free.setdefault(size, collections.deque(maxlen=_KEPT))
        try:
            memory = free.pop()
        except IndexError:
            memory = np.empty(size + _ALIGNMENT, np.uint8)
        # A view of a view refers to the array at the bottom and not to the view between them. With a ctypes object at
        # the bottom, every view of the batch refers to that object, and its end is the end of the batch.
        owner = (ctypes.c_char * size).from_buffer(memory.data, -memory.ctypes.data % _ALIGNMENT)
        weakref.finalize(owner, free.append, memory).atexit = False
        return np.frombuffer(memoryview(owner), np.uint8).reshape(images, side, side)
