"""The order of images of several sources: an endless stream in which each source has its share, and a pure function.

A pass has a fixed number of places of each source, in a drawn order of places. A source's films come in permutations of
their own, one after another, across passes: however large its share, no film comes again before all of its source did.
"""

import dataclasses
import functools

import numpy as np

from chex_tf.data import draws


@dataclasses.dataclass(frozen=True)
class MixedOrder:
    """Films are numbered source after source, `sizes` of each; `drawn` are the places of each in a pass."""

    sizes: tuple[int, ...]
    drawn: tuple[int, ...]
    seed: int
    shuffle: str = "full"

    @property
    def examples(self) -> int:
        """Places of a pass."""
        return sum(self.drawn)

    def stream(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """Films at places start … stop-1 of the endless stream, and how often all of its source came before each."""
        places = np.arange(start, stop, dtype=np.int64)
        passes = places // self.examples
        films, epochs = np.empty(len(places), np.int64), np.empty(len(places), np.int64)
        begins, firsts = (np.concatenate([[0], np.cumsum(of)[:-1]]) for of in (self.drawn, self.sizes))
        for number in np.unique(passes).tolist():
            here = np.flatnonzero(passes == number)
            ranks = _pass(self, number)[places[here] % self.examples]
            sources = np.searchsorted(begins, ranks, side="right") - 1
            for source in np.unique(sources).tolist():
                those = here[sources == source]
                turns = number * self.drawn[source] + ranks[sources == source] - begins[source]
                epochs[those], within = np.divmod(turns, self.sizes[source])
                films[those] = firsts[source] + self._of_source(source, epochs[those], within)
        return films, epochs

    def _of_source(self, source: int, epochs: np.ndarray, within: np.ndarray) -> np.ndarray:
        found = np.empty(len(epochs), np.int64)
        for epoch in np.unique(epochs).tolist():
            here = epochs == epoch
            found[here] = _permutation(self.sizes[source], self.seed, source, epoch)[within[here]]
        return found


@functools.lru_cache(maxsize=4)
def _pass(order: MixedOrder, number: int) -> np.ndarray:
    """For each place of a pass its rank: the first `drawn[0]` ranks are the first source's, and so on."""
    places = np.arange(order.examples, dtype=np.int64)
    ranks = np.argsort(draws.bits(draws.Purpose.MIXTURE, order.seed, number, places), kind="stable")
    ranks.setflags(write=False)
    return ranks


@functools.lru_cache(maxsize=32)
def _permutation(size: int, seed: int, source: int, epoch: int) -> np.ndarray:
    films = np.arange(size, dtype=np.int64)
    found = np.argsort(draws.bits(draws.Purpose.SOURCE, seed, source, epoch, films), kind="stable")
    found.setflags(write=False)
    return found


def places_of_pass(sizes: tuple[int, ...], weights: tuple[float, ...]) -> tuple[int, ...]:
    """As many places as there are films, shared out by weight, the largest remainders rounded up; without weights every
    film has one."""
    if not weights:
        return sizes
    exact = np.array(weights) / sum(weights) * sum(sizes)
    found = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - found), kind="stable")
    found[order[: sum(sizes) - int(found.sum())]] += 1
    return tuple(found.tolist())
