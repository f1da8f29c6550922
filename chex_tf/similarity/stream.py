"""Sums over a whole set of films that arrive in batches, for pairs of layers: by group of patients, and with films that
do not belong together.

Memory depends on the layers and the design, not on how many films there are; only the patients' names are kept.
"""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from chex_tf.similarity import pairing
from chex_tf.similarity.moments import CrossSums, SideSums

WINDOW_BYTES = 64 * 2**20  # of activations that are waiting
FEWEST_FILMS, MOST_FILMS = 32, 1024  # of a window

LayerPair = tuple[str, str]


@dataclasses.dataclass(frozen=True)
class Batch:
    """Some films: for each layer of the first and the second side its activations (films, places, neurons)."""

    patients: tuple[str, ...]
    first: Mapping[str, np.ndarray]
    second: Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Design:
    """Into how many groups patients are dealt for the interval, and in how many other ways films are paired."""

    groups: int
    permutations: int
    seed: int


@dataclasses.dataclass(frozen=True)
class Accumulated:
    """Sums by group, `first[layer][group]` and so on; `permuted[pair]` has one for each other pairing of all films.
    `places` says how many points a film has in each layer of either side, and `unlike` which pairs have not the same
    number and so no sums."""

    films: int
    patients: int
    group_films: np.ndarray
    first: dict[str, list[SideSums]]
    second: dict[str, list[SideSums]]
    cross: dict[LayerPair, list[CrossSums]]
    permuted: dict[LayerPair, list[CrossSums]]
    first_places: dict[str, int]
    second_places: dict[str, int]
    unlike: tuple[LayerPair, ...]


def bytes_needed(
    pairs: Iterable[LayerPair], first: Mapping[str, int], second: Mapping[str, int], design: Design
) -> int:
    """Of the sums, for layers with so many neurons."""
    sides = sum(neurons**2 for neurons in (*first.values(), *second.values()))
    crosses = sum(first[a] * second[b] for a, b in pairs)
    return 8 * (design.groups * (sides + crosses) + design.permutations * crosses)


def accumulate(batches: Iterable[Batch], pairs: Sequence[LayerPair], design: Design) -> Accumulated:
    stream: _Stream | None = None
    for batch in batches:
        if stream is None:
            stream = _Stream(batch, pairs, design)
        stream.add(batch)
    if stream is None:
        raise ValueError("expected at least one film; received none")
    return stream.finish()


class _Stream:
    """`_waiting` are films of the window that is not full; `_begin` is the first window, `_before` the one before."""

    def __init__(self, batch: Batch, pairs: Sequence[LayerPair], design: Design) -> None:
        self._design = design
        self._places = tuple({name: value.shape[1] for name, value in side.items()} for side in _sides(batch))
        self._pairs = [(a, b) for a, b in pairs if self._places[0][a] == self._places[1][b]]
        self._unlike = tuple(pair for pair in pairs if pair not in self._pairs)
        a_film = sum(math.prod(value.shape[1:]) * 4 for side in _sides(batch) for value in side.values())
        self._window = int(np.clip(WINDOW_BYTES // max(a_film, 1), FEWEST_FILMS, MOST_FILMS))
        self._waiting: list[Batch] = []
        self._windows = 0
        self._films = 0
        self._group: dict[str, int] = {}  # of each patient
        self._group_films = np.zeros(design.groups, int)
        self._sums: tuple[dict[str, list[SideSums]], ...] = ({}, {})
        self._cross: dict[LayerPair, list[CrossSums]] = {}
        self._permuted: dict[LayerPair, list[CrossSums]] = {}
        self._begin: Batch | None = None
        self._before: Batch | None = None
        self._orders: list[np.ndarray] = []  # of the window before, one for each pairing

    def add(self, batch: Batch) -> None:
        self._waiting.append(batch)
        # Two windows at first: films of a single one would meet each other.
        while sum(len(one.patients) for one in self._waiting) >= self._window * (2 if self._begin is None else 1):
            whole = _joined(self._waiting)
            self._waiting = [_part(whole, slice(self._window, None))]
            self._take(_part(whole, slice(0, self._window)))

    def finish(self) -> Accumulated:
        tail = _joined(self._waiting)
        if self._begin is None:
            self._count(tail)
            for number in range(self._design.permutations):
                self._pair_up(number, tail, tail, pairing.apart(tail.patients, self._generator(number)))
        else:
            before, orders, rest = self._before, self._orders, len(tail.patients)
            assert before is not None
            if rest:
                self._take(tail)
            # The first window's films meet what is left of the window before the last, and then the last.
            head, last = _part(self._begin, slice(0, self._window - rest)), _part(self._begin, slice(-rest, None))
            for number in range(self._design.permutations):
                self._pair_up(number, head, before, orders[number][rest:])
                if rest:
                    self._pair_up(number, last, tail, self._orders[number])
        return Accumulated(
            self._films,
            len(self._group),
            self._group_films,
            self._sums[0],
            self._sums[1],
            self._cross,
            self._permuted,
            self._places[0],
            self._places[1],
            self._unlike,
        )

    def _take(self, window: Batch) -> None:
        self._count(window)
        if self._before is None:
            self._begin = window
        else:
            for number, order in enumerate(self._orders):
                self._pair_up(number, window, self._before, order[: len(window.patients)])
        self._before = window
        count = range(self._design.permutations)
        self._orders = [pairing.shuffled(window.patients, self._generator(number)) for number in count]
        self._windows += 1

    def _generator(self, number: int) -> np.random.Generator:
        return np.random.default_rng([self._design.seed, number, self._windows])

    def _count(self, window: Batch) -> None:
        """Adds a window to the sums of its patients' groups, which are dealt out in the order of their appearance."""
        if not self._films:
            self._make_sums(window)
        self._films += len(window.patients)
        number = [self._group.setdefault(one, len(self._group)) % self._design.groups for one in window.patients]
        members = {group: np.flatnonzero(np.array(number) == group) for group in sorted(set(number))}
        for group, films in members.items():
            self._group_films[group] += len(films)
        rows: tuple[dict[str, dict[int, np.ndarray]], ...] = ({}, {})
        for side, sums, found in zip(_sides(window), self._sums, rows, strict=True):
            for layer, values in side.items():
                found[layer] = {group: sums[layer][0].relative(_points(values[f])) for group, f in members.items()}
                for group, points in found[layer].items():
                    sums[layer][group].add(points)
        for a, b in self._pairs:
            for group in members:
                self._cross[a, b][group].add(rows[0][a][group], rows[1][b][group])

    def _make_sums(self, window: Batch) -> None:
        groups, permutations = range(self._design.groups), range(self._design.permutations)
        for side, sums in zip(_sides(window), self._sums, strict=True):
            for layer, values in side.items():
                centre = _points(values).mean(axis=0, dtype=np.float64)
                sums[layer] = [SideSums(centre) for _ in groups]
        for a, b in self._pairs:
            neurons = self._sums[0][a][0].neurons, self._sums[1][b][0].neurons
            self._cross[a, b] = [CrossSums(*neurons) for _ in groups]
            self._permuted[a, b] = [CrossSums(*neurons) for _ in permutations]

    def _pair_up(self, number: int, first: Batch, second: Batch, order: np.ndarray) -> None:
        """Adds to a pairing the films of `first` with those films of `second`."""
        rows = [
            {layer: sums[layer][0].relative(_points(values)) for layer, values in side.items()}
            for sums, side in zip(self._sums, (first.first, _part(second, order).second), strict=True)
        ]
        for a, b in self._pairs:
            self._permuted[a, b][number].add(rows[0][a], rows[1][b])


def _sides(batch: Batch) -> tuple[Mapping[str, np.ndarray], Mapping[str, np.ndarray]]:
    return batch.first, batch.second


def _points(values: np.ndarray) -> np.ndarray:
    """(films, places, neurons) as points by neurons."""
    return values.reshape(-1, values.shape[-1])


def _part(batch: Batch, films: slice | np.ndarray) -> Batch:
    number = np.arange(len(batch.patients))[films]
    first, second = ({layer: values[films] for layer, values in side.items()} for side in _sides(batch))
    return Batch(tuple(batch.patients[one] for one in number), first, second)


def _joined(batches: Sequence[Batch]) -> Batch:
    if len(batches) == 1:
        return batches[0]
    first, second = (
        {layer: np.concatenate([_sides(one)[side][layer] for one in batches]) for layer in _sides(batches[0])[side]}
        for side in (0, 1)
    )
    return Batch(tuple(patient for one in batches for patient in one.patients), first, second)
