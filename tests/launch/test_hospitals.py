"""The whole way in another hospital's layout: drawn films, prepared, trained on, and read again from their files."""

import csv
import pathlib
from typing import Any

import numpy as np
import pytest

from chex_tf.phantom import writer
from chex_tf.phantom.picture_tables import Picture
from chex_tf.phantom.settings import PhantomSettings

# Layout of the phantom -> the builder that reads it and settings with which each split has patients.
HOSPITALS: dict[str, tuple[str, dict[str, Any]]] = {
    "mimic": ("mimic_cxr_jpg", {}),
    "brax": ("brax", {"seed": 6}),
    "padchest": ("padchest", {"seed": 5}),
    "vindr": ("vindr_cxr", {"holdout_patients": 0.2}),
}
WITH_CHEXPERTS_LABELS = ["mimic", pytest.param("brax", marks=pytest.mark.slow)]
WITH_THEIR_OWN = ["vindr", pytest.param("padchest", marks=pytest.mark.slow)]
SIDE = 48


@pytest.fixture(scope="module")
def way(request, tmp_path_factory) -> tuple[pathlib.Path, pathlib.Path, list[Picture]]:
    """The drawn films, the prepared data, and what was drawn."""
    from launch import prepare
    from launch.prepare_settings import PrepareSettings

    if request.param == "vindr":
        pytest.importorskip("pydicom", reason="the extra dicom is not installed")
    folder = tmp_path_factory.mktemp(request.param)
    builder, more = HOSPITALS[request.param]
    source = folder / "films"
    pictures = writer.write(
        PhantomSettings(out=source, layout=request.param, patients=20, image_size=SIDE, seed=1, processes=1)
    )
    given = {"dataset": builder, "source": source, "data_dir": folder / "prepared", "threads": 1, **more}
    prepare.prepare(PrepareSettings(**given))
    return source, folder / "prepared", pictures


@pytest.mark.parametrize("way", WITH_CHEXPERTS_LABELS, indirect=True)
def test_records_have_the_labels_that_were_published(way):
    from chex_tf.data.records import open_records, split_names

    _, data, pictures = way
    assert split_names(data) == ("test", "train", "valid")
    published = {picture.path: picture for picture in pictures}
    unlabelled, unknown = set(), 0
    for split in ("train", "valid", "test"):
        records = open_records(data, split)
        views = records.names("view")
        for place, path in enumerate(records.index.path):
            picture = published.pop(path.decode())
            assert picture.split in (split, "validate" if split == "valid" else split, "all")
            labels = dict(zip(records.observations, records.index.labels[place].tolist(), strict=True))
            if set(labels.values()) == {-2} and labels != picture.labels:
                unlabelled.add(records.index.study[place])
            else:
                assert labels == picture.labels
            unknown += views[place] == "unknown"
            assert views[place] in ("unknown", "lateral" if picture.view == "lateral" else "frontal")
            sex = {"Male": "male", "Female": "female", "Unknown": "unknown"}[picture.sex]
            assert records.names("sex")[place] == sex
            # BRAX's ages are in steps of five years, up to 85 or more; a phantom is at most 90.
            assert 0 <= picture.age - records.index.age[place] < 6
    assert not published
    assert unknown > 0
    assert len(unlabelled) <= 1


@pytest.mark.parametrize("way", WITH_THEIR_OWN, indirect=True)
def test_records_have_the_sources_own_labels(way):
    """Each film is there once, with the published values of all labels that can be drawn; else only "none" is true."""
    from chex_tf.data.records import open_records, split_names

    source, data, pictures = way
    published = {picture.path: picture for picture in pictures}
    right, films = 0, 0
    for split in split_names(data):
        records = open_records(data, split)
        for place, path in enumerate(records.index.path):
            picture = published.pop(path.decode())
            assert (source / path.decode()).is_file()
            labels = dict(zip(records.observations, records.index.labels[place].tolist(), strict=True))
            assert len(labels) in (28, 193)
            drawn = {name: labels[name] for name in picture.labels}
            # Of three readers, each of whom errs now and then, the majority is nearly always right.
            by_majority = picture.split == "train"
            right += drawn == picture.labels
            films += 1
            assert by_majority or drawn == picture.labels
            none = {"normal", "No finding"} & labels.keys()
            assert {name for name, value in labels.items() if value} <= {*picture.labels, *none}
            if not by_majority:
                assert [labels[name] for name in none] == [int(not any(drawn.values()))]
            if records.index.age[place] != -1:
                assert records.index.age[place] == picture.age
                assert records.names("sex")[place] == picture.sex.lower()
    assert not published
    assert right > 0.8 * films


@pytest.mark.parametrize("way", [*WITH_CHEXPERTS_LABELS, *WITH_THEIR_OWN], indirect=True)
def test_films_by_path_get_the_predictions_of_their_records(way, tmp_path):
    from chex_tf.data.records import split_names
    from chex_tf.data.settings import DataSettings
    from chex_tf.films import stream
    from chex_tf.models.settings import ModelSettings
    from chex_tf.runs import predictions
    from chex_tf.trained.predict_split import predict_split
    from chex_tf.trained.run import read_run
    from chex_tf.training.observations.settings import ObservationsSettings
    from chex_tf.training.settings import TrainSettings
    from chex_tf.training.train import train_observations

    source, data, pictures = way
    given = {"batch": 8, "steps": 2, "evaluate_every": 2, "evaluate_unit": "steps"}
    given["evaluation_split"] = "valid" if "valid" in split_names(data) else "holdout"
    train_observations(
        TrainSettings(run_dir=tmp_path / "run", **given),
        DataSettings(data=data, image_size=SIDE, tasks=("all",)),
        ModelSettings(arch="ResNet18Minus3"),
        ObservationsSettings(score_tasks=("all",)),
    )
    run = read_run(tmp_path / "run")
    predict_split(run, "test", "test")
    with open(predictions.file(tmp_path / "run", "test"), encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    films = [source / row["Path"] for row in rows]
    readings = list(stream.Reader(run, run.best, batch=4).read(films))
    assert [reading.error for reading in readings] == [""] * len(films)
    by_path = np.stack([reading.probabilities for reading in readings])
    by_record = np.array([[float(row[task]) for task in run.tasks] for row in rows])
    np.testing.assert_allclose(by_path, by_record, atol=2e-6)
    assert len(rows) > 0
    published = {picture.path: picture for picture in pictures}
    with open(predictions.groups_file(tmp_path / "run", "test"), encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            kind = "Lateral" if published[row["Path"]].view == "lateral" else "Frontal"
            assert row["Frontal/Lateral"] in ("", kind)  # empty where the release has no position
