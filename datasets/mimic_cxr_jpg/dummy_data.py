"""Dummy data in MIMIC-CXR-JPG's layouts: python -m chex_tf_datasets.mimic_cxr_jpg.dummy_data LAYOUT FOLDER"""

import pathlib
import sys
from collections.abc import Callable

from chex_tf_datasets.mimic_cxr_jpg.layout import LABEL_NAMES, LABEL_TABLES, METADATA, SPLIT_TABLE
from chex_tf_datasets.mimic_cxr_jpg.people import TABLE
from chex_tf_datasets.radiograph_records.dummy_images import write_image
from chex_tf_datasets.radiograph_records.dummy_tables import write_table

METADATA_HEADER = (
    *("dicom_id", "subject_id", "study_id", "PerformedProcedureStepDescription", "ViewPosition", "Rows", "Columns"),
    *("StudyDate", "StudyTime", "ProcedureCodeSequence_CodeMeaning", "ViewCodeSequence_CodeMeaning"),
    "PatientOrientationCodeSequence_CodeMeaning",
)
# Split, patient, study, ViewPosition, date. An image's name is made from its place here.
IMAGES = (
    ("train", "10000032", "50414267", "PA", "21800506"),
    ("train", "10000032", "50414267", "LATERAL", "21800506"),
    ("train", "10000032", "53189527", "AP", "21820626"),
    ("train", "10000764", "57375967", "", "21320929"),
    ("train", "10000764", "57375967", "LAO", "21320929"),
    ("train", "19999987", "58621812", "PA LLD", "21451102"),
    ("validate", "11000011", "51029426", "AP", "21551218"),
    ("test", "12000012", "52000001", "PA", "21600101"),
    ("test", "12000012", "52000001", "LL", "21600101"),
    ("test", "12000012", "52000002", "XTABLE LATERAL", "21610101"),
)
# By study in the order of LABEL_NAMES: p, n, u or a blank, by CheXpert's labeler and by NegBio; one has none.
LABELS = {
    "50414267": ("        p     ", "        p     "),
    "53189527": (" p  u  p p   p", " p  p  p p   p"),
    "57375967": ("n  n   u    n ", "n  n   u    n "),
    "58621812": ("           u  ", "           p  "),
    "51029426": ("p       n n  p", "p         n  p"),
    "52000001": (" p       n  n ", " p       n  n "),
}
# subject_id, gender, anchor_age, anchor_year. Patient 19999987 is not there.
PEOPLE = (
    ("10000032", "F", "52", "2180"),
    ("10000764", "M", "86", "2132"),
    ("11000011", "F", "91", "2150"),
    ("12000012", "M", "40", "2160"),
)
_VALUES = {"p": "1.0", "n": "0.0", "u": "-1.0", " ": ""}


def name(place: int) -> str:
    """dicom_id of the image at this place in IMAGES."""
    return "-".join([f"{place:08x}", "bde0afdd", "112c0b34", "7bc16630", "4e384014"])


def path(place: int) -> str:
    _, patient, study, _, _ = IMAGES[place]
    return f"files/p{patient[:2]}/p{patient}/s{study}/{name(place)}.jpg"


def _write(folder: pathlib.Path, end: str) -> None:
    splits = [[name(place), study, patient, split] for place, (split, patient, study, _, _) in enumerate(IMAGES)]
    write_table(folder / f"{SPLIT_TABLE}{end}", ["dicom_id", "study_id", "subject_id", "split"], splits)
    metadata = [
        [
            name(place),
            patient,
            study,
            "CHEST (PA AND LAT)",
            position,
            "2544",
            "3056",
            date,
            "213014.531",
            "",
            "",
            "Erect",
        ]
        for place, (_, patient, study, position, date) in enumerate(IMAGES)
    ]
    write_table(folder / f"{METADATA}{end}", METADATA_HEADER, metadata)
    patients = {study: patient for _, patient, study, _, _ in IMAGES}
    for place, table in enumerate(LABEL_TABLES.values()):
        rows = [
            [patients[study], study, *(_VALUES[letter] for letter in letters[place])]
            for study, letters in LABELS.items()
        ]
        write_table(folder / f"{table}{end}", ["subject_id", "study_id", *LABEL_NAMES], rows)
    for place in range(len(IMAGES)):
        write_image(folder / path(place), place)


def compressed(folder: pathlib.Path) -> None:
    """As PhysioNet gives it out, with MIMIC-IV's patients beside it."""
    _write(folder, ".gz")
    header = ["subject_id", "gender", "anchor_age", "anchor_year", "anchor_year_group", "dod"]
    write_table(folder / f"{TABLE}.gz", header, [[*row, "2014 - 2016", ""] for row in PEOPLE])


def mirrored(folder: pathlib.Path) -> None:
    """As a recursive download leaves it, with its tables unpacked."""
    _write(folder / "physionet.org/files/mimic-cxr-jpg/2.1.0", "")


LAYOUTS: dict[str, Callable[[pathlib.Path], None]] = {"compressed": compressed, "mirrored": mirrored}

if __name__ == "__main__":
    LAYOUTS[sys.argv[1]](pathlib.Path(sys.argv[2]))
