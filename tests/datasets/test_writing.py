"""Records go into files in TFDS's own order, whatever is left out."""

import dataclasses

import pytest
import tensorflow_datasets as tfds
from chex_tf_datasets.radiograph_records.config import Storing
from chex_tf_datasets.radiograph_records.row import Row
from chex_tf_datasets.radiograph_records.writing import shard_ends, shuffled, write_split
from tensorflow_datasets.core.shuffle import Shuffler

ROWS = [Row(f"key{place}", "", "", 40_000, "", "", 0, 0, 0, 0, ()) for place in range(50)]


def test_the_order_is_that_of_tfds_own_shuffler(tmp_path):
    theirs = Shuffler(dirpath=tmp_path, hash_salt="train")
    for row in ROWS:
        theirs.add(row.key, row.key.encode())
    assert [row.key.encode() for row in shuffled(ROWS, "train")] == [data for _, data in theirs]


def test_the_number_of_files_follows_tfds_rule_and_may_be_given():
    many = ROWS * 200  # 400 MB: TFDS wants at least 64 MB a file
    assert 1 < len(shard_ends(many, Storing(), tfds.download.DownloadConfig())) <= 400 / 64 + 1
    assert shard_ends(ROWS, Storing(), tfds.download.DownloadConfig()) == [50]
    assert shard_ends(ROWS, Storing(), tfds.download.DownloadConfig(num_shards=4)) == [12, 25, 38, 50]
    assert len(shard_ends(ROWS[:2], Storing(), tfds.download.DownloadConfig(num_shards=4))) == 2
    small = [dataclasses.replace(row, size=10_000_000) for row in ROWS]
    assert shard_ends(small, Storing(32), tfds.download.DownloadConfig()) == [50]


@pytest.mark.parametrize(
    ("left_out", "lengths"), [(set(), [2, 2, 2]), ({0}, [1, 2, 2]), ({2, 3}, [2, 2]), ({0, 1, 4}, [2, 1])]
)
def test_what_is_left_out_leaves_no_gap_and_no_empty_file(left_out, lengths, tmp_path):
    import tensorflow as tf
    from tensorflow_datasets.core.naming import ShardedFileTemplate
    from tensorflow_datasets.core.writer import ExampleWriter

    template = ShardedFileTemplate(data_dir=tmp_path, dataset_name="some", split="train", filetype_suffix="tfrecord")
    records = [None if place in left_out else (f"key{place}", b"%d" % place) for place in range(6)]
    writer = ExampleWriter(file_format=tfds.core.FileFormat.TFRECORD)
    info = write_split(records, [2, 4, 6], template, writer)
    assert list(info.shard_lengths) == lengths
    assert info.num_bytes == 6 - len(left_out)
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == [
        f"some-train.tfrecord-{index:05d}-of-{len(lengths):05d}" for index in range(len(lengths))
    ]
    stored = [int(record.numpy()) for record in tf.data.TFRecordDataset([str(file) for file in files])]
    assert stored == [place for place in range(6) if place not in left_out]
