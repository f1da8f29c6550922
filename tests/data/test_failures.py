"""An image that cannot be read is told in one line, whoever draws the batches."""

import os
import pathlib
import re
import shutil
import threading

import numpy as np
import pytest
import tensorflow as tf

from chex_tf.data.failures import reader_errors
from chex_tf.data.pipeline import Source
from chex_tf.data.records import open_records
from chex_tf.models.settings import ModelSettings
from chex_tf.settings import InputError
from chex_tf.training.settings import TrainSettings
from chex_tf.training.train import train_observations


@pytest.fixture
def damaged(prepared, tmp_path) -> tuple[pathlib.Path, str]:
    """A prepared folder, one of whose training images was overwritten since it was indexed; and what is said of it."""
    folder = tmp_path / "1.0.0"
    shutil.copytree(prepared, folder)
    records = open_records(folder, "train")
    file = records.files[int(records.index.file_number[5])]
    before = file.stat()
    with open(file, "r+b") as stream:
        stream.seek(int(records.index.offset[5]))
        stream.write(bytes(int(records.index.length[5])))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    of_file = np.flatnonzero(records.index.file_number == records.index.file_number[5]).tolist()
    place = f"record {of_file.index(5) + 1} of {len(of_file)}"
    return folder, f"{file}, {place}, {records.index.path[5].decode()}: its bytes are not those that were written"


def test_the_image_is_named_and_nothing_else_is_said(settings_of, damaged):
    folder, words = damaged
    source = Source(settings_of(data=folder), training=True)
    with pytest.raises(InputError) as error, reader_errors(source):
        for _ in source.dataset(8, 0, 5):
            pass
    assert error.value is source.failure
    assert isinstance(error.value.__cause__, tf.errors.InvalidArgumentError)
    assert str(error.value).startswith(words)
    assert error.value.setting == "data"


def test_bytes_that_were_written_and_are_no_image_are_named_by_their_path(settings_of, monkeypatch):
    source = Source(settings_of(), training=False)
    monkeypatch.setattr(source.records, "read", lambda example: bytes(300))
    with pytest.raises(InputError) as error:
        source.batch(0, 1)
    path, folder = source.records.index.path[0].decode(), source.records.folder
    expected = f"expected a JPEG or PNG; received 300 bytes that begin with {bytes(8)!r}"
    assert str(error.value) == f"{path} in {folder}: {expected}"


def test_of_several_that_fail_the_first_in_order_is_named(settings_of, prepared, monkeypatch):
    """The batches before the last wait for it, so that it fails first."""
    source = Source(settings_of(readers=3), training=False)
    last_failed = threading.Event()

    def batch(step, size, **more):
        if step < 2:
            last_failed.wait(30)
        else:
            threading.Timer(0.2, last_failed.set).start()
        raise InputError(f"batch {step} cannot be read", "data")

    monkeypatch.setattr(source, "batch", batch)
    with pytest.raises(InputError, match=r"^batch 0 cannot be read$"), reader_errors(source):
        list(source.dataset(4, 0, 3))


def test_another_error_stays_as_it_is(settings_of):
    with (
        pytest.raises(tf.errors.InvalidArgumentError),
        reader_errors(Source(settings_of(), training=True)),
    ):
        tf.reshape(tf.zeros(3), [2])


def test_a_failure_of_an_earlier_pass_is_not_blamed_for_a_later_error(settings_of, damaged):
    source = Source(settings_of(data=damaged[0]), training=True)
    with pytest.raises(tf.errors.InvalidArgumentError):
        list(source.dataset(8, 0, 5))
    assert source.failure is not None
    with pytest.raises(tf.errors.InvalidArgumentError, match="reshape"), reader_errors(source):
        tf.reshape(tf.zeros(3), [2])


def test_training_ends_with_that_line(settings_of, damaged, tmp_path):
    folder, words = damaged
    settings = TrainSettings(run_dir=tmp_path / "run", batch=8, steps=6, evaluate_every=6, evaluate_unit="steps")
    with pytest.raises(InputError, match=f"^{re.escape(words)}"):
        train_observations(settings, settings_of(data=folder), ModelSettings(arch="ResNet18Minus3"))
    status = (tmp_path / "run" / "status.json").read_text()
    assert words in status
    assert "Traceback" not in status
