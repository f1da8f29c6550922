"""TFDS builder of NIH ChestX-ray14."""

import pathlib

import tensorflow_datasets as tfds
from chex_tf_datasets.radiograph_records.builder import RadiographBuilder
from chex_tf_datasets.radiograph_records.config import SOURCE_LABELS, RadiographConfig
from chex_tf_datasets.radiograph_records.errors import SourceError
from chex_tf_datasets.radiograph_records.source import Source

from .layout import LABEL_NAMES, read


class Builder(RadiographBuilder):
    """One record an image; a finding is 1 where the table names it, 0 elsewhere."""

    # TFDS would ask the top-level package, a namespace, which has no folder of its own where the checkout is installed.
    code_path = tfds.core.Path(__file__)
    pkg_dir_path = code_path.parent
    HOMEPAGE = "https://nihcc.app.box.com/v/ChestXray-NIHCC"
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "Download ChestX-ray14 from the NIH Clinical Center, unpack its archives of images beside "
        "Data_Entry_2017_v2020.csv, train_val_list.txt and test_list.txt, and give the folder as manual_dir."
    )

    @classmethod
    def label_names(cls) -> tuple[str, ...]:
        return LABEL_NAMES

    @classmethod
    def read_source(cls, folder: pathlib.Path, config: RadiographConfig) -> Source:
        if config.labels != SOURCE_LABELS:
            raise SourceError(f"labels: expected {SOURCE_LABELS}, the only ones here; received {config.labels!r}")
        return read(folder, config.missing_images)
