"""Dummy data in ChestX-ray14's layouts: python -m chex_tf_datasets.chest_xray14.dummy_data LAYOUT FOLDER"""

import csv
import pathlib
import sys
from collections.abc import Callable

from chex_tf_datasets.radiograph_records.dummy_images import write_image

# The brackets of the real header hold commas, so that each names two columns.
HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Sex,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)
ROWS = (
    ("00000001_000.png", "Cardiomegaly", "0", "1", "57", "M", "PA"),
    ("00000001_001.png", "Cardiomegaly|Emphysema", "1", "1", "58", "M", "PA"),
    ("00000002_000.png", "No Finding", "0", "2", "80", "F", "AP"),
    ("00000003_000.png", "Hernia|Infiltration", "0", "3", "74", "F", "PA"),
    ("00000004_000.png", "Pleural_Thickening", "0", "4", "82", "M", "AP"),
)
TRAIN_VAL, TEST = ("00000001_000.png", "00000001_001.png", "00000002_000.png"), ("00000003_000.png", "00000004_000.png")
WITH_ALPHA = "00000002_000.png"


def _tables(folder: pathlib.Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "Data_Entry_2017_v2020.csv", "w", encoding="utf-8", newline="") as text:
        text.write(HEADER + "\n")
        csv.writer(text, lineterminator="\n").writerows([*row, "2682", "2749", "0.143", "0.143"] for row in ROWS)
    (folder / "train_val_list.txt").write_text("\n".join(TRAIN_VAL), encoding="utf-8")
    (folder / "test_list.txt").write_text("\n".join(TEST), encoding="utf-8")


def _image(folder: pathlib.Path, place: int) -> None:
    name = ROWS[place][0]
    write_image(folder / name, place, mode="RGBA" if name == WITH_ALPHA else "L")


def one_folder(folder: pathlib.Path) -> None:
    _tables(folder)
    for place in range(len(ROWS)):
        _image(folder / "images", place)


def twelve_folders(folder: pathlib.Path) -> None:
    _tables(folder)
    for place in range(len(ROWS)):
        _image(folder / f"images_{place + 1:03d}" / "images", place)


LAYOUTS: dict[str, Callable[[pathlib.Path], None]] = {"one_folder": one_folder, "twelve_folders": twelve_folders}

if __name__ == "__main__":
    LAYOUTS[sys.argv[1]](pathlib.Path(sys.argv[2]))
