"""TFDS's own battery of checks on PadChest's layouts, made as dummy data."""

import pathlib
import shutil
import tempfile
from typing import ClassVar

import tensorflow_datasets as tfds
from chex_tf_datasets.padchest import Builder, dummy_data


class _Layout:
    """Makes the dummy data before TFDS's test case looks for it."""

    LAYOUT = ""
    DATASET_CLASS = Builder
    SPLITS: ClassVar = {"train": 4, "valid": 1, "test": 1}
    EXAMPLE_DIR: ClassVar[str | None] = None

    @classmethod
    def setUpClass(cls):
        cls.EXAMPLE_DIR = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.EXAMPLE_DIR)
        dummy_data.LAYOUTS[cls.LAYOUT](pathlib.Path(cls.EXAMPLE_DIR))
        super().setUpClass()


class NumberedTest(_Layout, tfds.testing.DatasetBuilderTestCase):
    LAYOUT = "numbered"
