"""CheXpert as TFDS records; importing this registers the builder `chexpert_studies`."""

# The absolute name: this package can also be met as plain `chexpert_studies`, and one class must not register twice.
from chex_tf_datasets.chexpert_studies.chexpert_studies_dataset_builder import Builder

__all__ = ["Builder"]
