"""Dummy data in PadChest's layouts: python -m chex_tf_datasets.padchest.dummy_data LAYOUT FOLDER"""

import csv
import gzip
import io
import pathlib
import sys
from collections.abc import Callable

import numpy as np
from chex_tf_datasets.padchest.layout import CORRUPT, TABLE
from chex_tf_datasets.radiograph_records.dummy_images import SIZE
from PIL import Image

# The first column is an index without a name.
HEADER = (
    *("", "ImageID", "ImageDir", "StudyDate_DICOM", "StudyID", "PatientID", "PatientBirth", "PatientSex_DICOM"),
    *("ViewPosition_DICOM", "Projection", "MethodProjection", "Pediatric", "Modality_DICOM", "Manufacturer_DICOM"),
    *("PhotometricInterpretation_DICOM", "PixelRepresentation_DICOM", "PixelAspectRatio_DICOM"),
    *("SpatialResolution_DICOM", "BitsStored_DICOM", "WindowCenter_DICOM", "WindowWidth_DICOM", "Rows_DICOM"),
    *("Columns_DICOM", "XRayTubeCurrent_DICOM", "Exposure_DICOM", "ExposureInuAs_DICOM", "ExposureTime"),
    *("RelativeXRayExposure_DICOM", "ReportID", "Report", "MethodLabel", "Labels", "Localizations"),
    *("LabelsLocalizationsBySentence", "labelCUIS", "LocalizationsCUIS"),
)
_USED = (
    *("ImageID", "ImageDir", "StudyDate_DICOM", "StudyID", "PatientID", "PatientBirth", "PatientSex_DICOM"),
    *("ViewPosition_DICOM", "Projection", "MethodLabel", "Labels"),
)
_CORRUPT = min(CORRUPT)
# With seed 0, patient 2 is drawn into valid, 7 into test, and the others into train.
ROWS = (
    ("1_a.png", "0", "20100304", "s1", "1", "1949.0", "M", "POSTEROANTERIOR", "PA", "Physician",
     "['cardiomegaly', ' pleural effusion', '']"),
    ("1_b.png", "0", "20100304", "s1", "1", "1949.0", "M", "LL", "L", "Physician",
     "['cardiomegaly', ' pleural effusion', '']"),
    ("3_a.png", "54", "20141231.0", "s2", "3", "1950", "F", "", "AP_horizontal", "RNN_model", "['normal']"),
    ("2_a.png", "1", "20120101", "s3", "2", "", "F", "", "AP", "RNN_model", "['NSG tube', 'COPD signs', 'nsg tube ']"),
    ("7_a.png", "1", "20120101", "s4", "7", "1960.0", "O", "", "COSTAL", "Physician", "[]"),
    ("4_a.png", "3", "20140101", "s5", "4", "2020", "", "", "EXCLUDE", "RNN_model", ""),
    (_CORRUPT, "3", "20140101", "s6", "5", "1960", "F", "", "PA", "RNN_model", "['normal']"),
)  # fmt: skip
_OTHERS = {
    "Report": 'cambi pulmonar cronic . "sin" cambi',
    "LabelsLocalizationsBySentence": "[['cardiomegaly'], ['normal', 'loc cardiac']]",
    "labelCUIS": "['C0018800' 'C0032227'\n 'C0018800']",
}


def table() -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for number, row in enumerate(ROWS):
        cells = {"": str(number), **_OTHERS, **dict(zip(_USED, row, strict=True))}
        writer.writerow([cells.get(name, "") for name in HEADER])
    return text.getvalue()


def pixels(place: int) -> np.ndarray:
    return np.random.default_rng(place).integers(0, 2**16, SIZE[::-1], np.uint16)


def _write_image(file: pathlib.Path, place: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.name == _CORRUPT:
        file.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    else:
        Image.fromarray(pixels(place)).save(file)


def numbered(folder: pathlib.Path) -> None:
    for place, row in enumerate(ROWS):
        _write_image(folder / row[1] / row[0], place)
    (folder / TABLE).write_text(table(), encoding="utf-8")


def flat(folder: pathlib.Path) -> None:
    for place, row in enumerate(ROWS):
        _write_image(folder / "images-224" / row[0], place)
    (folder / f"{TABLE}.gz").write_bytes(gzip.compress(table().encode(), mtime=0))


LAYOUTS: dict[str, Callable[[pathlib.Path], None]] = {"numbered": numbered, "flat": flat}

if __name__ == "__main__":
    LAYOUTS[sys.argv[1]](pathlib.Path(sys.argv[2]))
