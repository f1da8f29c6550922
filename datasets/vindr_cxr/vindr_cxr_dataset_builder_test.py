"""TFDS's own battery of checks on VinDr-CXR's layout, made as dummy data."""

import pathlib
import shutil
import tempfile
from typing import ClassVar

import pytest
import tensorflow_datasets as tfds
from chex_tf_datasets.vindr_cxr import Builder, dummy_data

pytest.importorskip("pydicom", reason="the extra dicom is not installed")


class ReleaseTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = Builder
    SPLITS: ClassVar = {"train": 3, "test": 2}
    EXAMPLE_DIR: ClassVar[str | None] = None

    @classmethod
    def setUpClass(cls):
        cls.EXAMPLE_DIR = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.EXAMPLE_DIR)
        dummy_data.release(pathlib.Path(cls.EXAMPLE_DIR))
        super().setUpClass()
