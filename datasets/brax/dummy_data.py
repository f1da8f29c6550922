"""Dummy data in BRAX's layout: python -m chex_tf_datasets.brax.dummy_data LAYOUT FOLDER"""

import pathlib
import sys
from collections.abc import Callable

from chex_tf_datasets.brax.layout import LABEL_NAMES
from chex_tf_datasets.radiograph_records.dummy_images import write_image
from chex_tf_datasets.radiograph_records.dummy_tables import write_table

# The first column is an index without a name.
HEADER = [
    *("", "DicomPath", "PngPath", "PatientID", "PatientSex", "PatientAge", "AccessionNumber", "StudyDate"),
    *(*LABEL_NAMES, "ViewPosition", "Rows", "Columns", "Manufacturer"),
]
# Patient, study, image, PatientSex, PatientAge, ViewPosition, and the labels as one letter each: p, n, u or a blank.
# With seed 0, c2 is drawn into valid, d2 into test, and the others into train.
ROWS = (
    ("a1", "10", "100", "M", "45", "PA", "p             "),
    ("a1", "10", "101", "M", "45", "L", "p             "),
    ("a1", "11", "110", "M", "45", "RL", "  p  u        "),
    ("b2", "10", "200", "F", "85 or more", "AP LLD", "n   p   pup  p"),
    ("c2", "12", "300", "O", "", "LT-DECUB", "              "),
    ("d2", "13", "400", "F", "0", "", "   n     n    "),
    ("e1", "14", "500", "F", "60.0", "AP", "            p "),
)
_VALUES = {"p": "1.0", "n": "0.0", "u": "-1.0", " ": ""}


def path(row: tuple[str, ...], top: str = "images", suffix: str = ".png") -> str:
    patient, study, image = row[:3]
    return f"{top}/id_{patient}/Study_{study}/Series_{image}0/image-{image}{suffix}"


def _write(folder: pathlib.Path, table: str) -> None:
    rows = [
        [
            *(str(place), path(row, "Anonymized_DICOMs", ".dcm"), path(row), f"id_{row[0]}", row[3], row[4], row[1]),
            *("20080406", *(_VALUES[letter] for letter in row[6]), row[5], "2446.0", "2010.0", "1"),
        ]
        for place, row in enumerate(ROWS)
    ]
    write_table(folder / table, HEADER, rows)
    for place, row in enumerate(ROWS):
        write_image(folder / path(row), place)


def release(folder: pathlib.Path) -> None:
    """Version 1.1.0."""
    _write(folder, "master_spreadsheet_update.csv")


def first_release(folder: pathlib.Path) -> None:
    """Version 1.0.0 as a recursive download leaves it."""
    _write(folder / "physionet.org/files/brax/1.0.0", "master_spreadsheet.csv")


LAYOUTS: dict[str, Callable[[pathlib.Path], None]] = {"release": release, "first_release": first_release}

if __name__ == "__main__":
    LAYOUTS[sys.argv[1]](pathlib.Path(sys.argv[2]))
