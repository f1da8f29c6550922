"""TFDS builder of BRAX."""

import pathlib
from typing import ClassVar

import tensorflow_datasets as tfds
from chex_tf_datasets.radiograph_records.builder import RadiographBuilder
from chex_tf_datasets.radiograph_records.config import SOURCE_LABELS, RadiographConfig
from chex_tf_datasets.radiograph_records.errors import SourceError
from chex_tf_datasets.radiograph_records.source import Source

from .layout import LABEL_NAMES, read


class Builder(RadiographBuilder):
    """One record an image, with the labels that its row gives, unchanged.

    Relies on master_spreadsheet_update.csv (version 1.1.0) or master_spreadsheet.csv (1.0.0) and on
    images/id_X/Study_Y/Series_Z/image-W.png, as users of the release describe them; the release itself was not seen.
    """

    # TFDS would ask the top-level package, a namespace, which has no folder of its own where the checkout is installed.
    code_path = tfds.core.Path(__file__)
    pkg_dir_path = code_path.parent
    HOMEPAGE = "https://physionet.org/content/brax/"
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "Get BRAX from PhysioNet as a credentialed user, leave its PNG files below images/ beside the master "
        "spreadsheet, and give the folder as manual_dir."
    )
    DRAWN_SPLITS: ClassVar[bool] = True

    @classmethod
    def label_names(cls) -> tuple[str, ...]:
        return LABEL_NAMES

    @classmethod
    def read_source(cls, folder: pathlib.Path, config: RadiographConfig) -> Source:
        if config.labels != SOURCE_LABELS:
            raise SourceError(f"labels: expected {SOURCE_LABELS}, the only ones here; received {config.labels!r}")
        return read(folder, config.seed, config.missing_images)
