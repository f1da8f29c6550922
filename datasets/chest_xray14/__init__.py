"""NIH ChestX-ray14 as TFDS records; importing this registers the builder `chest_xray14`."""

# The absolute name: this package can also be met as plain `chest_xray14`, and one class must not register twice.
from chex_tf_datasets.chest_xray14.chest_xray14_dataset_builder import Builder

__all__ = ["Builder"]
