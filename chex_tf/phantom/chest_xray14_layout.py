"""ChestX-ray14's folders and tables, filled with phantoms from another hospital: PNGs, split lists, boxes."""

import pathlib

from chex_tf.files import write_text
from chex_tf.observations import CHEST_XRAY14_FINDINGS, CHEST_XRAY14_NO_FINDING, POSITIVE
from chex_tf.phantom.layout import Layout
from chex_tf.phantom.picture_tables import Picture, table
from chex_tf.phantom.population import NIH_LIKE

SUFFIX = ".png"
FOLDERS = 12
SPLITS: tuple[str, ...] = ("train_val", "test")

# The eight findings with boxes in the published file, under its names (Wang et al. 2017, section 3.3).
BOXED = {
    "Atelectasis": "Atelectasis",
    "Cardiomegaly": "Cardiomegaly",
    "Effusion": "Effusion",
    "Infiltration": "Infiltrate",
    "Mass": "Mass",
    "Nodule": "Nodule",
    "Pneumonia": "Pneumonia",
    "Pneumothorax": "Pneumothorax",
}

# The published box file ends every line with three empty columns.
_EMPTY = ("", "", "")

_HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)


def patients_by_split(patients: int) -> dict[str, int]:
    return {"train_val": patients, "test": max(1, round(patients / 2))}


def image_path(split: str, patient: int, study: int, number: int, view: str, patients: int) -> str:
    """The follow-up counts from 0; the folders hold equal shares of `patients`, all splits together."""
    folder = 1 + (patient - 1) * FOLDERS // patients
    return f"images_{folder:03d}/images/{patient:08d}_{study - 1:03d}{SUFFIX}"


def write_tables(folder: pathlib.Path, pictures: list[Picture]) -> None:
    """Boxes are in pixels of the images as written (the published ones in pixels of 1024 by 1024 images), and there is
    one for each boxed finding of each test image. Labels of the train_val list are mined from reports, hence noisy;
    those of the test list are the truth.
    """
    rows = []
    for picture in sorted(pictures, key=lambda one: one.path.rsplit("/", 1)[1]):
        found = [name for name in CHEST_XRAY14_FINDINGS if picture.labels[name] == POSITIVE]
        width, height = picture.size
        # A film of 43 centimetres, as the published spacings have it.
        spacing = f"{430 / width:.3f}"
        cells = [picture.path.rsplit("/", 1)[1], "|".join(found) or CHEST_XRAY14_NO_FINDING]
        cells += [str(picture.study - 1), str(picture.patient), str(picture.age), picture.sex[0], picture.view]
        rows.append([*cells, str(width), str(height), spacing, spacing])
    write_text(folder / "Data_Entry_2017_v2020.csv", table(_HEADER.split(","), rows))
    for split, name in (("train_val", "train_val_list.txt"), ("test", "test_list.txt")):
        lines = [picture.path.rsplit("/", 1)[1] for picture in pictures if picture.split == split]
        write_text(folder / name, "".join(f"{line}\n" for line in lines))
    boxes = [
        [picture.path.rsplit("/", 1)[1], BOXED[name], *(f"{value:.1f}" for value in picture.boxes[name]), *_EMPTY]
        for picture in pictures
        if picture.split == "test"
        for name in BOXED
        if name in picture.boxes
    ]
    write_text(
        folder / "BBox_List_2017.csv",
        table(["Image Index", "Finding Label", "Bbox [x", "y", "w", "h]", *_EMPTY], boxes),
    )


LAYOUT = Layout(
    hospital=NIH_LIKE,
    observations="chestxray14",
    scanner="chestxray14",
    splits=SPLITS,
    reported=("train_val",),
    several_studies=SPLITS,
    several_films=False,
    boxes=True,
    colour_share=0.01,
    patients_by_split=patients_by_split,
    image_path=image_path,
    write_tables=write_tables,
)
