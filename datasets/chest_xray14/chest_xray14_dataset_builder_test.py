"""TFDS's own battery of checks on ChestX-ray14's layouts, made as dummy data."""

import pathlib
import shutil
import tempfile
from typing import ClassVar

import tensorflow_datasets as tfds
from chex_tf_datasets.chest_xray14 import Builder, dummy_data


class _Layout:
    """Makes the dummy data before TFDS's test case looks for it."""

    LAYOUT = ""
    DATASET_CLASS = Builder
    SPLITS: ClassVar = {"train": 3, "test": 2}
    EXAMPLE_DIR: ClassVar[str | None] = None

    @classmethod
    def setUpClass(cls):
        cls.EXAMPLE_DIR = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.EXAMPLE_DIR)
        dummy_data.LAYOUTS[cls.LAYOUT](pathlib.Path(cls.EXAMPLE_DIR))
        super().setUpClass()


class OneFolderTest(_Layout, tfds.testing.DatasetBuilderTestCase):
    LAYOUT = "one_folder"


class TwelveFoldersTest(_Layout, tfds.testing.DatasetBuilderTestCase):
    LAYOUT = "twelve_folders"
