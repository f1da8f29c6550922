"""Anybody's films, listed in one table, as TFDS records; importing this registers the builder `radiograph_table`."""

# The absolute name: this package can also be met as plain `radiograph_table`, and one class must not register twice.
from chex_tf_datasets.radiograph_table.radiograph_table_dataset_builder import Builder

__all__ = ["Builder"]
