"""A smooth calibration curve and the integrated calibration index (ICI; Austin and Steyerberg 2019, Harrell's Eavg).

The curve is LOWESS without robustness steps: at a probability g, a straight line is fitted to the labels of the nearest
two thirds of the rows by weighted least squares, weights tricube in the distance from g, and read at g. The ICI is the
mean over rows of the distance between the curve and the probability itself.

The curve is computed at up to GRID probabilities, equally many rows apart, and is a straight line between them. Windows
are those of all rows and stay in place when rows are weighted, so that thousands of weightings are matrix products.
"""

import dataclasses

import numpy as np

SPAN = 2 / 3
GRID = 50
GROUPS_AT_MOST = 1000  # above this number, rows of neighbouring probabilities enter as one, with their mean


@dataclasses.dataclass(frozen=True, eq=False)
class Smoother:
    """Made for the probabilities of one task by `smoother`; row weights are [weightings, rows]."""

    order: np.ndarray  # rows by rising probability
    starts: np.ndarray  # where each group of rows begins in that order
    centres: np.ndarray  # [groups] mean probability
    grid: np.ndarray
    moments: np.ndarray  # [groups, 3 * grid] window weight times 1, distance and distance squared

    def curves(self, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """[weightings, grid]; NaN where no row of the window has weight."""
        return self._curves(self._by_group(weights), self._by_group(weights * (labels == 1)))

    def index(self, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """[weightings] the ICI."""
        rows = self._by_group(weights)
        return self._mean_distance(self._curves(rows, self._by_group(weights * (labels == 1))), rows)

    def index_of_labels(self, labels: np.ndarray) -> np.ndarray:
        """[sets] the ICI of several sets of labels [sets, rows] on unweighted rows."""
        rows = self._by_group(np.ones((1, labels.shape[1])))
        return self._mean_distance(self._curves(rows, self._by_group(labels)), rows)

    def _by_group(self, values: np.ndarray) -> np.ndarray:
        sorted_values = np.take(values, self.order, axis=1).astype(np.float64)
        return np.asarray(np.add.reduceat(sorted_values, self.starts, axis=1))

    def _curves(self, rows: np.ndarray, positives: np.ndarray) -> np.ndarray:
        points = self.grid.size
        one, line, square = np.split(rows @ self.moments, 3, axis=1)
        first, second = np.split(positives @ self.moments[:, : 2 * points], 2, axis=1)
        determinant = one * square - line**2
        with np.errstate(divide="ignore", invalid="ignore"):
            straight = (square * first - line * second) / determinant
            level = first / one
        # All rows of a window at one place: there is no line through them, only their mean.
        return np.where(determinant > 1e-10 * one**2 * self._width_squared, straight, level)

    @property
    def _width_squared(self) -> float:
        return float(np.ptp(self.centres)) ** 2

    def _mean_distance(self, curves: np.ndarray, rows: np.ndarray) -> np.ndarray:
        if self.grid.size == 1:
            distance = np.abs(curves - self.centres)
        else:
            right = np.clip(np.searchsorted(self.grid, self.centres), 1, self.grid.size - 1)
            share = (self.centres - self.grid[right - 1]) / (self.grid[right] - self.grid[right - 1])
            smooth = np.take(curves, right - 1, axis=1) * (1 - share) + np.take(curves, right, axis=1) * share
            distance = np.abs(smooth - self.centres)
        # A group without weight does not count, though the curve may have no value there.
        summed = np.sum(np.where(rows > 0, distance * rows, 0), axis=1)
        total = np.broadcast_to(rows.sum(axis=1), summed.shape)
        return np.divide(summed, total, out=np.full(summed.shape, np.nan), where=total > 0)


def smoother(probabilities: np.ndarray) -> Smoother:
    order = np.argsort(probabilities, kind="stable")
    rising = probabilities[order]
    starts = _starts(rising)
    sizes = np.diff(np.append(starts, rising.size))
    centres = np.add.reduceat(rising, starts) / sizes
    grid = np.unique(rising[np.linspace(0, rising.size - 1, min(GRID, rising.size)).round().astype(np.int64)])
    near = max(1, int(np.floor(SPAN * rising.size + 1e-9)))
    widths = np.array([_distance_of_nearest(rising, point, near) for point in grid])
    distance = centres[:, np.newaxis] - grid
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(widths > 0, np.abs(distance) / widths, np.where(distance == 0, 0, np.inf))
    window = np.where(relative < 1, (1 - np.minimum(relative, 1) ** 3) ** 3, 0)
    return Smoother(order, starts, centres, grid, np.hstack([window, window * distance, window * distance**2]))


def _starts(rising: np.ndarray) -> np.ndarray:
    """Where a group begins: at each distinct value, or for many of them every so many rows."""
    distinct = np.append(0, np.flatnonzero(np.diff(rising)) + 1)
    if distinct.size <= GROUPS_AT_MOST:
        return distinct
    return np.unique(np.linspace(0, rising.size, GROUPS_AT_MOST, endpoint=False).astype(np.int64))


def _distance_of_nearest(rising: np.ndarray, point: float, near: int) -> float:
    """How far the `near`-th nearest value is from `point`."""
    distances = np.abs(rising - point)
    return float(np.partition(distances, near - 1)[near - 1])
