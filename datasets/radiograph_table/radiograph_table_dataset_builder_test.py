"""TFDS's own battery of checks on a table of dummy films."""

import pathlib
import shutil
import tempfile
from typing import ClassVar

import tensorflow_datasets as tfds
from chex_tf_datasets.radiograph_table import Builder, dummy_data
from chex_tf_datasets.radiograph_table.config import TableConfig

FOLDER = pathlib.Path(tempfile.mkdtemp())
dummy_data.write(FOLDER)


class DummyTable(Builder, skip_registration=True):
    """The builder with a table known beforehand, as TFDS's test case wants it."""

    name = "radiograph_table"
    BUILDER_CONFIGS: ClassVar = [TableConfig(table=str(FOLDER / dummy_data.TABLE))]


class TableTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = DummyTable
    SPLITS: ClassVar = {"train": 2, "valid": 1, "test": 1}
    EXAMPLE_DIR: ClassVar = str(FOLDER / dummy_data.IMAGES)

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        shutil.rmtree(FOLDER)
