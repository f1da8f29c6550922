"""TFDS's own battery of checks on MIMIC-CXR-JPG's layouts, made as dummy data."""

import pathlib
import shutil
import tempfile
from typing import ClassVar

import tensorflow_datasets as tfds
from chex_tf_datasets.mimic_cxr_jpg import Builder, dummy_data
from chex_tf_datasets.radiograph_records.config import RadiographConfig


class CompressedTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = Builder
    SPLITS: ClassVar = {"train": 6, "valid": 1, "test": 3}
    EXAMPLE_DIR: ClassVar[str | None] = None
    BUILDER_CONFIG_NAMES_TO_TEST: ClassVar = [RadiographConfig(), RadiographConfig(labels="negbio")]

    @classmethod
    def setUpClass(cls):
        """Makes the dummy data before TFDS's test case looks for it."""
        cls.EXAMPLE_DIR = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.EXAMPLE_DIR)
        dummy_data.compressed(pathlib.Path(cls.EXAMPLE_DIR))
        super().setUpClass()
