"""A phantom in PadChest's layout: folders, 16 bits, lists as strings with their blanks, and the truth of physicians."""

import ast
import csv
import pathlib

import numpy as np
import pytest
from PIL import Image

from chex_tf.phantom import labels, padchest_layout, writer
from chex_tf.phantom.picture_tables import Picture
from chex_tf.phantom.settings import PhantomSettings


@pytest.fixture(scope="module")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, list[Picture]]:
    out = tmp_path_factory.mktemp("padchest") / "phantom"
    return out, writer.write(PhantomSettings(out=out, layout="padchest", patients=24, image_size=40, processes=1))


def rows(out: pathlib.Path) -> list[dict[str, str]]:
    with open(out / padchest_layout.TABLE, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_rows_name_the_films_and_their_labels(phantom) -> None:
    out, pictures = phantom
    *found, corrupt = rows(out)
    assert corrupt["ImageID"] == padchest_layout.CORRUPT
    assert len(found) == len(pictures)
    blanks = 0
    for row, picture in zip(found, pictures, strict=True):
        assert f"{row['ImageDir']}/{row['ImageID']}" == picture.path
        listed = ast.literal_eval(row["Labels"])
        blanks += any(name != name.strip() or not name for name in listed)
        named = {name.strip() for name in listed} - {""}
        assert named == ({name for name, value in picture.labels.items() if value} or {"normal"})
        if row["MethodLabel"] == "Physician":
            assert picture.labels == picture.truth
        assert int(row["StudyDate_DICOM"][:4]) - float(row["PatientBirth"]) == picture.age
    assert 0 < blanks < len(found)
    assert {row["Projection"] for row in found} == {"PA", "AP_horizontal", "L", "COSTAL", "EXCLUDE"}
    assert any(picture.labels != picture.truth for picture in pictures)


def test_films_have_16_bits_of_which_the_greys_are_257_apart(phantom) -> None:
    out, pictures = phantom
    values = np.asarray(Image.open(out / pictures[0].path))
    assert values.dtype.itemsize > 1
    assert values.max() > 255
    assert not (values % 257).any()


def test_names_are_padchests_own() -> None:
    from chex_tf_datasets.padchest.layout import CORRUPT, LABEL_NAMES, TABLE

    assert set(labels.PADCHEST_SIGNS) | {"normal"} <= set(LABEL_NAMES)
    assert padchest_layout.TABLE == TABLE
    assert padchest_layout.CORRUPT in CORRUPT
