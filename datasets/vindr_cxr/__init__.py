"""VinDr-CXR as TFDS records; importing this registers the builder `vindr_cxr`."""

# The absolute name: this package can also be met as plain `vindr_cxr`, and one class must not register twice.
from chex_tf_datasets.vindr_cxr.vindr_cxr_dataset_builder import Builder

__all__ = ["Builder"]
