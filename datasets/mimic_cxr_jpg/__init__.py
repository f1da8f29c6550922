"""MIMIC-CXR-JPG as TFDS records; importing this registers the builder `mimic_cxr_jpg`."""

# The absolute name: this package can also be met as plain `mimic_cxr_jpg`, and one class must not register twice.
from chex_tf_datasets.mimic_cxr_jpg.mimic_cxr_jpg_dataset_builder import Builder

__all__ = ["Builder"]
