"""BRAX's folders and master spreadsheet, filled with phantoms: PNGs by patient, study and series, and no splits.

The quirks of the release: labels are read from reports, ages are in steps of five years up to 85 or more, sex may be O,
laterals are called L or RL, and some films have no view position.
"""

import hashlib
import pathlib

from chex_tf.files import write_text
from chex_tf.observations import BLANK, OBSERVATIONS
from chex_tf.phantom.layout import Layout
from chex_tf.phantom.picture_tables import Picture, table
from chex_tf.phantom.population import BRAX_LIKE

SPLITS: tuple[str, ...] = ("all",)
SUFFIX = ".png"
TABLE = "master_spreadsheet_update.csv"
# CheXpert's order but for two that are exchanged.
LABELS = tuple({"Lung Opacity": "Lung Lesion", "Lung Lesion": "Lung Opacity"}.get(name, name) for name in OBSERVATIONS)

_BEFORE = ("", "DicomPath", "PngPath", "PatientID", "PatientSex", "PatientAge", "AccessionNumber", "StudyDate")
_AFTER = ("ViewPosition", "Rows", "Columns", "Manufacturer")
_OLDEST, _STEP = 85, 5
_WITHOUT_POSITION = 30  # one film in so many


def patients_by_split(patients: int) -> dict[str, int]:
    return {"all": patients}


def _digest(*numbers: int) -> str:
    return hashlib.sha1("/".join(map(str, numbers)).encode(), usedforsecurity=False).hexdigest()


def _identifier(*numbers: int) -> str:
    """Digits, as DICOM's identifiers have them."""
    return str(int(_digest(*numbers)[:14], 16))


def image_path(split: str, patient: int, study: int, number: int, view: str, patients: int) -> str:
    examination, series = _identifier(patient, study), _identifier(patient, study, number)
    image = _identifier(patient, study, number, 0)
    return f"images/id_{_digest(patient)[:16]}/Study_{examination}/Series_{series}/image-{image}{SUFFIX}"


def _position(picture: Picture) -> str:
    draw = hashlib.sha1(picture.path.encode(), usedforsecurity=False).digest()
    if draw[0] % _WITHOUT_POSITION == 0:
        return ""
    if picture.view != "lateral":
        return picture.view
    return "RL" if draw[1] % 20 == 0 else "L"


def _row(place: int, picture: Picture) -> list[str]:
    top, patient, study, *_ = picture.path.split("/")
    dicom = picture.path.replace(top, "Anonymized_DICOMs", 1).removesuffix(SUFFIX) + ".dcm"
    age = f"{_OLDEST} or more" if picture.age >= _OLDEST else str(picture.age // _STEP * _STEP)
    sex = picture.sex[0] if picture.sex in ("Male", "Female") else "O"
    labels = ("" if picture.labels[name] == BLANK else f"{picture.labels[name]:.1f}" for name in LABELS)
    width, height = picture.size
    return [
        *(str(place), dicom, picture.path, patient, sex, age, study.removeprefix("Study_")),
        *("20080406", *labels, _position(picture), f"{height}.0", f"{width}.0", str(1 + picture.patient % 3)),
    ]


def write_tables(folder: pathlib.Path, pictures: list[Picture]) -> None:
    rows = (_row(place, picture) for place, picture in enumerate(pictures))
    write_text(folder / TABLE, table([*_BEFORE, *LABELS, *_AFTER], rows))


LAYOUT = Layout(
    hospital=BRAX_LIKE,
    observations="chexpert",
    scanner="chestxray14",
    splits=SPLITS,
    reported=SPLITS,
    several_studies=SPLITS,
    patients_by_split=patients_by_split,
    image_path=image_path,
    write_tables=write_tables,
)
