"""BRAX's spreadsheet gives the records that its rows describe, its patients are drawn, and every flaw is named."""

import pathlib

import pytest
from chex_tf_datasets.brax import Builder, dummy_data
from chex_tf_datasets.brax.layout import LABEL_NAMES, read
from chex_tf_datasets.radiograph_records.config import RadiographConfig
from chex_tf_datasets.radiograph_records.errors import SourceError

from chex_tf.observations import OBSERVATIONS

FEMALE, MALE, UNKNOWN = 0, 1, 2
AP, PA, RL, NONE = 0, 1, 3, 4
FRONTAL, LATERAL, NEITHER = 0, 1, 2
# In the order of dummy_data.ROWS, by hand: split with seed 0, view, projection, sex, age.
EXPECTED = (
    ("train", FRONTAL, PA, MALE, 45),
    ("train", LATERAL, NONE, MALE, 45),
    ("train", LATERAL, RL, MALE, 45),
    ("train", FRONTAL, AP, FEMALE, 85),
    ("valid", NEITHER, NONE, UNKNOWN, -1),
    ("test", NEITHER, NONE, FEMALE, 0),
    ("train", FRONTAL, AP, FEMALE, 60),
)
VALUES = {"p": 1, "n": 0, "u": -1, " ": -2}
TABLE = "master_spreadsheet_update.csv"


@pytest.fixture
def source(tmp_path) -> pathlib.Path:
    dummy_data.release(tmp_path / "source")
    return tmp_path / "source"


def test_label_names_are_chexperts():
    assert sorted(OBSERVATIONS) == sorted(LABEL_NAMES)


@pytest.mark.parametrize("layout", list(dummy_data.LAYOUTS))
def test_each_layout_gives_each_image_its_own_bytes_and_values(layout, tmp_path, build, records):
    source = tmp_path / "source"
    dummy_data.LAYOUTS[layout](source)
    folder = build(source, builder="brax")
    assert folder.parent.name == "as_shipped_split_seed_0"
    found = {split: records(folder, split) for split in ("train", "valid", "test")}
    assert sum(map(len, found.values())) == len(dummy_data.ROWS)
    for row, (split, view, projection, sex, age) in zip(dummy_data.ROWS, EXPECTED, strict=True):
        path = dummy_data.path(row)
        example = found[split][path]
        assert (example["view"], example["projection"]) == (view, projection)
        assert (example["sex"], example["age"]) == (sex, age)
        assert example["patient"].decode() == f"id_{row[0]}"
        assert example["study"].decode() == f"id_{row[0]}/Study_{row[1]}"
        assert example["labels"].tolist() == [VALUES[letter] for letter in row[6]]
        (file,) = source.rglob(f"image-{row[2]}.png")
        assert example["image"] == file.read_bytes()


def test_what_was_found_is_said(source):
    said = read(source).describe()
    assert "no official splits: patients were drawn with seed 0, train 80%, valid 10%, test 10%" in said
    assert "85 or more stored as 85; sex of 1 images and age of 1 unknown" in said
    assert "view unknown: 1 images without a position, and those neither frontal nor lateral: LT-DECUB 1" in said


def test_another_seed_draws_other_splits_under_another_name(source):
    drawn = {
        seed: {row.patient: split for split, rows in read(source, seed).splits.items() for row in rows}
        for seed in (0, 16)
    }
    assert drawn[0] != drawn[16]
    assert Builder(data_dir=source, config=RadiographConfig(seed=3)).builder_config.name == "as_shipped_split_seed_3"
    with pytest.raises(
        SourceError, match=r"expected patients in each of train, valid, test; received none in .*another seed"
    ):
        read(source, 1)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("images/id_a1", "../images/id_a1", "line 2: column 'PngPath': expected a path like images/id_X/Study_Y"),
        ("/image-101.png", "/image-101.jpg", "line 3: column 'PngPath': expected a path like images/id_X/Study_Y"),
        ("1010/image-101.png", "1000/image-100.png", "line 3: expected each image once; received images/id_a1"),
        (".png,id_a1", ".png,id_z9", "line 3: expected one patient in id_a1; received id_z9 and id_a1"),
        (".png,id_a1", ".png,", "line 2: column 'PatientID': expected a patient; received nothing"),
        (",M,45", ",M,middle-aged", "line 2: column 'PatientAge': expected an age in whole years"),
        (",M,45", ",X,45", "line 2: column 'PatientSex': expected Female, Male"),
        (",AP LLD,", ",APLLD,", "line 5: column 'ViewPosition': expected AP, PA, "),
        (",-1.0,", ",0.5,", "line 4: column 'Edema': expected 1.0, 0.0, -1.0 or nothing; received '0.5'"),
    ],
)
def test_each_flaw_is_named(before, after, message, source):
    text = (source / TABLE).read_text()
    assert before in text
    (source / TABLE).write_text(text.replace(before, after, 1))
    with pytest.raises(SourceError) as error:
        read(source)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_partial_download_is_counted(source):
    (file,) = source.rglob("image-110.png")
    file.unlink()
    with pytest.raises(SourceError, match=r"line 4: expected an image id_a1/Study_11.*; 1 of 7 listed paths without"):
        read(source)
    assert read(source, missing_images="leave_out").missing == {"train": [dummy_data.path(dummy_data.ROWS[2])]}


def test_dicom_files_beside_the_images_do_no_harm_and_two_spreadsheets_are_told_apart(source):
    for row in dummy_data.ROWS:
        file = source / dummy_data.path(row, "Anonymized_DICOMs", ".dcm")
        file.parent.mkdir(parents=True)
        file.write_bytes(b"")
    (source / "master_spreadsheet.csv").write_text("x")
    assert "master_spreadsheet.csv is left aside for master_spreadsheet_update.csv" in read(source).describe()
    (source / TABLE).unlink()
    (source / "master_spreadsheet.csv").unlink()
    with pytest.raises(SourceError, match=r"expected master_spreadsheet_update\.csv or master_spreadsheet\.csv in it"):
        read(source)
