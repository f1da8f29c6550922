"""Chest X-ray models on TensorFlow. `chex_tf.load_run(run_dir)` gives a trained run as one Keras model."""

from typing import Any


def __getattr__(name: str) -> Any:
    """Imported when asked for, so that what needs no TensorFlow starts without it."""
    if name == "load_run":
        from chex_tf.trained.members import load_run

        return load_run
    raise AttributeError(f"module 'chex_tf' has no attribute {name!r}")
