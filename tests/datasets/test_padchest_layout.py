"""PadChest's layouts give the records that its rows describe, and every flaw is named."""

import pytest
from chex_tf_datasets.padchest import dummy_data
from chex_tf_datasets.padchest.layout import CORRUPT, LABEL_NAMES, TABLE, findings, read
from chex_tf_datasets.radiograph_records.errors import SourceError

# path -> split, patient, study, view, projection, sex, age, labels; from the dummy table, by hand.
FRONTAL, LATERAL, NO_VIEW = 0, 1, 2
AP, PA, LL, NONE = 0, 1, 2, 4
FEMALE, MALE, NO_SEX = 0, 1, 2
EXPECTED = {
    "0/1_a.png": ("train", "1", "s1", FRONTAL, PA, MALE, 61, {"cardiomegaly", "pleural effusion"}),
    "0/1_b.png": ("train", "1", "s1", LATERAL, LL, MALE, 61, {"cardiomegaly", "pleural effusion"}),
    "54/3_a.png": ("train", "3", "s2", FRONTAL, AP, FEMALE, 64, {"normal"}),
    "1/2_a.png": ("valid", "2", "s3", FRONTAL, AP, FEMALE, -1, {"NSG tube", "COPD signs"}),
    "1/7_a.png": ("test", "7", "s4", NO_VIEW, NONE, NO_SEX, 52, None),
    "3/4_a.png": ("train", "4", "s5", NO_VIEW, NONE, NO_SEX, -1, None),
}


@pytest.fixture
def source(tmp_path):
    dummy_data.numbered(tmp_path / "source")
    return tmp_path / "source"


def change(source, before, after):
    file = source / TABLE
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))


@pytest.mark.parametrize("layout", list(dummy_data.LAYOUTS))
def test_each_row_gives_its_own_values(layout, tmp_path):
    dummy_data.LAYOUTS[layout](tmp_path / "source")
    found = read(tmp_path / "source")
    rows = {row.path: (split, row) for split, some in found.splits.items() for row in some}
    assert set(rows) == set(EXPECTED)
    for path, (split, patient, study, view, projection, sex, age, named) in EXPECTED.items():
        its_split, row = rows[path]
        assert (its_split, row.patient, row.study) == (split, patient, study)
        assert (row.view, row.projection, row.sex, row.age) == (view, projection, sex, age)
        positive = {name for name, value in zip(LABEL_NAMES, row.labels, strict=True) if value == 1}
        assert positive == (named or set())
        assert set(row.labels) == ({0, 1} if named else {-2})
        assert (tmp_path / "source" / row.file).name == path.rpartition("/")[2]
    assert found.notes == (
        "no official splits: patients were drawn with seed 0, train 80%, valid 10%, test 10%",
        "1 of 21 images known to be corrupt left out by name",
        "2 images without any label: all are stored as not mentioned",
        "1 images of an impossible age: stored as unknown",
    )


def test_records_hold_the_files_bytes_and_another_seed_has_another_folder(source, build, records):
    folder = build(source, builder="padchest")
    for split in ("train", "valid", "test"):
        for path, example in records(folder, split).items():
            assert example["image"] == (source / path).read_bytes()
    assert folder.parent.name == "as_shipped_split_seed_0"
    assert (len(LABEL_NAMES), len(CORRUPT)) == (193, 21)


def test_labels_of_one_method_only(source):
    change(source, """RNN_model,"['NSG""", """Physician,"['NSG""")
    found = read(source, "physician")
    assert {split: len(rows) for split, rows in found.splits.items()} == {"train": 2, "valid": 1, "test": 1}
    assert "labels by Physician only: 2 images with others left out" in found.notes
    with pytest.raises(SourceError, match="expected patients in each of train, valid, test; received none in valid"):
        read(source, "rnn")
    with pytest.raises(SourceError, match="labels: expected source or physician or rnn; received 'chexbert'"):
        read(source, "chexbert")


def test_a_list_of_labels_is_read_whatever_its_blanks_and_letters():
    values = findings("[' Cardiomegaly ', '', 'copd SIGNS']")
    assert {LABEL_NAMES[place] for place, value in enumerate(values) if value} == {"cardiomegaly", "COPD signs"}
    assert findings("nan") == findings("['']") == findings("") == (-2,) * 193


@pytest.mark.parametrize(
    "text", ["cardiomegaly", "{'a': 1}", "[1]", "['no such thing']", "[" * 5000, "__import__('os')"]
)
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match=r"expected (a list of labels|labels of PadChest)"):
        findings(text)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("1_b.png", "1_a.png", r"line 5: expected each image once; received 1_a\.png again, first in line 3"),
        (",L,", ",OBLIQUE,", "column 'Projection': expected PA, AP, AP_horizontal, L, COSTAL, EXCLUDE or nothing"),
        ("1949.0", "49", "column 'PatientBirth': expected a year or a date"),
        (",1,1949.0", ",,1949.0", "column 'PatientID': expected a patient; received nothing"),
        (",M,POST", ",X,POST", "column 'PatientSex_DICOM': expected M, F, O or nothing"),
        ("'cardiomegaly', ' ple", "'cardiomegali', ' ple", "column 'Labels': expected labels of PadChest, of which"),
        (
            "1_b.png",
            "gone.png",
            r"expected an image gone\.png in .*; received none; 1 of 6 listed paths without an image",
        ),
        ("ImageID", "Image", "expected a column 'ImageID'"),
    ],
)
def test_flaws_are_named(source, before, after, reason):
    change(source, before, after)
    with pytest.raises(SourceError, match=reason):
        read(source)


def test_a_partial_download_is_prepared_when_asked_for(source):
    (source / "1/2_a.png").unlink()
    found = read(source, missing_images="leave_out")
    assert found.missing == {"valid": ["1/2_a.png"]}
    assert {split: len(rows) for split, rows in found.splits.items()} == {"train": 4, "test": 1}


def test_of_two_files_of_one_name_the_one_in_the_numbered_folder_counts(source):
    (source / "copies").mkdir()
    (source / "copies/1_a.png").write_bytes((source / "0/1_b.png").read_bytes())
    assert "0/1_a.png" in {row.file for row in read(source).splits["train"]}
    (source / "0/1_a.png").rename(source / "1/1_a.png")
    with pytest.raises(SourceError, match=r"expected one image 1_a\.png below .*; received 1 and copies"):
        read(source)


def test_a_folder_without_the_table_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"expected PADCHEST_.*\.csv or PADCHEST_.*\.csv\.gz in it or below"):
        read(tmp_path)
