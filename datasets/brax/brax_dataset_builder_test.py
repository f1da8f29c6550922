"""TFDS's own battery of checks on BRAX's layout, made as dummy data."""

import pathlib
import shutil
import tempfile
from typing import ClassVar

import tensorflow_datasets as tfds
from chex_tf_datasets.brax import Builder, dummy_data


class ReleaseTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = Builder
    SPLITS: ClassVar = {"train": 5, "valid": 1, "test": 1}
    EXAMPLE_DIR: ClassVar[str | None] = None

    @classmethod
    def setUpClass(cls):
        """Makes the dummy data before TFDS's test case looks for it."""
        cls.EXAMPLE_DIR = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.EXAMPLE_DIR)
        dummy_data.release(pathlib.Path(cls.EXAMPLE_DIR))
        super().setUpClass()
