"""What an audit keeps of a film's pixels: a digest, small versions, margins, intensities. A film is seen once.

The small version that films are compared by holds ranks of pixels, not their intensities: any change of brightness,
contrast or gamma leaves them as they are but for rounding.
"""

import dataclasses
import hashlib

import cv2
import numpy as np

SIDE = 32  # of the ranks; fine enough that two films of one patient differ, coarse enough that a copy does not
PLAIN_SIDE = 16  # of the intensities, for a classifier of the source
LEVELS = 256
BLACK, WHITE = 16, 239  # a margin is at most that dark, or at least that bright
_MARGIN_RANGE = 8  # grey levels within a line of a margin, as JPEG leaves them
_LEAST_TRIM = 0.01  # share of a side; less moves nothing in the small version
_LEAST_LEFT = 0.25  # share of a side; what is left of a narrower film is no film

# DCT-II of a side, of the frequencies below 16, as integers: sums of integers are the same on every machine, and so are
# their signs.
_FREQUENCIES = 16
_PLACES = [(down, total - down) for total in range(1, _FREQUENCIES) for down in range(total + 1)]
BITS = 128
_DOWN, _ACROSS = np.array(_PLACES[:BITS]).T
_COSINES = np.rint(4096 * np.cos(np.pi * np.outer(np.arange(_FREQUENCIES), 2 * np.arange(SIDE) + 1) / (2 * SIDE)))


@dataclasses.dataclass(frozen=True)
class Margins:
    """Lines of pixels at each side that are all black or all white."""

    top: int
    bottom: int
    left: int
    right: int

    def share(self, shape: tuple[int, int]) -> float:
        """The widest, as a share of its side."""
        return max(self.top / shape[0], self.bottom / shape[0], self.left / shape[1], self.right / shape[1])

    def trim(self, pixels: np.ndarray) -> np.ndarray:
        return pixels[self.top : pixels.shape[0] - self.bottom, self.left : pixels.shape[1] - self.right]


@dataclasses.dataclass(frozen=True, eq=False)
class Fingerprint:
    """`ranks` and, of a film with margins, `trimmed_ranks` are (32, 32) uint8; `shares` (256,) of pixels by grey level;
    `low` and `high` are the 1st and the 99th percentile of the pixels."""

    digest: bytes
    shape: tuple[int, int]
    ranks: np.ndarray
    trimmed_ranks: np.ndarray | None
    plain: np.ndarray
    shares: np.ndarray
    margins: Margins
    low: int
    high: int


def of(pixels: np.ndarray) -> Fingerprint:
    """Of a film (height, width), uint8."""
    shape = (pixels.shape[0], pixels.shape[1])
    digest = hashlib.blake2b(repr(shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(pixels).data)
    shares = cv2.calcHist([pixels], [0], None, [LEVELS], [0, LEVELS]).ravel().astype(np.float64) / pixels.size
    up_to = np.cumsum(shares)
    low, high = (int(np.searchsorted(up_to, share - 1e-9)) for share in (0.01, 0.99))
    found, small = margins(pixels), _small(pixels, SIDE)
    return Fingerprint(
        digest.digest(),
        shape,
        _ranks(small),
        ranks(found.trim(pixels)) if _is_trimmed(found, shape) else None,
        _small(small, PLAIN_SIDE),
        shares,
        found,
        low,
        high,
    )


def ranks(pixels: np.ndarray) -> np.ndarray:
    """(32, 32) uint8: of each pixel of a small version the share of pixels that are darker, ties by halves."""
    return _ranks(_small(pixels, SIDE))


def _ranks(small: np.ndarray) -> np.ndarray:
    counts = np.bincount(small.ravel(), minlength=LEVELS)
    middle = (np.cumsum(counts) - counts / 2) / small.size
    return np.rint(255 * middle).astype(np.uint8)[small]


def margins(pixels: np.ndarray) -> Margins:
    return Margins(*_runs(pixels.min(axis=1), pixels.max(axis=1)), *_runs(pixels.min(axis=0), pixels.max(axis=0)))


def hashes(ranks: np.ndarray) -> np.ndarray:
    """(films, 2) uint64: whether each of 128 low frequencies is positive. Of (films, 32, 32) ranks."""
    found = np.empty((len(ranks), 2), np.uint64)
    for start in range(0, len(ranks), 4096):
        block = ranks[start : start + 4096].astype(np.float64)
        frequencies = _COSINES @ block @ _COSINES.T
        bits = frequencies[:, _DOWN, _ACROSS] > 0
        packed = np.ascontiguousarray(np.packbits(bits, axis=1, bitorder="little"))
        found[start : start + len(block)] = packed.view(np.uint64)
    return found


def mirrored_bits() -> np.ndarray:
    """(2,) uint64: the bits that turn when a film is mirrored, those of odd frequencies across."""
    return np.packbits(_ACROSS % 2 == 1, bitorder="little").view(np.uint64)


def _is_trimmed(found: Margins, shape: tuple[int, int]) -> bool:
    height, width = shape[0] - found.top - found.bottom, shape[1] - found.left - found.right
    is_wide_enough = height >= _LEAST_LEFT * shape[0] and width >= _LEAST_LEFT * shape[1]
    return found.share(shape) >= _LEAST_TRIM and is_wide_enough


def _runs(low: np.ndarray, high: np.ndarray) -> tuple[int, int]:
    """How many lines from the first and from the last on are margin, by their lowest and highest pixel."""
    plain = (high - low <= _MARGIN_RANGE) & ((high <= BLACK) | (low >= WHITE))
    if plain.all():
        return len(plain), 0
    return int(np.argmin(plain)), int(np.argmin(plain[::-1]))


def _small(pixels: np.ndarray, side: int) -> np.ndarray:
    is_larger = min(pixels.shape) >= side
    return cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA if is_larger else cv2.INTER_LINEAR)
