"""Dummy films and their table: python -m chex_tf_datasets.radiograph_table.dummy_data FOLDER"""

import csv
import pathlib
import sys

from chex_tf_datasets.radiograph_records.dummy_images import write_image

TABLE, IMAGES = "table.csv", "images"
HEADER = ("path", "patient", "study", "view", "sex", "age", "split", "reader", "Cardiomegaly", "my finding", "notes")
# Studies are numbered within each patient.
ROWS = (
    ("a/1.png", "anna", "1", "PA", "F", "61", "train", "dr x", "1", "0", ""),
    ("a/2.png", "anna", "1", "lateral", "F", "61", "train", "dr x", "1", "0", ""),
    ("b/1.jpg", "ben", "1", "AP", "M", "", "valid", "dr y", "0.0", "-1", ""),
    ("c/1.png", "carl", "1", "LL", "", "7", "test", "dr y", "", "1.0", ""),
)
LABELS = ("Cardiomegaly", "my finding")


def write(folder: pathlib.Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / TABLE, "w", encoding="utf-8", newline="") as text:
        csv.writer(text, lineterminator="\n").writerows([HEADER, *ROWS])
    for place, row in enumerate(ROWS):
        write_image(folder / IMAGES / row[0], place)


if __name__ == "__main__":
    write(pathlib.Path(sys.argv[1]))
