"""PadChest as TFDS records; importing this registers the builder `padchest`."""

# The absolute name: this package can also be met as plain `padchest`, and one class must not register twice.
from chex_tf_datasets.padchest.padchest_dataset_builder import Builder

__all__ = ["Builder"]
