"""PadChest's numbered folders and table, filled with phantoms: 16-bit PNGs, label lists as strings, no splits."""

import pathlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from chex_tf.files import write_text
from chex_tf.observations import POSITIVE
from chex_tf.phantom.layout import Layout
from chex_tf.phantom.picture_tables import Picture, table
from chex_tf.phantom.population import PADCHEST_LIKE

TABLE = "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv"
FOLDERS = 55
# A film of the release whose file is cut off wherever it is downloaded, and the folder that it is in here.
CORRUPT = "216840111366964012819207061112010307142602253_04-014-084.png"
# Not splits of the release: whose labels a film's report got. A phantom of N patients has so many of the other kind.
NETWORK, PHYSICIAN = "RNN_model", "Physician"
SPLITS: tuple[str, ...] = (NETWORK, PHYSICIAN)

_FIRST_YEAR = 2012
# Of so many films each of these is said to be of one, whatever it shows.
_UNUSUAL, _PROJECTIONS = 29, {5: "COSTAL", 17: "EXCLUDE"}
_HEADER = (
    *("", "ImageID", "ImageDir", "StudyDate_DICOM", "StudyID", "PatientID", "PatientBirth", "PatientSex_DICOM"),
    *("ViewPosition_DICOM", "Projection", "MethodProjection", "Pediatric", "Modality_DICOM", "Manufacturer_DICOM"),
    *("PhotometricInterpretation_DICOM", "PixelRepresentation_DICOM", "PixelAspectRatio_DICOM"),
    *("SpatialResolution_DICOM", "BitsStored_DICOM", "WindowCenter_DICOM", "WindowWidth_DICOM", "Rows_DICOM"),
    *("Columns_DICOM", "XRayTubeCurrent_DICOM", "Exposure_DICOM", "ExposureInuAs_DICOM", "ExposureTime"),
    *("RelativeXRayExposure_DICOM", "ReportID", "Report", "MethodLabel", "Labels", "Localizations"),
    *("LabelsLocalizationsBySentence", "labelCUIS", "LocalizationsCUIS"),
)


def patients_by_split(patients: int) -> dict[str, int]:
    """27% of the release's reports were labelled by physicians: as 37 is to 100."""
    return {NETWORK: patients, PHYSICIAN: max(1, round(0.37 * patients))}


def image_path(split: str, patient: int, study: int, number: int, view: str, patients: int) -> str:
    folder = (patient - 1) * FOLDERS // patients
    return f"{folder}/2168401113669640{patient:06d}{study:02d}_{number:02d}-{patient % 200:03d}-{study:03d}.png"


def save_image(file: pathlib.Path, grey: NDArray[np.uint8], sex: str, age: int) -> None:
    """16 bits, the 256 greys spread evenly from 0 to 65,535."""
    Image.fromarray(grey.astype(np.uint16) * 257).save(file, compress_level=4)


def write_tables(folder: pathlib.Path, pictures: list[Picture]) -> None:
    """Labels by physicians are the truth, the network's are noisy. A list now and then has a blank too many, a
    projection is COSTAL or EXCLUDE, and one film is known to be corrupt."""
    rows = []
    for number, picture in enumerate(pictures):
        year = _FIRST_YEAR + picture.study
        cells = {
            "": str(number),
            "ImageID": picture.path.partition("/")[2],
            "ImageDir": picture.path.partition("/")[0],
            "StudyDate_DICOM": f"{year}0321",
            "StudyID": f"{picture.patient:06d}.{picture.study}",
            "PatientID": f"{picture.patient:06d}",
            "PatientBirth": f"{year - picture.age}.0",
            "PatientSex_DICOM": {"Male": "M", "Female": "F"}.get(picture.sex, "O"),
            "ViewPosition_DICOM": {"lateral": "LATERAL", "PA": "POSTEROANTERIOR"}.get(picture.view, ""),
            "Projection": _projection(picture, number),
            "BitsStored_DICOM": "16",
            "Report": "sin hallazg signific . ",
            "MethodLabel": picture.split,
            "Labels": str(_list_of(picture, number)),
            "labelCUIS": "['C0030163'\n 'C0742362']",
        }
        rows.append([cells.get(name, "") for name in _HEADER])
    corrupt = {"": str(len(pictures)), "ImageID": CORRUPT, "ImageDir": "0", "StudyID": "0", "PatientID": "0"}
    corrupt |= {"Projection": "PA", "MethodLabel": NETWORK, "Labels": "['normal']"}
    rows.append([corrupt.get(name, "") for name in _HEADER])
    (folder / "0").mkdir(exist_ok=True)
    (folder / "0" / CORRUPT).write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    write_text(folder / TABLE, table(_HEADER, rows))


def _projection(picture: Picture, number: int) -> str:
    if number % _UNUSUAL in _PROJECTIONS:
        return _PROJECTIONS[number % _UNUSUAL]
    return {"lateral": "L", "AP": "AP_horizontal"}.get(picture.view, picture.view)


def _list_of(picture: Picture, number: int) -> list[str]:
    named = [name for name, value in picture.labels.items() if value == POSITIVE] or ["normal"]
    if number % 3 == 0:
        named[0] = f" {named[0]}"
    return [*named, ""] if number % 7 == 0 else named


LAYOUT = Layout(
    hospital=PADCHEST_LIKE,
    observations="padchest",
    scanner="chexpert",
    splits=SPLITS,
    reported=(NETWORK,),
    several_studies=SPLITS,
    patients_by_split=patients_by_split,
    image_path=image_path,
    save_image=save_image,
    write_tables=write_tables,
)
