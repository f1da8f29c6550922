"""Dummy data in VinDr-CXR's layout: python -m chex_tf_datasets.vindr_cxr.dummy_data FOLDER"""

import csv
import pathlib
import sys
from collections.abc import Iterable, Sequence

import numpy as np
from chex_tf_datasets.radiograph_records.dummy_images import SIZE
from chex_tf_datasets.vindr_cxr.layout import LABEL_NAMES

# film -> reader -> the labels that this reader saw; another reader of the same film may see others.
TRAIN: dict[str, dict[str, tuple[str, ...]]] = {
    "000434271f63a053c4128a0ba6352c7f": {
        "R1": ("No finding",),
        "R2": ("No finding",),
        "R3": ("Cardiomegaly",),
    },
    "00053190460d56c53cc3e57321387478": {
        "R8": ("Cardiomegaly", "Nodule/Mass"),
        "R9": ("Cardiomegaly",),
        "R10": ("Pleural effusion", "Other diseases"),
    },
    "0005e8e3701dfb1dd93d53e2ff537b6e": {
        "R8": ("Consolidation",),
        "R9": ("Consolidation", "Infiltration"),
        "R10": ("Consolidation", "Infiltration"),
    },
}
TEST: dict[str, tuple[str, ...]] = {
    "002a34c58c5b758217ed1f584ccbcfe9": ("Cardiomegaly", "Other diseases"),
    "004f33259ee4aef671c2b95d54e4be68": ("No finding",),
}
# film -> what its file says beside its pixels, and how these are stored
TAGS: dict[str, dict[str, str]] = {
    "000434271f63a053c4128a0ba6352c7f": {"PatientSex": "F", "PatientAge": "061Y"},
    "00053190460d56c53cc3e57321387478": {
        "PatientSex": "M",
        "PatientAge": "000Y",
        "WindowCenter": "",
        "WindowWidth": "",
    },
    "0005e8e3701dfb1dd93d53e2ff537b6e": {"PatientSex": "O", "PhotometricInterpretation": "MONOCHROME1"},
    "002a34c58c5b758217ed1f584ccbcfe9": {"PatientAge": ""},
    "004f33259ee4aef671c2b95d54e4be68": {"PatientSex": "M", "PatientAge": "045Y", "compressed": "yes"},
}
# film, reader, finding, and its box: left, top, right, bottom; in pixels of the film.
BOXES = (
    ("00053190460d56c53cc3e57321387478", "R8", "Cardiomegaly", "3", "4", "13", "14"),
    ("00053190460d56c53cc3e57321387478", "R9", "Cardiomegaly", "5", "4", "15", "16"),
    ("000434271f63a053c4128a0ba6352c7f", "R1", "No finding", "", "", "", ""),
)


def pixels(place: int) -> np.ndarray:
    """Twelve bits."""
    return np.random.default_rng(place).integers(0, 4096, SIZE[::-1], np.uint16)


def write_film(file: pathlib.Path, values: np.ndarray, tags: dict[str, str]) -> None:
    import pydicom
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, RLELossless

    film = Dataset()
    film.file_meta = FileMetaDataset()
    film.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    film.file_meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    film.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    known = {
        "Rows": values.shape[0],
        "Columns": values.shape[1],
        "SamplesPerPixel": 1,
        "PixelRepresentation": 0,
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PhotometricInterpretation": "MONOCHROME2",
        "Modality": "DX",
        "WindowCenter": "2048",
        "WindowWidth": "4096",
        **tags,
    }
    compressed = known.pop("compressed", "")
    for name, value in known.items():
        if value != "":
            setattr(film, name, value)
    film.PixelData = values.tobytes()
    film["PixelData"].VR = "OW"
    if compressed:
        film.compress(RLELossless)
    file.parent.mkdir(parents=True, exist_ok=True)
    pydicom.dcmwrite(file, film, enforce_file_format=True)


def _write_table(file: pathlib.Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file, "w", encoding="utf-8", newline="") as text:
        csv.writer(text, lineterminator="\n").writerows([header, *rows])


def _columns(named: Sequence[str]) -> list[str]:
    return [str(int(name in named)) for name in LABEL_NAMES]


def release(folder: pathlib.Path) -> None:
    """As PhysioNet gives it out; the test table calls a column by another name."""
    readings = [[film, reader, *_columns(named)] for film, by in TRAIN.items() for reader, named in by.items()]
    other = [{"Other diseases": "Other disease"}.get(name, name) for name in LABEL_NAMES]
    tables = folder / "annotations"
    _write_table(tables / "image_labels_train.csv", ["image_id", "rad_id", *LABEL_NAMES], readings)
    _write_table(
        tables / "image_labels_test.csv",
        ["image_id", *other],
        [[film, *_columns(named)] for film, named in TEST.items()],
    )
    box = ["class_name", "x_min", "y_min", "x_max", "y_max"]
    _write_table(tables / "annotations_train.csv", ["image_id", "rad_id", *box], BOXES)
    _write_table(
        tables / "annotations_test.csv", ["image_id", *box], [[min(TEST), "Cardiomegaly", "2.5", "3", "20", "21.25"]]
    )
    for split, films in (("train", TRAIN), ("test", TEST)):
        for film in films:
            write_film(folder / split / f"{film}.dicom", pixels(list(TAGS).index(film)), TAGS[film])


if __name__ == "__main__":
    release(pathlib.Path(sys.argv[1]))
