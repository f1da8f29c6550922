"""TFDS builder of VinDr-CXR."""

import pathlib

import tensorflow_datasets as tfds
from chex_tf_datasets.radiograph_records.builder import RadiographBuilder
from chex_tf_datasets.radiograph_records.config import RadiographConfig
from chex_tf_datasets.radiograph_records.source import Source

from .layout import LABEL_NAMES, read


class Builder(RadiographBuilder):
    """One record a film, its DICOM file as 8-bit grey pixels."""

    # TFDS would ask the top-level package, a namespace, which has no folder of its own where the checkout is installed.
    code_path = tfds.core.Path(__file__)
    pkg_dir_path = code_path.parent
    HOMEPAGE = "https://physionet.org/content/vindr-cxr/"
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "VinDr-CXR is given out by PhysioNet to credentialed users. Download its folders train, test and annotations, "
        "and give the folder that holds them as manual_dir."
    )

    @classmethod
    def label_names(cls) -> tuple[str, ...]:
        return LABEL_NAMES

    @classmethod
    def read_source(cls, folder: pathlib.Path, config: RadiographConfig) -> Source:
        return read(folder, config.labels, config.missing_images, config.threads)
