"""An image that cannot be read is the InputError that the reader raised, also where TensorFlow ran the reader."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf

from chex_tf.data.pipeline import Source


@contextlib.contextmanager
def reader_errors(*sources: Source) -> Iterator[None]:
    """Around whatever draws batches from these sources' datasets; an error that is not theirs stays as it is.

    TensorFlow turns an exception of Python into an InvalidArgumentError that holds its text alone.
    """
    for source in sources:
        source.forget_failure()
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        failure = next((source.failure for source in sources if source.failure is not None), None)
        if failure is None:
            raise
        raise failure from error
