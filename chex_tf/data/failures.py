"""Raises the reader's own InputError for an image that cannot be read, even where TensorFlow ran the reader."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf

from chex_tf.data.pipeline import Source


@contextlib.contextmanager
def reader_errors(*sources: Source) -> Iterator[None]:
    """For use around code that draws batches from these sources' datasets; other errors pass unchanged.

    TensorFlow turns a Python exception into an InvalidArgumentError that keeps only its text.
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
