"""Records of another form than a prepared folder's are refused, and what they lack is named."""

import pathlib

import pytest
import tensorflow as tf

from chex_tf.data import index
from chex_tf.settings import InputError

INTEGERS = {"view": [0], "projection": [1], "sex": [1], "age": [60], "labels": [1, 0, -1]}
TEXTS = {"path": [b"p"], "patient": [b"patient00001"], "study": [b"s"], "image": [b"jpeg"]}


def record(**changes: list[int] | list[bytes] | None) -> bytes:
    """A serialized example of an image with three labels; None leaves a feature out."""
    features = {}
    for name, values in (INTEGERS | TEXTS | changes).items():
        if values and isinstance(values[0], bytes):
            features[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
        elif values:
            features[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=values))
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString(deterministic=True)


def written(folder: pathlib.Path, *records: bytes) -> pathlib.Path:
    file = folder / "some-train.tfrecord-00000-of-00001"
    with tf.io.TFRecordWriter(str(file)) as writer:
        for one in records:
            writer.write(one)
    return file


def test_whole_records_are_indexed(tmp_path):
    found = index.scan([written(tmp_path, record(), record(age=[7]))], observations=3)
    assert found.age.tolist() == [60, 7]
    assert found.labels.tolist() == [[1, 0, -1]] * 2


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"sex": None}, "sex"),
        ({"labels": [1, 0]}, "labels"),
        ({"patient": [5]}, "patient"),
        ({"study": None, "age": [b"60"]}, "age, study"),
    ],
)
def test_what_a_record_lacks_is_named(tmp_path, changes, named):
    file = written(tmp_path, record(), record(**changes))
    with pytest.raises(InputError) as error:
        index.scan([file], observations=3)
    features = "image, labels, view, projection, sex, age, path, patient, study"
    expected = f"{file}: expected records with {features}; {named} is missing or has another form"
    assert str(error.value) == expected
    assert error.value.setting == "data"


def test_a_record_without_an_image_is_refused(tmp_path):
    with pytest.raises(InputError, match="expected records that hold an image and labels"):
        index.scan([written(tmp_path, record(image=None))], observations=3)
