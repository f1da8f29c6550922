"""Sums over points of two layers' activations, from which every similarity here is computed; memory does not grow with
the points.

Activations are taken relative to a fixed centre near their mean, so that products are not lost against a large mean,
and all sums are float64. Sums over disjoint sets of points can be added. Beside the products of neurons there are, for
the unbiased estimate of HSIC, sums of the points' squared lengths, their products, and each neuron weighted by them.
"""

import dataclasses
import functools

import numpy as np


class SideSums:
    """Of one layer with so many neurons, relative to `centre`."""

    def __init__(self, centre: np.ndarray) -> None:
        self.centre = np.array(centre, np.float64)
        neurons = self.centre.size
        self.points = 0
        self.total = np.zeros(neurons)
        self.products = np.zeros((neurons, neurons))
        self.squared_lengths = 0.0  # sum over points of the squared length's square
        self.by_length = np.zeros(neurons)  # sum over points of activation × squared length

    @property
    def neurons(self) -> int:
        return self.centre.size

    def relative(self, rows: np.ndarray) -> np.ndarray:
        """Activations [points, neurons] as `add` wants them."""
        return np.asarray(rows, np.float64) - self.centre

    def add(self, rows: np.ndarray) -> None:
        """Takes in points [points, neurons], relative to the centre."""
        lengths = np.einsum("ij,ij->i", rows, rows)
        self.points += len(rows)
        self.total += rows.sum(axis=0)
        self.products += rows.T @ rows
        self.squared_lengths += float(lengths @ lengths)
        self.by_length += lengths @ rows

    def combined(self, other: "SideSums") -> "SideSums":
        """Sums over both sets of points."""
        if not np.array_equal(self.centre, other.centre):
            raise ValueError("expected sums relative to one centre; received two centres")
        found = SideSums(self.centre)
        found.points = self.points + other.points
        found.total = self.total + other.total
        found.products = self.products + other.products
        found.squared_lengths = self.squared_lengths + other.squared_lengths
        found.by_length = self.by_length + other.by_length
        return found


class CrossSums:
    """Of the same points in two layers, each relative to its centre."""

    def __init__(self, first_neurons: int, second_neurons: int) -> None:
        self.points = 0
        self.products = np.zeros((first_neurons, second_neurons))
        self.lengths = 0.0  # sum over points of the product of the two squared lengths
        self.first_by_length = np.zeros(first_neurons)  # first layer's activation × second's squared length
        self.second_by_length = np.zeros(second_neurons)

    def add(self, first: np.ndarray, second: np.ndarray) -> None:
        first_lengths = np.einsum("ij,ij->i", first, first)
        second_lengths = np.einsum("ij,ij->i", second, second)
        self.points += len(first)
        self.products += first.T @ second
        self.lengths += float(first_lengths @ second_lengths)
        self.first_by_length += second_lengths @ first
        self.second_by_length += first_lengths @ second

    def combined(self, other: "CrossSums") -> "CrossSums":
        found = CrossSums(*self.products.shape)
        found.points = self.points + other.points
        found.products = self.products + other.products
        found.lengths = self.lengths + other.lengths
        found.first_by_length = self.first_by_length + other.first_by_length
        found.second_by_length = self.second_by_length + other.second_by_length
        return found


class Side:
    """One layer's activations around their mean: `scatter` are the products of neurons, `squared_lengths` is the sum
    over points of the squared length's square, `changing` lists the neurons that are not constant."""

    def __init__(self, sums: SideSums) -> None:
        self.points = sums.points
        self.neurons = sums.neurons
        self.shift = sums.total / sums.points  # of the mean from the centre
        self.mean = sums.centre + self.shift
        self.scatter = sums.products - sums.points * np.outer(self.shift, self.shift)
        uncentred = np.diagonal(sums.products)
        # What rounding leaves of a neuron that never changes.
        rounding = max(sums.points, sums.neurons) * np.finfo(np.float64).eps * uncentred
        self.changing = np.flatnonzero(np.diagonal(self.scatter) > rounding)
        self.shifted_trace = float(uncentred.sum())
        moved = self.shift @ self.shift
        self.squared_lengths = float(
            sums.squared_lengths
            - 4 * self.shift @ sums.by_length
            + 4 * self.shift @ sums.products @ self.shift
            + 2 * moved * self.shifted_trace
            - 3 * sums.points * moved**2
        )

    @functools.cached_property
    def principal(self) -> "Principal":
        """Of the activations as they are."""
        return _principal(self.scatter[np.ix_(self.changing, self.changing)], self.points)

    @functools.cached_property
    def standardised(self) -> "Principal":
        """Of the activations with every neuron divided by its deviation, so that the rank does not depend on units."""
        scale = self.deviations
        return _principal(self.scatter[np.ix_(self.changing, self.changing)] / np.outer(scale, scale), self.points)

    @functools.cached_property
    def deviations(self) -> np.ndarray:
        """Of the neurons that change, as roots of sums of squares over all points."""
        return np.sqrt(np.diagonal(self.scatter)[self.changing])


@dataclasses.dataclass(frozen=True)
class Principal:
    """Principal components of neurons that change: sums of squares along them, the largest first, and directions
    [neurons that change, components]. Those that rounding alone would show are left out."""

    sizes: np.ndarray
    directions: np.ndarray


def _principal(scatter: np.ndarray, points: int) -> Principal:
    if not scatter.size:
        return Principal(np.zeros(0), np.zeros((0, 0)))
    sizes, directions = np.linalg.eigh(scatter)
    sizes, directions = sizes[::-1], directions[:, ::-1]
    rank = int(np.sum(sizes > max(points, len(sizes)) * np.finfo(np.float64).eps * sizes[0]))
    rank = min(rank, points - 1)  # centred points span no more
    return Principal(sizes[:rank], directions[:, :rank])


class Pair:
    """Two layers' activations of the same points, each around its mean; `cross` are their products [neurons, neurons]
    and `lengths` is the sum over points of the product of their squared lengths."""

    def __init__(self, first: Side, second: Side, cross: CrossSums) -> None:
        if not first.points == second.points == cross.points:
            raise ValueError(f"expected equal points; received {first.points}, {second.points}, {cross.points}")
        self.first, self.second, self.points = first, second, first.points
        self.cross = cross.products - self.points * np.outer(first.shift, second.shift)
        first_moved, second_moved = first.shift @ first.shift, second.shift @ second.shift
        self.lengths = float(
            cross.lengths
            - 2 * second.shift @ cross.second_by_length
            - 2 * first.shift @ cross.first_by_length
            + 4 * first.shift @ cross.products @ second.shift
            + second_moved * first.shifted_trace
            + first_moved * second.shifted_trace
            - 3 * self.points * first_moved * second_moved
        )


def of_arrays(first: np.ndarray, second: np.ndarray) -> Pair:
    """Of activations [points, neurons] that are there as a whole."""
    a, b = SideSums(first.mean(axis=0)), SideSums(second.mean(axis=0))
    cross = CrossSums(a.neurons, b.neurons)
    first, second = a.relative(first), b.relative(second)
    a.add(first)
    b.add(second)
    cross.add(first, second)
    return Pair(Side(a), Side(b), cross)
