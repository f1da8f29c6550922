"""TFDS builder of PadChest."""

import pathlib
from typing import ClassVar

import tensorflow_datasets as tfds
from chex_tf_datasets.radiograph_records.builder import RadiographBuilder
from chex_tf_datasets.radiograph_records.config import RadiographConfig
from chex_tf_datasets.radiograph_records.source import Source

from .layout import LABEL_NAMES, read


class Builder(RadiographBuilder):
    """One record an image; a label is 1 where the table's list names it, 0 elsewhere."""

    # TFDS would ask the top-level package, a namespace, which has no folder of its own where the checkout is installed.
    code_path = tfds.core.Path(__file__)
    pkg_dir_path = code_path.parent
    HOMEPAGE = "https://bimcv.cipf.es/bimcv-projects/padchest/"
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "Request PadChest from BIMCV, unpack its archives of images beside "
        "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv, or the same as .csv.gz, and give the folder as "
        "manual_dir."
    )
    DRAWN_SPLITS: ClassVar[bool] = True

    @classmethod
    def label_names(cls) -> tuple[str, ...]:
        return LABEL_NAMES

    @classmethod
    def read_source(cls, folder: pathlib.Path, config: RadiographConfig) -> Source:
        return read(folder, config.labels, config.seed, config.missing_images)
