"""Dummy data in each of CheXpert's layouts: python -m chex_tf_datasets.chexpert_studies.dummy_data LAYOUT FOLDER"""

import json
import pathlib
import sys
from collections.abc import Callable, Sequence

from chex_tf_datasets.chexpert_studies.layouts import LABEL_NAMES
from chex_tf_datasets.radiograph_records.dummy_images import write_image
from chex_tf_datasets.radiograph_records.dummy_tables import write_table

HEADER = ["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *LABEL_NAMES]
# patient/study/view, Sex, Age, Frontal/Lateral, AP/PA, and the labels as one letter each: p, n, u or a blank.
TRAIN = (
    ("patient00001/study1/view1_frontal.jpg", "Female", "68", "Frontal", "AP", "p        n   p"),
    ("patient00001/study1/view2_lateral.jpg", "Female", "68", "Lateral", "", "p        n   p"),
    ("patient00001/study2/view1_frontal.jpg", "Female", "69", "Frontal", "AP", "  uu un  n    "),
    ("patient00002/study1/view1_frontal.jpg", "Male", "0", "Frontal", "PA", "              "),
    ("patient00003/study1/view1_frontal.jpg", "Unknown", "44", "Frontal", "RL", "     p n u    "),
    ("patient00003/study1/view1_lateral.jpg", "Unknown", "44", "Lateral", "", "     p n u    "),
)
VALID = (
    ("patient64541/study1/view1_frontal.jpg", "Male", "73", "Frontal", "AP", "npnpnnnnnnnnnn"),
    ("patient64542/study1/view1_frontal.jpg", "Female", "70", "Frontal", "PA", "nnnnnnnnnnnnnp"),
    ("patient64542/study1/view2_lateral.jpg", "Female", "70", "Lateral", "", "nnnnnnnnnnnnnp"),
)
TEST = (
    ("patient64741/study1/view1_frontal.jpg", "", "", "", "", "nppppnnnpnpnnp"),
    ("patient64742/study1/view1_frontal.jpg", "", "", "", "", "pnnnnnnnnnnnnn"),
    ("patient64742/study1/view2_lateral.jpg", "", "", "", "", "pnnnnnnnnnnnnn"),
)
_VALUES = {"p": "1.0", "n": "0.0", "u": "-1.0", " ": ""}

Rows = Sequence[tuple[str, ...]]


def values(letters: str) -> list[str]:
    return [_VALUES[letter] for letter in letters]


def write_labels(file: pathlib.Path, prefix: str, rows: Rows) -> None:
    write_table(file, HEADER, [[f"{prefix}/{row[0]}", *row[1:5], *values(row[5])] for row in rows])


def write_images(folder: pathlib.Path, rows: Rows, first_seed: int, suffix: str = ".jpg") -> None:
    for place, row in enumerate(rows):
        write_image((folder / row[0]).with_suffix(suffix), first_seed + place)


def small(folder: pathlib.Path) -> None:
    root = folder / "CheXpert-v1.0-small"
    for split, rows, seed in (("train", TRAIN, 0), ("valid", VALID, 100)):
        write_labels(root / f"{split}.csv", f"CheXpert-v1.0-small/{split}", rows)
        write_images(root / split, rows, seed)


def full(folder: pathlib.Path) -> None:
    """The four batches as they unpack: no train/ level, and paths that begin as none of the folders do."""
    root = folder / "chexpertchestxrays-u20210408"
    first = root / "CheXpert-v1.0 batch 1 (validate & csv)"
    write_labels(first / "train.csv", "CheXpert-v1.0/train", TRAIN)
    write_labels(first / "valid.csv", "CheXpert-v1.0/valid", VALID)
    write_images(first / "valid", VALID, 100)
    for batch in (1, 2, 3):
        of_batch = [row for row in TRAIN if row[0].startswith(f"patient0000{batch}")]
        write_images(root / f"CheXpert-v1.0 batch {batch + 1} (train {batch})", of_batch, 10 * batch)


def test_by_study(folder: pathlib.Path) -> None:
    studies = {row[0].rpartition("/")[0]: values(row[5]) for row in TEST}
    rows = [[f"CheXpert-v1.0/test/{study}", *labels] for study, labels in studies.items()]
    write_table(folder / "groundtruth.csv", ["Study", *LABEL_NAMES], rows)
    write_images(folder / "test", TEST, 200)


def test_by_image(folder: pathlib.Path) -> None:
    """Without Sex, Age and views, with its columns in an order of its own."""
    names = list(reversed(LABEL_NAMES))
    rows = [[*reversed(values(row[5])), f"test/{row[0]}"] for row in TEST]
    write_table(folder / "test_labels.csv", [*names, "Path"], rows)
    write_images(folder / "test", TEST, 200)


def chexlocalize(folder: pathlib.Path) -> None:
    """Folders val and test, paths that say valid, and Lung Opacity under its other name."""
    root = folder / "CheXpert"
    names = [{"Lung Opacity": "Airspace Opacity"}.get(name, name) for name in LABEL_NAMES]
    for split, place, rows, seed in (("valid", "val", VALID, 100), ("test", "test", TEST, 200)):
        table = [[f"CheXpert-v1.0/{split}/{row[0]}", *values(row[5])] for row in rows]
        write_table(root / f"{place}_labels.csv", ["Path", *names], table)
        write_images(root / place, rows, seed)


def plus(folder: pathlib.Path) -> None:
    """PNG files that the table calls .jpg, a report of two lines, labels as JSON lines."""
    header = ["path_to_image", "frontal_lateral", "ap_pa", "deid_patient_id", "report", "age", "sex", "split"]
    numbers = {"p": 1.0, "n": 0.0, "u": -1.0, " ": None}
    table, labels = [], []
    for split, rows, seed in (("train", TRAIN, 0), ("valid", VALID, 100)):
        for name, sex, age, view, projection, letters in rows:
            report = 'IMPRESSION:\n1. "Unchanged", as before.'
            table.append([f"{split}/{name}", view, projection, name.split("/")[0], report, f"{age}.0", sex, split])
            by_name = dict(zip(LABEL_NAMES, (numbers[letter] for letter in letters), strict=True))
            labels.append({"path_to_image": f"{split}/{name}", **by_name})
        write_images(folder / "PNG" / "PNG" / split, rows, seed, ".png")
    write_table(folder / "df_chexpert_plus_240401.csv", header, table)
    (folder / "chexbert_labels").mkdir()
    for part in ("report", "impression"):
        text = "".join(json.dumps(entry) + "\n" for entry in labels)
        (folder / "chexbert_labels" / f"{part}_fixed.json").write_text(text, encoding="utf-8")


def alternative_labels(folder: pathlib.Path) -> None:
    """The small layout with CheXbert's and visualCheXbert's labels beside the labeler's: other values, no blanks."""
    small(folder)
    for name, letters in (("train_cheXbert", "u"), ("train_visualCheXbert", "p")):
        rows = [(*row[:5], letters * len(LABEL_NAMES)) for row in TRAIN]
        write_labels(folder / "CheXpert-v1.0-small" / f"{name}.csv", "CheXpert-v1.0/train", rows)


LAYOUTS: dict[str, Callable[[pathlib.Path], None]] = {
    "small": small,
    "full": full,
    "test_by_study": test_by_study,
    "test_by_image": test_by_image,
    "chexlocalize": chexlocalize,
    "plus": plus,
    "alternative_labels": alternative_labels,
}

if __name__ == "__main__":
    LAYOUTS[sys.argv[1]](pathlib.Path(sys.argv[2]))
