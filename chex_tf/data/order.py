"""The order of images: a pure function of seed and epoch, cut into global batches, cut into shards.

Training reads one endless stream: epoch after epoch, each a permutation of all images, cut into batches of one size
(a batch may end one epoch and begin the next, so that nothing is dropped). Batch k can be computed without its
predecessors. A shard is a run of rows of the global batch: however many workers read, their rows together are the same
batch. Evaluation reads each image once, in the order of the records, and pads the last batch with rows of weight 0.
"""

import dataclasses
import functools

import numpy as np

from chex_tf.data import draws
from chex_tf.data.mixed_order import MixedOrder

# Neighbours on disk that --shuffle=blocks reads in one go: 64 images of 38 KB are 2.4 MB, which a spinning disk reads
# in a sixtieth of a second, for one seek.
BLOCK = 64
# Blocks whose images are then shuffled together; 64 × 64 images of 38 KB are 156 MB of the page cache.
WINDOW = 64


@dataclasses.dataclass(frozen=True)
class Order:
    """`shuffle`: full (any image anywhere), blocks (blocks anywhere, then shuffled in windows of them), none."""

    examples: int
    seed: int
    shuffle: str = "full"
    block: int = BLOCK
    window: int = WINDOW

    def epoch(self, epoch: int) -> np.ndarray:
        """A permutation of 0 … examples-1."""
        return _epoch(self, epoch)

    def stream(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """Examples at places start … stop-1 of the endless stream, and the epoch of each."""
        places = np.arange(start, stop, dtype=np.int64)
        epochs = places // self.examples
        chosen = np.empty(len(places), np.int64)
        for epoch in np.unique(epochs):
            here = epochs == epoch
            chosen[here] = self.epoch(int(epoch))[places[here] % self.examples]
        return chosen, epochs


@functools.lru_cache(maxsize=4)
def _epoch(order: Order, epoch: int) -> np.ndarray:
    examples = np.arange(order.examples, dtype=np.int64)
    if order.shuffle == "full":
        examples = np.argsort(draws.bits(draws.Purpose.ORDER, order.seed, epoch, examples), kind="stable")
    elif order.shuffle == "blocks":
        blocks = np.arange(-(-order.examples // order.block), dtype=np.int64)
        rank = np.argsort(np.argsort(draws.bits(draws.Purpose.BLOCKS, order.seed, epoch, blocks), kind="stable"))
        window = rank[examples // order.block] // order.window
        examples = np.lexsort((draws.bits(draws.Purpose.ORDER, order.seed, epoch, examples), window))
    examples.setflags(write=False)
    return examples


def shard_rows(batch: int, shard: int, shards: int) -> slice:
    """The rows of a global batch that belong to a shard."""
    if not 0 <= shard < shards:
        raise ValueError(f"expected a shard from 0 to {shards - 1}; received {shard}")
    if batch % shards:
        raise ValueError(f"expected a global batch that {shards} shards divide evenly; received {batch}")
    rows = batch // shards
    return slice(shard * rows, (shard + 1) * rows)


def training_rows(order: Order | MixedOrder, step: int, batch: int, rows: slice) -> tuple[np.ndarray, np.ndarray]:
    """Examples and their epochs in these rows of global batch `step`."""
    return order.stream(step * batch + rows.start, step * batch + rows.stop)


def window(order: Order, step: int, batch: int, rows: slice, ahead: int = 0) -> np.ndarray:
    """Under --shuffle=blocks, the examples that these rows will take from the window in which batch `step` begins.

    With `ahead` 1, from the window after it.
    """
    size = order.block * order.window
    place = step * batch
    began = place - place % order.examples
    first = began + ((place - began) // size + ahead) * size
    if first >= began + order.examples:  # the last window of an epoch is shorter
        began = first = began + order.examples
    places = np.arange(first, min(first + size, began + order.examples), dtype=np.int64)
    examples, _ = order.stream(first, first + len(places))
    in_batch = places % batch
    return examples[(rows.start <= in_batch) & (in_batch < rows.stop)]


def opens_window(order: Order, step: int, batch: int) -> bool:
    """Whether batch `step` is the first that begins in its window."""
    return (step * batch % order.examples) % (order.block * order.window) < batch


def evaluation_batches(examples: int, batch: int) -> int:
    return -(-examples // batch)


def evaluation_rows(examples: int, step: int, batch: int, rows: slice) -> tuple[np.ndarray, np.ndarray]:
    """Examples in these rows of batch `step`, and a weight that is 0 where a row is padding of the last batch."""
    places = np.arange(step * batch + rows.start, step * batch + rows.stop, dtype=np.int64)
    real = places < examples
    return np.where(real, places, 0), real.astype(np.float32)
