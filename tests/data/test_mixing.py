"""Several hospitals' films as one set of records: labels by the map, shares, statistics, and nobody mistaken."""

import dataclasses
import json
import math
import pathlib
import shutil

import numpy as np
import pytest

from chex_tf.data import mixing
from chex_tf.data.pipeline import Source
from chex_tf.data.records import Statistics, open_records
from chex_tf.observations import CHEST_XRAY14_FINDINGS, OBSERVATIONS
from chex_tf.settings import InputError

IMAGES = 37  # of the training split


def as_data_set(prepared: pathlib.Path, folder: pathlib.Path, name: str, labels, mean: float, deviation: float):
    """The same films under the name and the labels of another builder."""
    folder = pathlib.Path(shutil.copytree(prepared, folder / name / "1.0.0"))
    for file in folder.glob("films-*"):
        file.rename(file.with_name(file.name.replace("films-", f"{name}-")))
    for file in ("dataset_info.json", "metadata.json"):
        content = json.loads((folder / file).read_text())
        if file == "metadata.json":
            content["label_names"] = list(labels)
        else:
            content["name"] = name
        (folder / file).write_text(json.dumps(content))
    pixels = {"mean": mean, "standard_deviation": deviation}
    (folder / "summary.json").write_text(json.dumps({"splits": {"train": {"pixels": pixels}}}))
    return folder


@pytest.fixture(scope="module")
def chexpert(prepared, tmp_path_factory) -> pathlib.Path:
    return as_data_set(prepared, tmp_path_factory.mktemp("here"), "chexpert_studies", OBSERVATIONS, 100.0, 50.0)


@pytest.fixture(scope="module")
def nih(prepared, tmp_path_factory) -> pathlib.Path:
    return as_data_set(prepared, tmp_path_factory.mktemp("there"), "chest_xray14", CHEST_XRAY14_FINDINGS, 120.0, 60.0)


@pytest.fixture
def mixed(chexpert, nih, settings_of):
    def make(**changes):
        given = {"data": chexpert, "more_data": (nih,), "tasks": ("all",)} | changes
        return Source(settings_of(**given), training=True)

    return make


def labels_of(source, task):
    """Raw labels of the second source's films 0, 1, 2 and 3, by their numbers in the fixture."""
    records = source.records
    paths = [path.decode() for path in records.index.path[IMAGES:]]
    column = records.observations.index(task)
    found = {}
    for place, path in enumerate(paths, start=IMAGES):
        patient = int(path.split("/patient")[1][:5])
        number = 3 * patient + int(path.rsplit("/view", 1)[1][0]) - 1
        found[number] = int(records.index.labels[place, column])
    return [found[number] for number in range(4)]


def test_labels_of_the_other_set_are_read_by_the_map(mixed):
    """Film n has at the label in place p the value (1, 0, -1, -2)[(n + p) % 4]."""
    source = mixed()
    assert len(source.records) == 2 * IMAGES
    assert source.records.observations == OBSERVATIONS
    assert labels_of(source, "Cardiomegaly") == [0, -1, -2, 1]  # in place 1 there
    assert labels_of(source, "Pleural Effusion") == [-1, -2, 1, 0]  # Effusion, in place 2
    # Mass in place 4 and Nodule in 5: (1, 0), (0, -1), (-1, -2), (-2, 1).
    assert labels_of(source, "Lung Lesion") == [1, -1, -1, 1]
    assert labels_of(source, "Support Devices") == [-3] * 4


def test_a_label_that_a_set_does_not_know_is_never_negative(mixed):
    source = mixed(blank="zeros", uncertain="zeros")
    counts = {one.task: one for one in source.targets.counts(source.examples)}
    assert counts["Support Devices"].unlabelled == IMAGES
    assert counts["Cardiomegaly"].unlabelled == 0
    column = source.targets.tasks.index("Support Devices")
    assert source.targets.weights[IMAGES:, column].sum() == 0
    assert source.targets.weights[:IMAGES, column].sum() == IMAGES
    text = source.describe_labels()
    assert text[1].endswith("unknown there")
    row = next(line for line in text if line.startswith("Support Devices"))
    assert row.endswith(" 37")
    assert "unlabelled" not in counts["Cardiomegaly"].to_json()


def test_who_is_who(mixed, chexpert):
    """Patients of the two hospitals have the same names; they are not the same people."""
    source = mixed()
    patients = source.records.index.patient
    assert len(np.unique(patients)) == 2 * len(np.unique(patients[:IMAGES]))
    assert patients[IMAGES].startswith(b"2/patient")
    own = open_records(chexpert, "train")
    assert source.records.index.path[:IMAGES].tolist() == own.index.path.tolist()
    assert [source.records.read(place) for place in (0, IMAGES)] == [own.read(0)] * 2  # the same films in both


def test_a_batch_has_the_shares_that_are_asked_for_and_is_a_function_of_its_number(mixed):
    source = mixed(data_weights=(1.0, 3.0), data_seed=5)
    assert (source.order.sizes, source.order.drawn) == ((37, 37), (19, 55))  # 74 places, 18.5 and 55.5
    drawn = np.concatenate([source.batch(step, 37)["index"] for step in range(2)])
    assert (np.sum(drawn < IMAGES), np.sum(drawn >= IMAGES)) == (19, 55)
    again = mixed(data_weights=(1.0, 3.0), data_seed=5).batch(1, 37)
    for name, column in source.batch(1, 37).items():
        np.testing.assert_array_equal(column, again[name])
    halves = [source.batch(1, 36, shard=shard, shards=2)["index"] for shard in range(2)]
    assert np.concatenate(halves).tolist() == source.batch(1, 36)["index"].tolist()
    assert source.frequencies[[0, IMAGES]].tolist() == [19 / 37, 55 / 37]


def test_pixels_are_normalised_by_what_is_drawn(mixed):
    """Half of mean 100 and deviation 50, half of 120 and 60: (2500 + 3600) / 2 within and 10² between."""
    found = mixed().statistics()
    assert (found.mean, found.deviation) == (110.0, pytest.approx(math.sqrt(3050 + 100)))
    weighted = mixed(data_weights=(1.0, 3.0)).statistics()
    assert weighted.mean == pytest.approx((19 * 100 + 55 * 120) / 74)
    only = mixing.pooled([Statistics(90.0, 40.0)], np.array([1.0]))
    assert (only.mean, only.deviation) == (90.0, pytest.approx(40.0))


def test_the_plan_says_how_many_films_of_each(mixed):
    first, second, last = mixed(data_weights=(1.0, 3.0)).describe_mixture()
    assert first.startswith("source 1 of 2, chexpert_studies/1.0.0 train: 37 images of 13 patients, 25.7% of what is")
    assert "each 0.514 times a pass; pixels mean 100.00, deviation 50.00; labels: its own" in first
    assert "74.3% of what is drawn, each 1.49 times a pass; pixels mean 120.00, deviation 60.00" in second
    assert "labels of 10 of 14 tasks, not the same: Lung Opacity (union: Atelectasis, " in second
    assert second.endswith(
        "unknown there, which teaches nothing: No Finding, Enlarged Cardiomediastinum, Fracture, Support Devices"
    )
    assert last == "checkpoints are ranked on the first source's evaluation split, of chexpert_studies/1.0.0"
    recorded = mixed().to_json()["sources"]
    assert [one["name"] for one in recorded] == ["chexpert_studies/1.0.0", "chest_xray14/1.0.0"]
    assert [one["images"] for one in recorded] == [37, 37]
    assert recorded[1]["labels"]["Lung Lesion"] == ["Mass", "Nodule"]
    json.dumps(recorded)


def test_views_are_chosen_of_each(mixed):
    source = mixed(views="frontal")
    assert source.order.sizes == (25, 25)
    assert set(source.records.names("view")[source.examples]) == {"frontal"}


def test_evaluation_stays_with_the_first(mixed, chexpert, settings_of, nih):
    settings = settings_of(data=chexpert, more_data=(nih,), data_weights=(1.0, 1.0))
    valid = Source(settings, "valid", training=False)
    assert (len(valid), valid.mixture, valid.folders) == (11, None, (chexpert,))
    evaluated = settings.as_evaluated()
    assert (evaluated.more_data, evaluated.data_weights) == ((), ())


def test_a_copy_of_the_evaluation_split_is_noticed(chexpert, mixed, tmp_path, nih):
    again = pathlib.Path(shutil.copytree(chexpert, tmp_path / "again"))
    source = mixed(more_data=(nih, again))
    (note,) = source.mixture.shared_with(open_records(chexpert, "valid"))
    assert note.startswith("note: 4 patients of valid by name in ")
    assert source.mixture.shared_with(named(open_records(chexpert, "valid"), "brax/1.0.0")) == []


def named(records, name):
    records.name = name
    return records


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data_weights": (1.0,)}, "expected a number above 0 for --data and each of 1 --more_data; received 1"),
        ({"data_weights": (1.0, 0.0)}, "expected a number above 0 .* received 1, 0"),
        ({"train_patients": 3}, "a subset is of one data set's patients"),
        ({"shuffle": "blocks"}, "several data sets are shuffled in full"),
        (
            {"tasks": ("Fracture", "Support Devices")},
            "knows none of the tasks that are learned: Fracture: chest_xray14",
        ),
        ({"data_weights": (1e9, 1.0)}, "expected weights by which each set is drawn"),
    ],
)
def test_what_does_not_go_together_is_refused(mixed, changes, message):
    with pytest.raises(InputError, match=message):
        mixed(**changes)


def test_a_folder_is_mixed_in_once(mixed, chexpert):
    with pytest.raises(InputError, match="expected each folder once"):
        mixed(more_data=(chexpert,))


def test_settings_of_a_run_come_back(mixed):
    settings = mixed(data_weights=(1.0, 3.0)).settings
    assert type(settings).from_json(json.loads(json.dumps(settings.to_json()))) == dataclasses.replace(settings)
