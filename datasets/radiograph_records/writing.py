"""Writing a split's records in their final, shuffled order as they are made, so that nothing waits in memory.

TFDS's own writer gathers a gigabyte of records, spills the rest to the disk and reads it again, because it learns of
an example only when that is made. Here every row is known beforehand, and so is the order that its key's hash gives.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence

import tensorflow_datasets as tfds

from .config import Storing
from .row import Row
from .tfds_4_9 import file_ends, place_in_split

# Bytes of a stored pixel, about; it decides into how many files resized records go, and nothing else.
_BYTES_A_PIXEL = {"jpeg": 0.4, "png": 0.7}


def shuffled(rows: Sequence[Row], split: str) -> list[Row]:
    """In the order in which TFDS would write them, on Beam too: by the hash of the split's name and the key."""
    place = place_in_split(split)
    return sorted(rows, key=lambda row: place(row.key))


def shard_ends(rows: Sequence[Row], storing: Storing, config: tfds.download.DownloadConfig) -> list[int]:
    """The number of rows that are done when each file ends; TFDS's rule says how many files."""
    size = sum(row.size for row in rows)
    if storing.image_size is not None:
        size = min(size, int(len(rows) * storing.image_size**2 * _BYTES_A_PIXEL[storing.encoding]))
    return file_ends(len(rows), size, config)


def write_split(
    records: Iterable[tuple[str, bytes] | None],
    ends: Sequence[int],
    template: tfds.core.ShardedFileTemplate,
    writer: tfds.core.ExampleWriter,
) -> tfds.core.SplitInfo:
    """One item of `records` a row, None for a row that is left out. A file that would be empty is not written.

    Files get their names at the end, when it is known how many there are.
    """
    remaining = iter(records)
    begun, lengths, size = [], [], 0
    for start, end in itertools.pairwise([0, *ends]):
        kept = (record for record in itertools.islice(remaining, end - start) if record is not None)
        first = next(kept, None)
        if first is None:
            continue
        shard = _Counted(itertools.chain([first], kept))
        begun.append(template.data_dir / f"unfinished-{template.split}-{len(begun)}")
        writer.write(begun[-1], shard)
        lengths.append(shard.records)
        size += shard.size
    for index, file in enumerate(begun):
        file.rename(template.sharded_filepath(shard_index=index, num_shards=len(begun)))
    return tfds.core.SplitInfo(name=template.split, shard_lengths=lengths, num_bytes=size, filename_template=template)


class _Counted:
    """Passes (key, record) on and remembers how many and how large they were."""

    def __init__(self, records: Iterable[tuple[str, bytes]]) -> None:
        self._source = records
        self.records, self.size = 0, 0

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        for key, record in self._source:
            self.records += 1
            self.size += len(record)
            yield key, record
