"""What a reader refuses while tf.data runs it, told as the one line that it was."""

import contextlib
import re
from collections.abc import Iterator

import tensorflow as tf

from chex_tf.settings import InputError

# How tf.numpy_function words an exception: its class, its message (one line for an InputError), then the traceback.
_WORDED = re.compile(rf"\b{InputError.__name__}: (.+)\n")


@contextlib.contextmanager
def told_plainly() -> Iterator[None]:
    """Around whatever draws batches from a dataset: an InputError comes out as itself, any other error as it is."""
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        found = _WORDED.search(error.message)
        if found is None:
            raise
        raise InputError(found[1], "data") from error
