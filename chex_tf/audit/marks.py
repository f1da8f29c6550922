"""The fingerprints of all films as arrays, filled one film at a time: some 1.5 kB a film, whatever its size."""

import dataclasses

import numpy as np

from chex_tf.audit import fingerprints
from chex_tf.audit.fingerprints import LEVELS, PLAIN_SIDE, SIDE, Fingerprint


@dataclasses.dataclass(frozen=True, eq=False)
class Marks:
    """By film. A film with margins has two entries among `ranks`: the whole film, at the film's own place, and what is
    within the margins, after all films; `entry_film` says whose an entry is."""

    digest: np.ndarray  # (films, 2) uint64
    shape: np.ndarray  # (films, 2)
    plain: np.ndarray  # (films, 16, 16) uint8
    low: np.ndarray
    high: np.ndarray
    border: np.ndarray  # the widest margin's share of its side
    histograms: np.ndarray  # (parts, 256): the mean over a part's films of their shares of pixels
    ranks: np.ndarray  # (entries, 32, 32) uint8
    entry_film: np.ndarray

    def __len__(self) -> int:
        return len(self.digest)

    def constant(self, least: int) -> np.ndarray:
        """Films that show nothing."""
        return np.asarray(self.high.astype(int) - self.low < least)


class Collector:
    """Films are given in their order; `part` is the place of a film's split."""

    def __init__(self, films: int, parts: int) -> None:
        self._digest = np.empty((films, 2), np.uint64)
        self._shape = np.empty((films, 2), np.int32)
        self._plain = np.empty((films, PLAIN_SIDE, PLAIN_SIDE), np.uint8)
        self._low, self._high = np.empty(films, np.uint8), np.empty(films, np.uint8)
        self._border = np.empty(films)
        self._histograms, self._count = np.zeros((parts, LEVELS)), np.zeros(parts, int)
        self._ranks = np.empty((films, SIDE, SIDE), np.uint8)
        self._trimmed: list[np.ndarray] = []
        self._trimmed_film: list[int] = []
        self._next = 0

    def add(self, pixels: np.ndarray, part: int) -> None:
        self.add_fingerprint(fingerprints.of(pixels), part)

    def add_fingerprint(self, found: Fingerprint, part: int) -> None:
        film, self._next = self._next, self._next + 1
        self._digest[film] = np.frombuffer(found.digest, np.uint64)
        self._shape[film] = found.shape
        self._plain[film] = found.plain
        self._low[film], self._high[film] = found.low, found.high
        self._border[film] = found.margins.share(found.shape)
        self._histograms[part] += found.shares
        self._count[part] += 1
        self._ranks[film] = found.ranks
        if found.trimmed_ranks is not None:
            self._trimmed.append(found.trimmed_ranks)
            self._trimmed_film.append(film)

    def marks(self) -> Marks:
        if self._next != len(self._digest):
            raise ValueError(f"expected {len(self._digest)} films; received {self._next}")
        whole = np.arange(len(self._digest))
        ranks = np.concatenate([self._ranks, np.stack(self._trimmed)]) if self._trimmed else self._ranks
        return Marks(
            digest=self._digest,
            shape=self._shape,
            plain=self._plain,
            low=self._low,
            high=self._high,
            border=self._border,
            histograms=self._histograms / np.maximum(self._count, 1)[:, None],
            ranks=ranks,
            entry_film=np.concatenate([whole, np.array(self._trimmed_film, int)]),
        )
