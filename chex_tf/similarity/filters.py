"""Filters of a first convolution in two networks: how far they moved, how much like Gabor functions they are, and the
same of random ones."""

import dataclasses

import numpy as np

from chex_tf.similarity import gabor


@dataclasses.dataclass(frozen=True)
class Moved:
    """Filter by filter: |b - a| / |a|, and the correlation of a's and b's numbers."""

    distance: np.ndarray
    correlation: np.ndarray


@dataclasses.dataclass(frozen=True)
class Filters:
    """`a` and `b` are filters as grey films meet them (rows, columns, filters); `moved_random` compares a with those of
    a random network. `gabor` has the share explained of each filter for "a", "b" and "random", or is empty, and then
    `no_gabor` says why."""

    layer: str
    names: tuple[str, str, str]
    shape: tuple[int, int, int, int]
    a: np.ndarray
    b: np.ndarray
    moved: Moved
    moved_random: Moved
    gabor: dict[str, np.ndarray]
    no_gabor: str = ""


def moved(a: np.ndarray, b: np.ndarray) -> Moved:
    """Of kernels (rows, columns, inputs, filters). A filter of zeros has an infinite or undefined distance, a constant
    one no correlation: NaN."""
    x, y = (kernel.reshape(-1, kernel.shape[-1]) for kernel in (a, b))
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.linalg.norm(y - x, axis=0) / np.linalg.norm(x, axis=0)
        x, y = x - x.mean(axis=0), y - y.mean(axis=0)
        correlation = np.sum(x * y, axis=0) / (np.linalg.norm(x, axis=0) * np.linalg.norm(y, axis=0))
    return Moved(distance, correlation)


def explained(grey: np.ndarray) -> np.ndarray:
    """By Gabor functions, for each of (rows, columns, filters)."""
    return np.array([gabor.fit(grey[..., number]).explained for number in range(grey.shape[-1])])


def compared(
    layer: str,
    names: tuple[str, str, str],
    kernels: tuple[np.ndarray, np.ndarray, np.ndarray],
    greys: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> Filters:
    """Of a, b and a random network."""
    a, b, random = kernels
    numbers = a.shape[0] * a.shape[1]
    no_gabor = ""
    if numbers < gabor.FEWEST_NUMBERS:
        no_gabor = (
            f"filters of {a.shape[0]}×{a.shape[1]} have {numbers} numbers, too few for the {gabor.PARAMETERS} "
            f"parameters of a Gabor function; {gabor.FEWEST_NUMBERS} are wanted"
        )
    shares = {} if no_gabor else {key: explained(grey) for key, grey in zip(("a", "b", "random"), greys, strict=True)}
    rows, columns, inputs, filters = a.shape
    shape = rows, columns, inputs, filters
    return Filters(layer, names, shape, greys[0], greys[1], moved(a, b), moved(a, random), shares, no_gabor)
