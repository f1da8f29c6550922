"""Every layout of CheXpert gives the records that its rows describe, and every flaw is named with its line."""

import os
import re
import shutil

import pytest
from chex_tf_datasets.chexpert_studies import dummy_data
from chex_tf_datasets.chexpert_studies.layouts import LABEL_NAMES, read
from chex_tf_datasets.radiograph_records.errors import SourceError

from chex_tf.observations import ALIASES, OBSERVATIONS

LETTERS = {"p": 1, "n": 0, "u": -1, " ": -2}
VIEWS = {"Frontal": 0, "Lateral": 1, "": None}
PROJECTIONS = {"AP": 0, "PA": 1, "LL": 2, "RL": 3, "": 4}
SEXES = {"Female": 0, "Male": 1, "Unknown": 2, "": 2}


def told(row, with_description=True):
    """What dummy data say of an image: patient, view, projection, sex, age, labels."""
    name, sex, age, view, projection, letters = row
    if not with_description:
        sex = age = projection = ""
        view = "Lateral" if "lateral" in name else "Frontal"
    return {
        "patient": name.split("/")[0].encode(),
        "view": VIEWS[view],
        "projection": PROJECTIONS[projection],
        "sex": SEXES[sex],
        "age": int(age) if age else -1,
        "labels": [LETTERS[letter] for letter in letters],
    }


def stored(example):
    return {
        "patient": example["patient"],
        **{name: int(example[name]) for name in ("view", "projection", "sex", "age")},
        "labels": example["labels"].tolist(),
    }


def test_label_names_are_the_projects_own():
    assert LABEL_NAMES == OBSERVATIONS
    from chex_tf_datasets.chexpert_studies.layouts import ALIASES as theirs

    assert theirs.items() <= ALIASES.items()


@pytest.mark.parametrize(
    ("layout", "name", "prefixes", "described"),
    [
        ("small", "CheXpert small", {"train": "CheXpert-v1.0-small/train", "valid": "CheXpert-v1.0-small/valid"}, True),
        (
            "full",
            "CheXpert full, unpacked from its batches",
            {"train": "CheXpert-v1.0/train", "valid": "CheXpert-v1.0/valid"},
            True,
        ),
        ("plus", "CheXpert Plus", {"train": "train", "valid": "valid"}, True),
        ("test_by_study", "CheXpert test set", {"test": "CheXpert-v1.0/test"}, False),
        ("test_by_image", "CheXpert test set", {"test": "test"}, False),
        ("chexlocalize", "CheXlocalize", {"valid": "CheXpert-v1.0/valid", "test": "CheXpert-v1.0/test"}, False),
    ],
)
def test_each_layout_gives_each_image_its_own_bytes_and_values(
    layout, name, prefixes, described, tmp_path, build, records
):
    source = tmp_path / "source"
    dummy_data.LAYOUTS[layout](source)
    found = read(source, "source")
    assert found.layout == name
    folder = build(source)
    for split, prefix in prefixes.items():
        rows = {"train": dummy_data.TRAIN, "valid": dummy_data.VALID, "test": dummy_data.TEST}[split]
        examples = records(folder, split)
        assert {path: stored(example) for path, example in examples.items()} == {
            f"{prefix}/{row[0]}": told(row, described) for row in rows
        }
        for row in rows:
            (file,) = (path for path in source.rglob("*") if str(path.with_suffix("")).endswith(row[0][:-4]))
            example = examples[f"{prefix}/{row[0]}"]
            assert example["image"] == file.read_bytes()
            assert example["study"].decode() == f"{prefix}/{row[0]}".rpartition("/")[0]


@pytest.mark.parametrize(("labels", "value"), [("chexbert", -1), ("visualchexbert", 1), ("CheXbert", -1)])
def test_alternative_training_labels_are_chosen_by_name(labels, value, tmp_path):
    dummy_data.alternative_labels(tmp_path)
    rows = read(tmp_path, labels).splits
    assert {row.labels for row in rows["train"]} == {(value,) * 14}
    assert {row.labels for row in rows["valid"]} == {tuple(told(row)["labels"]) for row in dummy_data.VALID}


def test_a_part_of_the_report_of_chexpert_plus(tmp_path):
    dummy_data.plus(tmp_path)
    assert "labels from report_fixed.json" in read(tmp_path, "source").describe()
    assert "labels from impression_fixed.json" in read(tmp_path, "impression").describe()
    with pytest.raises(SourceError, match=r"expected findings_fixed\.json in it or below"):
        read(tmp_path, "findings")
    with pytest.raises(SourceError, match="expected report, impression, findings or source; received 'chexbert'"):
        read(tmp_path, "chexbert")


def test_folders_may_be_renamed_and_nested(tmp_path):
    dummy_data.full(tmp_path / "source")
    root = tmp_path / "source/chexpertchestxrays-u20210408"
    os.rename(root / "CheXpert-v1.0 batch 2 (train 1)", root / "first")
    os.makedirs(root / "deeper/still")
    os.rename(root / "CheXpert-v1.0 batch 3 (train 2)", root / "deeper/still/second")
    assert len(read(tmp_path / "source", "source").splits["train"]) == 6


def test_the_folder_itself_or_the_one_above_will_do(small):
    assert read(small, "source").fingerprint()["rows"] == read(small.parent, "source").fingerprint()["rows"]


def test_masks_or_other_trees_beside_the_images_do_no_harm(small):
    shutil.copytree(small / "train", small.parent / "masks/train", ignore=lambda *_: {"view1_frontal.jpg"})
    (small / "train/patient00001/study1/notes.txt").write_text("x")
    with pytest.raises(SourceError, match="expected one such file"):  # the laterals are there twice
        read(small.parent, "source")
    for file in (small.parent / "masks").rglob("*.jpg"):
        file.unlink()
    assert len(read(small.parent, "source").splits["train"]) == 6


def change(file, before, after, count=1):
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, count))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (",0.0,", ",0.5,", "line 2: column 'Pneumothorax': expected 1.0, 0.0, -1.0 or nothing; received '0.5'"),
        (
            "Female,68",
            "Femail,68",
            "line 2: column 'Sex': expected Female, Male, Unknown or nothing; received 'Femail'",
        ),
        (",68,", ",sixty,", "line 2: column 'Age': expected an age in whole years or nothing; received 'sixty'"),
        ("Frontal,AP", "Oblique,AP", "line 2: column 'Frontal/Lateral': expected Frontal, Lateral or nothing"),
        ("view2_lateral", "view1_frontal", "line 3: expected each image once; received CheXpert-v1.0-small/train/pat"),
        ("study2/view1", "study9/view1", "line 4: CheXpert-v1.0-small/train/patient00001/study9/view1_frontal.jpg: "),
        (
            "CheXpert-v1.0-small/train/patient00002",
            "../../etc/patient00002",
            "line 5: expected a path inside the source",
        ),
        ("CheXpert-v1.0-small/train/patient00002", "/etc/patient00002", "line 5: expected a path inside the source"),
        ("patient00002/study1", "somebody/study1", "line 5: expected a path like train/patient00001/study1/view1"),
        ("Edema", "Oedema", "line 1: expected a column 'Edema'; received none; did you mean the column 'Oedema'"),
    ],
)
def test_each_flaw_in_a_table_is_named(before, after, message, small):
    change(small / "train.csv", before, after)
    with pytest.raises(SourceError) as error:
        read(small, "source")
    assert message in str(error.value)
    assert str(error.value).startswith(str(small / "train.csv"))
    assert "\n" not in str(error.value)


def test_a_missing_file_names_the_first_place_tried(small):
    (small / "valid/patient64541/study1/view1_frontal.jpg").unlink()
    with pytest.raises(SourceError) as error:
        read(small, "source")
    path = "CheXpert-v1.0-small/valid/patient64541/study1/view1_frontal.jpg"
    assert f"valid.csv, line 2: {path}: expected an image; nothing at {small / path}" in str(error.value)


def test_images_that_were_not_unpacked_are_spoken_of(small):
    shutil.rmtree(small / "train")
    shutil.rmtree(small / "valid")
    with pytest.raises(SourceError, match="was the archive with the images unpacked here"):
        read(small, "source")


def test_a_linked_folder_of_images_is_spoken_of(small, tmp_path):
    os.rename(small / "train", tmp_path / "on_another_disk")
    os.symlink(tmp_path / "on_another_disk", small / "train")
    with pytest.raises(SourceError, match="train is a link that leaves the source and was not followed"):
        read(small, "source")


def test_a_patient_in_two_splits_is_refused(small):
    shutil.copytree(small / "train/patient00001", small / "valid/patient00001")
    change(small / "valid.csv", "valid/patient64541/study1", "valid/patient00001/study1")
    with pytest.raises(
        SourceError, match="expected each patient in one split; received patient00001 in train and valid"
    ):
        read(small, "source")


def test_a_table_without_rows_is_refused(small):
    (small / "valid.csv").write_text((small / "valid.csv").read_text().splitlines()[0] + "\n")
    with pytest.raises(SourceError, match="expected rows for the split valid; received a table without any"):
        read(small, "source")


def test_a_folder_without_tables_says_what_it_looked_for(tmp_path):
    (tmp_path / "labels.csv").write_text("x")
    with pytest.raises(SourceError, match=r"expected train\.csv, valid\.csv, .* in it or below; received labels\.csv"):
        read(tmp_path, "source")


def test_labels_that_are_not_there_are_asked_for_by_file(small):
    with pytest.raises(SourceError, match=r"expected train_visualCheXbert\.csv in it or below; received train\.csv"):
        read(small, "visualchexbert")


def test_a_flaw_in_the_labels_of_chexpert_plus_is_named(tmp_path):
    dummy_data.plus(tmp_path)
    file = tmp_path / "chexbert_labels/report_fixed.json"
    lines = file.read_text().splitlines(keepends=True)
    for broken, message in (
        (lines[1].replace("1.0", "2.0", 1), "line 2: No Finding: expected 1.0, 0.0, -1.0 or null; received 2.0"),
        (lines[1][:-20] + "\n", "line 2: "),
        ("[1]\n", "line 2: expected one JSON object a line"),
        (lines[1].replace("Edema", "Oedema"), "line 2: expected a value of 'Edema'; received none"),
        ("", "line 5: expected labels of train/patient00001/study1/view2_lateral.jpg in report_fixed.json"),
    ):
        file.write_text("".join([lines[0], broken, *lines[2:]]))
        with pytest.raises(SourceError) as error:
            read(tmp_path, "source")
        assert message in str(error.value)
        assert "\n" not in str(error.value)


TABLES_THAT_ARE_NONE = {
    "missing": (
        lambda file, elsewhere: file.unlink(),
        r"expected train\.csv for the \d+ patients in .*train; received none",
    ),
    "a folder": (
        lambda file, elsewhere: (file.unlink(), file.mkdir()),
        r"train\.csv: expected a file .*received a folder",
    ),
    "a link elsewhere": (
        lambda file, elsewhere: (file.rename(elsewhere / "train.csv"), file.symlink_to(elsewhere / "train.csv")),
        r"train\.csv: expected a file inside .*received a link that leaves it",
    ),
    "a link to itself": (
        lambda file, elsewhere: (file.unlink(), file.symlink_to(file)),
        r"train\.csv: expected a file inside .*received .*link",
    ),
    "a pipe": (
        lambda file, elsewhere: (file.unlink(), os.mkfifo(file)),
        r"train\.csv: expected a file .*received a pipe",
    ),
}


@pytest.mark.parametrize("what", TABLES_THAT_ARE_NONE)
def test_a_release_without_its_training_table_is_no_test_set(tmp_path, what):
    """Its training images would be left out in silence, and a pipe would be waited for."""
    (tmp_path / "source").mkdir()
    (tmp_path / "elsewhere").mkdir()
    dummy_data.small(tmp_path / "source")
    act, message = TABLES_THAT_ARE_NONE[what]
    act(next((tmp_path / "source").rglob("train.csv")), tmp_path / "elsewhere")
    with pytest.raises(SourceError, match=message):
        read(tmp_path / "source", "source")


def test_patients_of_another_split_without_a_table_are_counted(tmp_path):
    dummy_data.small(tmp_path)
    next(tmp_path.rglob("valid.csv")).unlink()
    source = read(tmp_path, "source")
    assert set(source.splits) == {"train"}
    assert any(re.fullmatch(r"\d+ patients in .*valid are left out: no table for valid", note) for note in source.notes)
