"""VinDr-CXR's folders and tables, filled with phantoms: DICOM, three readers a training film, a consensus, boxes."""

import hashlib
import pathlib

import numpy as np
from numpy.typing import NDArray

from chex_tf.files import write_text
from chex_tf.observations import POSITIVE
from chex_tf.phantom import labels, reports
from chex_tf.phantom.dicom_file import LARGEST, dicom_bytes
from chex_tf.phantom.layout import Layout
from chex_tf.phantom.picture_tables import Picture, table
from chex_tf.phantom.population import VINDR_LIKE

SPLITS: tuple[str, ...] = ("train", "test")
LABELS: tuple[str, ...] = (
    *("Aortic enlargement", "Atelectasis", "Calcification", "Cardiomegaly", "Clavicle fracture", "Consolidation"),
    *("Edema", "Emphysema", "Enlarged PA", "ILD", "Infiltration", "Lung Opacity", "Lung cavity", "Lung cyst"),
    *("Mediastinal shift", "Nodule/Mass", "Pleural effusion", "Pleural thickening", "Pneumothorax"),
    *("Pulmonary fibrosis", "Rib fracture", "Other lesion"),
    *("COPD", "Lung tumor", "Pneumonia", "Tuberculosis", "Other diseases", "No finding"),
)
# The last six are of the whole film and have no boxes.
_WITHOUT_BOX = LABELS[-6:]
_NO_FINDING = LABELS[-1]
_READERS = 17
_READERS_A_FILM = 3
_OFF = 0.04  # how far a reader's edge lies from the true one, as a share of the box's side

Seen = dict[str, int]


def patients_by_split(patients: int) -> dict[str, int]:
    """As many for a test of half the size as the other layouts have; the release has 15,000 and 3,000."""
    return {"train": patients, "test": max(1, round(patients / 2))}


def image_path(split: str, patient: int, study: int, number: int, view: str, patients: int) -> str:
    name = hashlib.md5(f"{split} {patient}".encode(), usedforsecurity=False).hexdigest()
    return f"{split}/{name}.dicom"


def save_image(file: pathlib.Path, grey: NDArray[np.uint8], sex: str, age: int) -> None:
    """12 bits under a window that shows the 256 greys as they were drawn. By its name a file is now and then
    MONOCHROME1, whose lowest value is white, or says nothing of sex and age."""
    kind = int(file.stem[:2], 16)
    inverse, silent = kind % 5 == 0, kind % 4 == 0
    tags = {"PhotometricInterpretation": "MONOCHROME1" if inverse else "MONOCHROME2", "ViewPosition": "PA"}
    tags |= {"WindowCenter": str((LARGEST + 1) // 2), "WindowWidth": str(LARGEST + 1)}
    tags |= {"PatientSex": "O", "PatientAge": "000Y"} if silent else {"PatientSex": sex[0], "PatientAge": f"{age:03d}Y"}
    values = np.rint((255 - grey if inverse else grey) * (LARGEST / 255)).astype(np.uint16)
    file.write_bytes(dicom_bytes(values, f"2.25.{int(file.stem[:16], 16)}", tags))


def write_tables(folder: pathlib.Path, pictures: list[Picture]) -> None:
    """A reader misses what is barely there and now and then sees what is not; the test's consensus is the truth."""
    train, test = ([picture for picture in pictures if picture.split == split] for split in SPLITS)
    readings = [(picture, reader, *_reading(picture, reader)) for picture in train for reader in _readers(picture)]
    tables = folder / "annotations"
    tables.mkdir()
    write_text(
        tables / "image_labels_train.csv",
        table(
            ["image_id", "rad_id", *LABELS],
            ([_film(picture), reader, *_columns(seen)] for picture, reader, seen, _ in readings),
        ),
    )
    other = ["Other disease" if name == "Other diseases" else name for name in LABELS]
    write_text(
        tables / "image_labels_test.csv",
        table(["image_id", *other], ([_film(picture), *_columns(picture.truth)] for picture in test)),
    )
    box = ["class_name", "x_min", "y_min", "x_max", "y_max"]
    write_text(
        tables / "annotations_train.csv",
        table(
            ["image_id", "rad_id", *box],
            (
                [_film(picture), reader, *row]
                for picture, reader, seen, shifts in readings
                for row in _boxes(picture, seen, shifts)
            ),
        ),
    )
    write_text(
        tables / "annotations_test.csv",
        table(
            ["image_id", *box],
            ([_film(picture), *row] for picture in test for row in _boxes(picture, picture.truth, np.zeros(4))),
        ),
    )


def _film(picture: Picture) -> str:
    return pathlib.PurePosixPath(picture.path).stem


def _readers(picture: Picture) -> list[str]:
    """Which three of the seventeen saw it."""
    chosen = np.random.default_rng([picture.patient, 0]).choice(_READERS, _READERS_A_FILM, replace=False)
    return [f"R{1 + reader}" for reader in sorted(chosen.tolist())]


def _reading(picture: Picture, reader: str) -> tuple[Seen, NDArray[np.float64]]:
    """What a reader saw, and how far off the edges of this reader's boxes are."""
    random = np.random.default_rng([picture.patient, int(reader[1:])])
    severities = labels.severities("vindr", picture.severities)
    return reports.mine_findings(random, picture.truth, severities), random.uniform(-_OFF, _OFF, 4)


def _columns(seen: Seen) -> list[str]:
    found = {name for name, value in seen.items() if value == POSITIVE} or {_NO_FINDING}
    return [str(int(name in found)) for name in LABELS]


def _boxes(picture: Picture, seen: Seen, shifts: NDArray[np.float64]) -> list[list[str]]:
    """A row for each finding with a box; one without numbers where nothing was found."""
    rows = []
    for name, value in seen.items():
        if value == POSITIVE and name in picture.boxes and name not in _WITHOUT_BOX:
            left, top, width, height = picture.boxes[name]
            edges = np.array([left, top, left + width, top + height]) + shifts * (width, height, width, height)
            across, down = picture.size
            rows.append([name, *(f"{edge:.2f}" for edge in np.clip(edges, 0, (across, down, across, down)))])
    return rows if any(seen.values()) else [[_NO_FINDING, "", "", "", ""]]


LAYOUT = Layout(
    hospital=VINDR_LIKE,
    observations="vindr",
    scanner="chestxray14",
    splits=SPLITS,
    reported=(),
    several_studies=(),
    several_films=False,
    boxes=True,
    patients_by_split=patients_by_split,
    image_path=image_path,
    save_image=save_image,
    write_tables=write_tables,
)
