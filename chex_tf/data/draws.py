"""Random numbers as a pure function of keys: purpose, seed, epoch, example. No state, no order.

A draw for example 7 of epoch 3 is the same in any process, batch or year, which a generator with state cannot
promise. The mixing function is splitmix64's (Steele, Lea and Flood 2014).
"""

import enum

import numpy as np

_GOLDEN = 0x9E3779B97F4A7C15


class Purpose(enum.IntEnum):
    """First key of every draw, so that draws for different purposes are independent. Never renumber."""

    ORDER = 1
    BLOCKS = 2
    SMOOTH_UNCERTAIN = 3
    SMOOTH_BLANK = 4
    PARTNER = 5
    FLIP = 6
    ROTATION = 7
    SHIFT_ACROSS = 8
    SHIFT_DOWN = 9
    SCALE = 10
    BRIGHTNESS = 11
    CONTRAST = 12
    CROP_ACROSS = 13
    CROP_DOWN = 14
    STATISTICS = 15
    SUBSET = 16
    CROP_AREA = 17
    CROP_RATIO = 18
    JITTER = 19
    JITTER_ORDER = 20
    BLUR = 21
    BLUR_SIGMA = 22
    SOLARISE = 23
    MIXTURE = 24
    SOURCE = 25


def bits(purpose: Purpose | np.ndarray, *keys: int | np.ndarray) -> np.ndarray:
    """64 random bits for each combination of keys; arrays among the keys broadcast. At least one-dimensional."""
    mixed = np.zeros(1, np.uint64)
    for key in (purpose, *keys):
        mixed = _mix(mixed ^ (np.atleast_1d(np.asarray(key)).astype(np.uint64) + np.uint64(_GOLDEN)))
    return mixed


def uniform(purpose: Purpose | np.ndarray, *keys: int | np.ndarray) -> np.ndarray:
    """Numbers in [0, 1), float64."""
    return (bits(purpose, *keys) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def between(low: float, high: float, purpose: Purpose, *keys: int | np.ndarray) -> np.ndarray:
    return low + (high - low) * uniform(purpose, *keys)


def _mix(x: np.ndarray) -> np.ndarray:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
