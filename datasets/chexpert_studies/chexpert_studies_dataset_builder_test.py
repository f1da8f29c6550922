"""TFDS's own battery of checks on every layout of CheXpert, made as dummy data."""

import pathlib
import shutil
import tempfile
from typing import ClassVar

import tensorflow_datasets as tfds
from chex_tf_datasets.chexpert_studies import Builder, dummy_data
from chex_tf_datasets.radiograph_records.config import RadiographConfig


class _Layout:
    """Makes the dummy data before TFDS's test case looks for it."""

    LAYOUT = ""
    DATASET_CLASS = Builder
    EXAMPLE_DIR: ClassVar[str | None] = None

    @classmethod
    def setUpClass(cls):
        cls.EXAMPLE_DIR = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.EXAMPLE_DIR)
        dummy_data.LAYOUTS[cls.LAYOUT](pathlib.Path(cls.EXAMPLE_DIR))
        super().setUpClass()


class SmallTest(_Layout, tfds.testing.DatasetBuilderTestCase):
    LAYOUT = "small"
    SPLITS: ClassVar = {"train": 6, "valid": 3}


class ResizedSmallTest(_Layout, tfds.testing.DatasetBuilderTestCase):
    LAYOUT = "small"
    SPLITS: ClassVar = {"train": 6, "valid": 3}
    BUILDER_CONFIG_NAMES_TO_TEST: ClassVar = [RadiographConfig(image_size=16, resize="square", encoding="png")]


class FullTest(_Layout, tfds.testing.DatasetBuilderTestCase):
    LAYOUT = "full"
    SPLITS: ClassVar = {"train": 6, "valid": 3}


class TestByStudyTest(_Layout, tfds.testing.DatasetBuilderTestCase):
    LAYOUT = "test_by_study"
    SPLITS: ClassVar = {"test": 3}


class TestByImageTest(_Layout, tfds.testing.DatasetBuilderTestCase):
    LAYOUT = "test_by_image"
    SPLITS: ClassVar = {"test": 3}


class CheXlocalizeTest(_Layout, tfds.testing.DatasetBuilderTestCase):
    LAYOUT = "chexlocalize"
    SPLITS: ClassVar = {"valid": 3, "test": 3}


class PlusTest(_Layout, tfds.testing.DatasetBuilderTestCase):
    LAYOUT = "plus"
    SPLITS: ClassVar = {"train": 6, "valid": 3}


class AlternativeLabelsTest(_Layout, tfds.testing.DatasetBuilderTestCase):
    LAYOUT = "alternative_labels"
    SPLITS: ClassVar = {"train": 6, "valid": 3}
    BUILDER_CONFIG_NAMES_TO_TEST: ClassVar = [
        RadiographConfig(labels="chexbert"),
        RadiographConfig(labels="visualchexbert"),
    ]
