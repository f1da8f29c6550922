"""TFDS builder of MIMIC-CXR-JPG."""

import pathlib

import tensorflow_datasets as tfds
from chex_tf_datasets.radiograph_records.builder import RadiographBuilder
from chex_tf_datasets.radiograph_records.config import RadiographConfig
from chex_tf_datasets.radiograph_records.source import Source

from .layout import LABEL_NAMES, read


class Builder(RadiographBuilder):
    """One record an image, with the labels of its study, unchanged.

    Relies on the release's tables as versions 2.0.0 and 2.1.0 have them: mimic-cxr-2.0.0-split, -metadata, -chexpert
    and -negbio, plain or compressed; and on files/pNN/pNNNNNNNN/sNNNNNNNN/DICOM_ID.jpg. Counts and view positions were
    taken from what users of the release publish, not from the release itself.
    """

    # TFDS would ask the top-level package, a namespace, which has no folder of its own where the checkout is installed.
    code_path = tfds.core.Path(__file__)
    pkg_dir_path = code_path.parent
    HOMEPAGE = "https://physionet.org/content/mimic-cxr-jpg/"
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "Get MIMIC-CXR-JPG from PhysioNet as a credentialed user, leave files/ beside its tables (.csv or .csv.gz) and "
        "give the folder as manual_dir. patients.csv of MIMIC-IV beside them adds sex and age."
    )

    @classmethod
    def label_names(cls) -> tuple[str, ...]:
        return LABEL_NAMES

    @classmethod
    def read_source(cls, folder: pathlib.Path, config: RadiographConfig) -> Source:
        return read(folder, config.labels, config.missing_images)
