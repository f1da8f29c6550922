"""BRAX as TFDS records; importing this registers the builder `brax`."""

# The absolute name: this package can also be met as plain `brax`, and one class must not register twice.
from chex_tf_datasets.brax.brax_dataset_builder import Builder

__all__ = ["Builder"]
