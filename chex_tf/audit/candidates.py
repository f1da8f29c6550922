"""Pairs of films whose hashes are near each other, from an index: never all pairs are looked at.

A hash of 128 bits is cut into ten bands of 12 or 13 bits. Two films are compared where they agree in all bits of at
least one band: every pair that differs in at most nine bits does, and a pair that differs in more does unless each band
has one of them. Films that agree in a band stand together once sorted by it, so memory does not grow with the pairs.

Of a mirrored film, and of a negative, the hash is the film's own with known bits turned; so the same index finds them.
"""

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np

from chex_tf.audit.fingerprints import BITS, mirrored_bits

BANDS = 10
_AT_ONCE = 1 << 20  # pairs in memory
_PLACE_BITS = 32
ALL_BITS = np.full(2, np.iinfo(np.uint64).max, np.uint64)


@dataclasses.dataclass(frozen=True, eq=False)
class Candidates:
    """Pairs, `first` below `second`: the second is to be mirrored, its intensities to be turned, or neither."""

    first: np.ndarray
    second: np.ndarray
    mirrored: bool
    negative: bool


def candidates(
    hashes: np.ndarray, most: int, progress: Callable[[int, int], None] = lambda done, total: None
) -> Iterator[Candidates]:
    """Those that differ in `most` bits at most; each pair once for each way in which it does."""
    steps = 4 * BANDS
    for turn, (mirrored, negative) in enumerate([(False, False), (True, False), (False, True), (True, True)]):
        mask = (mirrored_bits() if mirrored else np.zeros(2, np.uint64)) ^ (ALL_BITS if negative else np.uint64(0))
        others = hashes ^ mask
        bands, other_bands = words(hashes), words(others)
        for band in range(BANDS):
            for first, second in _pairs(bands[:, band], other_bands[:, band]):
                near = distance(hashes[first], others[second]) <= most
                first, second = first[near], second[near]
                # What an earlier band has found is not found again.
                new = ~(bands[first, :band] == other_bands[second, :band]).any(axis=1)
                if new.any():
                    yield Candidates(first[new], second[new], mirrored, negative)
            progress(turn * BANDS + band + 1, steps)


def distance(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Bits that differ, of hashes (pairs, 2)."""
    return np.bitwise_count(first ^ second).sum(axis=1, dtype=np.int64)


def words(hashes: np.ndarray) -> np.ndarray:
    """(films, bands) int64: the bits of each band. Band k has bits k, k + 10, k + 20, …: low and high frequencies."""
    bits = np.unpackbits(np.ascontiguousarray(hashes).view(np.uint8), axis=1, bitorder="little")
    found = np.zeros((len(hashes), BANDS), np.int64)
    for bit in range(BITS):
        found[:, bit % BANDS] = found[:, bit % BANDS] << 1 | bits[:, bit]
    return found


def _pairs(band: np.ndarray, other: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Places i < j with band[i] == other[j], in blocks of bounded size."""
    places = np.arange(len(band), dtype=np.int64)
    keys = np.sort(other << _PLACE_BITS | places)
    order = np.argsort(band, kind="stable")  # neighbours then look at the same stretch of memory
    begin = np.searchsorted(keys, band[order] << _PLACE_BITS | (order + 1))
    counts = np.searchsorted(keys, (band[order] + 1) << _PLACE_BITS) - begin
    total = np.cumsum(counts)
    start = 0
    while start < len(order):
        before = total[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(total, before + _AT_ONCE, side="right")))
        some = counts[start:stop]
        first = np.repeat(order[start:stop], some)
        if first.size:
            within = np.arange(first.size) - np.repeat(total[start:stop] - some - before, some)
            partners = keys[np.repeat(begin[start:stop], some) + within]
            yield first, partners & ((1 << _PLACE_BITS) - 1)
        start = stop
