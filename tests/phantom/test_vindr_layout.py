"""A phantom in VinDr-CXR's layout: three readers a training film, a consensus that is the truth, boxes."""

import csv
import pathlib

import numpy as np
import pytest

from chex_tf.phantom import labels, vindr_layout, writer
from chex_tf.phantom.picture_tables import Picture
from chex_tf.phantom.settings import PhantomSettings


@pytest.fixture(scope="module")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, list[Picture]]:
    out = tmp_path_factory.mktemp("vindr") / "phantom"
    return out, writer.write(PhantomSettings(out=out, layout="vindr", patients=24, image_size=40, processes=1))


def rows(out: pathlib.Path, name: str) -> list[dict[str, str]]:
    with open(out / "annotations" / f"{name}.csv", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def named(row: dict[str, str]) -> set[str]:
    return {name for name in row if row[name] == "1"}


def test_three_readers_see_nearly_the_truth(phantom) -> None:
    out, pictures = phantom
    truth = {picture.path: {name for name, value in picture.truth.items() if value} for picture in pictures}
    readings = rows(out, "image_labels_train")
    agreed = []
    for picture in (picture for picture in pictures if picture.split == "train"):
        film = picture.path.removeprefix("train/").removesuffix(".dicom")
        of_film = [row for row in readings if row["image_id"] == film]
        assert len({row["rad_id"] for row in of_film}) == 3
        agreed += [named(row) == (truth[picture.path] or {"No finding"}) for row in of_film]
    assert len(agreed) == len(readings) == 3 * 24
    assert 0.5 < np.mean(agreed) < 1


def test_the_consensus_is_the_truth_and_its_column_has_the_other_name(phantom) -> None:
    out, pictures = phantom
    test = {row["image_id"]: row for row in rows(out, "image_labels_test")}
    assert "Other disease" in next(iter(test.values()))
    for picture in (picture for picture in pictures if picture.split == "test"):
        found = named(test.pop(picture.path[len("test/") : -len(".dicom")]))
        assert found == ({name for name, value in picture.truth.items() if value} or {"No finding"})
    assert not test


def test_boxes_lie_in_the_film_and_only_where_something_was_seen(phantom) -> None:
    out, pictures = phantom
    sizes = {pathlib.PurePosixPath(picture.path).stem: picture.size for picture in pictures}
    seen = {(row["image_id"], row["rad_id"]): named(row) for row in rows(out, "image_labels_train")}
    boxes = rows(out, "annotations_train")
    for row in boxes:
        assert row["class_name"] in seen[row["image_id"], row["rad_id"]]
        if row["class_name"] == "No finding":
            assert row["x_min"] == row["y_max"] == ""
        else:
            width, height = sizes[row["image_id"]]
            assert 0 <= float(row["x_min"]) < float(row["x_max"]) <= width
            assert 0 <= float(row["y_min"]) < float(row["y_max"]) <= height
    assert {"No finding"} < {row["class_name"] for row in boxes}


def test_names_are_vindrs_own_and_each_film_is_of_another_patient(phantom) -> None:
    from chex_tf_datasets.vindr_cxr.layout import LABEL_NAMES

    assert vindr_layout.LABELS == LABEL_NAMES
    assert set(labels.VINDR_SIGNS) <= set(LABEL_NAMES)
    _, pictures = phantom
    assert {picture.view for picture in pictures} == {"PA"}
    assert len({picture.path for picture in pictures}) == len({picture.patient for picture in pictures}) == 36
