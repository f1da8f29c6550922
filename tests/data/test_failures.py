"""An image that cannot be read is told in one line, whoever draws the batches."""

import os
import pathlib
import shutil

import pytest
import tensorflow as tf

from chex_tf.data.failures import told_plainly
from chex_tf.data.pipeline import Source
from chex_tf.data.records import open_records
from chex_tf.models.settings import ModelSettings
from chex_tf.settings import InputError
from chex_tf.training.settings import TrainSettings
from chex_tf.training.train import train_observations


@pytest.fixture
def damaged(prepared, tmp_path) -> tuple[pathlib.Path, str]:
    """A prepared folder, one of whose training images was overwritten since it was indexed; and that image's path."""
    folder = tmp_path / "1.0.0"
    shutil.copytree(prepared, folder)
    records = open_records(folder, "train")
    file = records.files[int(records.index.file_number[5])]
    before = file.stat()
    with open(file, "r+b") as stream:
        stream.seek(int(records.index.offset[5]))
        stream.write(bytes(int(records.index.length[5])))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    return folder, records.index.path[5].decode()


def test_the_image_is_named_and_nothing_else_is_said(settings_of, damaged):
    folder, path = damaged
    batches = Source(settings_of(data=folder), training=True).dataset(8, 0, 5)
    with pytest.raises(InputError) as error, told_plainly():
        for _ in batches:
            pass
    length = open_records(folder, "train").index.length[5]
    expected = f"expected a JPEG or PNG; received {length} bytes that begin with {bytes(8)!r}"
    assert str(error.value) == f"{path} in {folder}: {expected}"
    assert error.value.setting == "data"


def test_another_error_stays_as_it_is():
    with pytest.raises(tf.errors.InvalidArgumentError), told_plainly():
        tf.reshape(tf.zeros(3), [2])


def test_training_ends_with_that_line(settings_of, damaged, tmp_path):
    folder, path = damaged
    settings = TrainSettings(run_dir=tmp_path / "run", batch=8, steps=6, evaluate_every=6, evaluate_unit="steps")
    with pytest.raises(InputError, match=rf"^{path} in .*: expected a JPEG or PNG"):
        train_observations(settings, settings_of(data=folder), ModelSettings(arch="ResNet18Minus3"))
    status = (tmp_path / "run" / "status.json").read_text()
    assert path in status
    assert "Traceback" not in status
