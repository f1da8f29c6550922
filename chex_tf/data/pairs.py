"""Which film is the second view of another: itself, or one of the same patient or study, found from the index alone."""

import numpy as np

from chex_tf.data import draws
from chex_tf.data.records import Records
from chex_tf.data.settings import IMAGE, PAIRS


class Partners:
    """For each of `examples` another image of the same patient (or study), drawn anew each epoch; itself if alone, as
    every image is by `image`."""

    def __init__(self, records: Records, examples: np.ndarray, by: str, seed: int) -> None:
        if by not in PAIRS:
            raise ValueError(f"expected pairs by {', '.join(PAIRS)}; received {by!r}")
        keys = records.index.path[examples] if by == IMAGE else records.index.patient[examples]
        if by == "study":
            # Some sources number studies afresh for each patient.
            keys = np.char.add(np.char.add(keys, b"\n"), records.index.study[examples])
        _, group = np.unique(keys, return_inverse=True)
        self._members = examples[np.argsort(group, kind="stable")]
        sizes = np.bincount(group)
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        largest = len(records)
        self._start, self._size, self._rank = (np.full(largest, -1, np.int64) for _ in range(3))
        self._start[examples], self._size[examples] = starts[group], sizes[group]
        self._rank[self._members] = np.arange(len(examples)) - np.repeat(starts, sizes)
        self._seed = seed

    @property
    def alone(self) -> int:
        """How many images have no partner but themselves."""
        return int((self._size == 1).sum())

    def __call__(self, examples: np.ndarray, epochs: np.ndarray) -> np.ndarray:
        size, rank = self._size[examples], self._rank[examples]
        others = np.maximum(size - 1, 1)
        # One of the others, uniformly: this many places further round the group.
        step = 1 + (draws.uniform(draws.Purpose.PARTNER, self._seed, epochs, examples) * others).astype(np.int64)
        return self._members[self._start[examples] + (rank + step) % size]
