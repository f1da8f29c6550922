"""What went wrong in a Beam worker comes out as the error that it was; Beam itself is not needed for these."""

import errno

import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from chex_tf_datasets.chexpert_studies import Builder
from chex_tf_datasets.radiograph_records import worker_errors
from chex_tf_datasets.radiograph_records.config import RadiographConfig
from chex_tf_datasets.radiograph_records.errors import SourceError

FULL = tf.errors.ResourceExhaustedError(None, None, "some file; No space left on device")


def fail(folder, error):
    with pytest.raises(type(error)), worker_errors.kept_in(str(folder)):
        raise error


def test_nothing_is_kept_of_work_that_succeeds_or_fails_otherwise(tmp_path):
    with worker_errors.kept_in(str(tmp_path)):
        pass
    fail(tmp_path, KeyError("a fault of ours"))
    fail(tmp_path, PermissionError(errno.EACCES, "Permission denied", "some file"))
    assert worker_errors.read(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_the_first_bad_source_is_kept_until_it_is_forgotten(tmp_path):
    fail(tmp_path, SourceError("view1.jpg: truncated JPEG"))
    fail(tmp_path, SourceError("view2.jpg: truncated JPEG"))
    kept = worker_errors.read(tmp_path)
    assert isinstance(kept, SourceError)
    assert str(kept) == "view1.jpg: truncated JPEG"
    worker_errors.forget(tmp_path)
    assert worker_errors.read(tmp_path) is None


@pytest.mark.parametrize("error", [FULL, OSError(errno.ENOSPC, "No space left on device", "some file")])
def test_a_full_disk_is_kept(tmp_path, error):
    fail(tmp_path, error)
    assert worker_errors.read(tmp_path).errno == errno.ENOSPC


def test_the_writer_writes_as_tfds_does_and_keeps_a_full_disk(tmp_path):
    writer = worker_errors.KeepingWriter(str(tmp_path), tfds.core.FileFormat.TFRECORD)
    writer.write(tmp_path / "records", [("key", b"one"), ("other", b"two")])
    stored = [record.numpy() for record in tf.data.TFRecordDataset([str(tmp_path / "records")])]
    assert stored == [b"one", b"two"]

    def examples():
        yield "key", b"one"
        raise FULL

    with pytest.raises(tf.errors.ResourceExhaustedError):
        writer.write(tmp_path / "more", examples())
    assert worker_errors.read(tmp_path).errno == errno.ENOSPC


def build_on_beam(small, tmp_path, **settings):
    builder = Builder(data_dir=tmp_path / "data", config=RadiographConfig(**settings))
    config = tfds.download.DownloadConfig(manual_dir=small, beam_options=object())
    builder.download_and_prepare(download_config=config)


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (SourceError("view1.jpg: truncated JPEG"), "^view1.jpg: truncated JPEG$"),
        (FULL, r"No space left on device: '.*/chexpert_studies/as_shipped'$"),
        (KeyError("a fault of ours"), "^the text of a worker's error$"),
    ],
)
def test_a_build_ends_with_what_a_worker_kept(small, tmp_path, monkeypatch, error, raised):
    def write_on_beam(self, download_config):
        fail(self.data_path, error)
        raise RuntimeError("the text of a worker's error")

    monkeypatch.setattr(Builder, "write_on_beam", write_on_beam)
    expected = {SourceError: SourceError, KeyError: RuntimeError}.get(type(error), OSError)
    with pytest.raises(expected, match=raised):
        build_on_beam(small, tmp_path)
    assert [file for file in (tmp_path / "data").rglob("*") if file.is_file() and ".config" not in file.parts] == []


def test_a_split_of_bad_images_is_refused_before_beam_begins(small, tmp_path):
    for file in (small / "valid").rglob("*.jpg"):
        file.write_bytes(b"nothing")
    with pytest.raises(SourceError, match="expected at least one good image in valid; received none"):
        build_on_beam(small, tmp_path, bad_images="quarantine")
