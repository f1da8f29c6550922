"""Buffers begin where TensorFlow uses them without copying, are used again, and never while a part is referred to."""

import numpy as np
import pytest
import tensorflow as tf

from chex_tf.data import batch_memory
from chex_tf.data.batch_memory import BatchMemory
from chex_tf.settings import InputError


def test_tensorflow_uses_a_buffer_without_copying_and_keeps_it():
    memory = BatchMemory()
    buffer = memory.buffer(2, 9)
    assert (buffer.shape, buffer.dtype) == ((2, 9, 9), np.uint8)
    buffer[...] = 3
    address = buffer.ctypes.data
    kept = [buffer[..., None]]
    del buffer
    (batch,) = tf.data.Dataset.range(1).map(lambda _: tf.numpy_function(kept.pop, [], tf.uint8))
    assert batch.numpy().min() == 3
    assert batch._numpy().ctypes.data == address, "TensorFlow copied"
    other = memory.buffer(2, 9)
    other[...] = 5
    assert other.ctypes.data != address
    assert batch.numpy().max() == 3


def test_a_view_of_a_view_keeps_the_buffer():
    memory = BatchMemory()
    buffer = memory.buffer(3, 8)
    buffer[...] = 1
    part = buffer[1:][0].reshape(64)[5:]
    del buffer
    others = [memory.buffer(3, 8) for _ in range(3)]
    for other in others:
        other[...] = 2
    assert (part == 1).all()


def test_a_free_buffer_is_used_again():
    memory = BatchMemory()
    buffer = memory.buffer(3, 8)
    address = buffer.ctypes.data
    assert address % 64 == 0
    del buffer
    assert memory.buffer(3, 7).ctypes.data != address, "a buffer of another size"
    assert memory.buffer(3, 8).ctypes.data == address


def test_only_a_few_free_buffers_are_kept():
    memory = BatchMemory()
    held = [memory.buffer(1, 8) for _ in range(20)]
    held.clear()
    assert [len(free) for free in memory._free.values()] == [8]


@pytest.mark.parametrize(
    ("images", "side", "on_processor", "need"),
    [(1000, 100, False, 20_000_000), (1000, 100, True, 140_000_000), (1, 100, True, 140_000)],
)
def test_a_batch_that_cannot_fit_is_refused_before_it_is_made(images, side, on_processor, need):
    need += 120 * 120
    batch_memory.check(images, side, 120, on_processor, free=need)
    refused = f"a batch of {images:,} images of 100×100 needs .* of memory at least"
    with pytest.raises(InputError, match=refused) as caught:
        batch_memory.check(images, side, 120, on_processor, free=need - 1)
    assert caught.value.setting == ("batch" if images > 1 else "image_size")


def test_a_thousand_million_images_fit_nowhere():
    with pytest.raises(InputError, match=r"needs .* of memory at least"):
        batch_memory.check(10**9, 320, 320, False)
