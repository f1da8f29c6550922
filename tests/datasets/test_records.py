"""The hand-written serialization against protobuf's and TFDS's own."""

import hypothesis
import tensorflow as tf
from chex_tf_datasets.chexpert_studies.layouts import LABEL_NAMES
from chex_tf_datasets.radiograph_records.records import serialized
from chex_tf_datasets.radiograph_records.row import Row, example, features
from hypothesis import strategies
from tensorflow_datasets.core.example_serializer import ExampleSerializer

ROWS = strategies.builds(
    Row,
    key=strategies.just("key"),
    path=strategies.text(max_size=200),
    file=strategies.just("file"),
    size=strategies.just(1),
    patient=strategies.text(max_size=20),
    study=strategies.text(max_size=20),
    view=strategies.integers(0, 1),
    projection=strategies.integers(0, 4),
    sex=strategies.integers(0, 2),
    age=strategies.integers(-1, 999),
    labels=strategies.tuples(*[strategies.integers(-2, 1)] * len(LABEL_NAMES)),
)


@hypothesis.given(ROWS, strategies.binary(max_size=300).map(lambda some: some * 80))
@hypothesis.settings(deadline=None, max_examples=60)
def test_bytes_are_those_of_the_schema_encoded_by_tfds(row, image):
    schema = features(LABEL_NAMES)
    theirs = ExampleSerializer(schema.get_serialized_info()).serialize_example(
        schema.encode_example(example(row, image))
    )
    assert serialized(row, image) == tf.train.Example.FromString(theirs).SerializeToString(deterministic=True)


def test_a_row_survives_its_manifest():
    row = Row("k", "ä/p", "f", 3, "patient1", "study1", 0, 4, 2, -1, (1, 0, -1, -2))
    assert Row.from_json(row.to_json()) == row
