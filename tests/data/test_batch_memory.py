"""Rooms: begin where TensorFlow takes them over, are used again, and never while anybody holds a part of them."""

import numpy as np
import tensorflow as tf

from chex_tf.data.batch_memory import Rooms


def test_tensorflow_takes_a_room_over_and_holds_it():
    rooms = Rooms()
    room = rooms(2, 9)
    assert (room.shape, room.dtype) == ((2, 9, 9), np.uint8)
    room[...] = 3
    address = room.ctypes.data
    kept = [room[..., None]]
    del room
    (batch,) = tf.data.Dataset.range(1).map(lambda _: tf.numpy_function(kept.pop, [], tf.uint8))
    assert batch.numpy().min() == 3
    assert batch._numpy().ctypes.data == address, "TensorFlow copied"
    other = rooms(2, 9)
    other[...] = 5
    assert other.ctypes.data != address
    assert batch.numpy().max() == 3


def test_a_view_of_a_view_holds_the_room():
    rooms = Rooms()
    room = rooms(3, 8)
    room[...] = 1
    part = room[1:][0].reshape(64)[5:]
    del room
    others = [rooms(3, 8) for _ in range(3)]
    for other in others:
        other[...] = 2
    assert (part == 1).all()


def test_a_room_left_is_used_again():
    rooms = Rooms()
    room = rooms(3, 8)
    address = room.ctypes.data
    assert address % 64 == 0
    del room
    assert rooms(3, 7).ctypes.data != address, "a room of another size"
    assert rooms(3, 8).ctypes.data == address


def test_only_a_few_free_rooms_are_kept():
    rooms = Rooms()
    held = [rooms(1, 8) for _ in range(20)]
    held.clear()
    assert [len(free) for free in rooms._free.values()] == [8]
