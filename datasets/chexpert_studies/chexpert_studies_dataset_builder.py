"""TFDS builder of CheXpert, in every layout in which it is distributed."""

import pathlib

import tensorflow_datasets as tfds
from chex_tf_datasets.radiograph_records.builder import RadiographBuilder
from chex_tf_datasets.radiograph_records.config import RadiographConfig
from chex_tf_datasets.radiograph_records.source import Source

from .layouts import LABEL_NAMES, read


class Builder(RadiographBuilder):
    """One record an image, with the labels that its table gives, unchanged."""

    # TFDS would ask the top-level package, a namespace, which has no folder of its own where the checkout is installed.
    code_path = tfds.core.Path(__file__)
    pkg_dir_path = code_path.parent
    HOMEPAGE = "https://stanfordmlgroup.github.io/competitions/chexpert/"
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "CheXpert is given out by Stanford AIMI under a use agreement. Unpack any of its distributions (small, full, "
        "test set, CheXlocalize, CheXpert Plus) and give the folder as manual_dir."
    )

    @classmethod
    def label_names(cls) -> tuple[str, ...]:
        return LABEL_NAMES

    @classmethod
    def read_source(cls, folder: pathlib.Path, config: RadiographConfig) -> Source:
        return read(folder, config.labels, config.missing_images)
