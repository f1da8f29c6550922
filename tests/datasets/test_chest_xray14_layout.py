"""ChestX-ray14's layouts give the records that its rows describe, and every flaw is named."""

import pytest
from chex_tf_datasets.chest_xray14 import dummy_data
from chex_tf_datasets.chest_xray14.layout import LABEL_NAMES, findings, read
from chex_tf_datasets.radiograph_records.errors import SourceError

from chex_tf.observations import CHEST_XRAY14_FINDINGS, CHEST_XRAY14_NO_FINDING

# name -> patient, projection, sex, age, findings; from the dummy table, by hand.
EXPECTED = {
    "00000001_000.png": ("00000001", 1, 1, 57, {"Cardiomegaly"}),
    "00000001_001.png": ("00000001", 1, 1, 58, {"Cardiomegaly", "Emphysema"}),
    "00000002_000.png": ("00000002", 0, 0, 80, set()),
    "00000003_000.png": ("00000003", 1, 0, 74, {"Infiltration", "Hernia"}),
    "00000004_000.png": ("00000004", 0, 1, 82, {"Pleural_Thickening"}),
}
TABLE = "Data_Entry_2017_v2020.csv"


@pytest.fixture
def source(tmp_path):
    dummy_data.one_folder(tmp_path / "source")
    return tmp_path / "source"


def change(file, before, after):
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))


def test_label_names_are_the_projects_own():
    from chex_tf_datasets.chest_xray14.layout import NO_FINDING

    assert LABEL_NAMES == CHEST_XRAY14_FINDINGS
    assert NO_FINDING == CHEST_XRAY14_NO_FINDING


@pytest.mark.parametrize("layout", list(dummy_data.LAYOUTS))
def test_each_layout_gives_each_image_its_own_bytes_and_values(layout, tmp_path, build, records):
    source = tmp_path / "source"
    dummy_data.LAYOUTS[layout](source)
    folder = build(source, builder="chest_xray14")
    train, test = records(folder, "train"), records(folder, "test")
    assert set(train) == set(dummy_data.TRAIN_VAL)
    assert set(test) == set(dummy_data.TEST)
    for name, example in {**train, **test}.items():
        patient, projection, sex, age, named = EXPECTED[name]
        assert example["patient"].decode() == patient
        assert example["study"].decode() == name[:-4]
        assert (example["view"], example["projection"], example["sex"], example["age"]) == (0, projection, sex, age)
        assert {LABEL_NAMES[place] for place in example["labels"].nonzero()[0]} == named
        (file,) = source.rglob(name)
        assert example["image"] == file.read_bytes()


def test_without_the_lists_every_image_is_in_train_and_that_is_said(source):
    (source / "train_val_list.txt").unlink()
    with pytest.raises(SourceError, match=r"expected both train_val_list\.txt and test_list\.txt, or neither"):
        read(source)
    (source / "test_list.txt").unlink()
    found = read(source)
    assert len(found.splits["train"]) == 5
    assert "every image is in train" in found.describe()


@pytest.mark.parametrize(
    ("file", "before", "after", "message"),
    [
        (TABLE, "Cardiomegaly,0", "Kardiomegaly,0", f"{TABLE}, line 2: column 'Finding Labels': expected findings"),
        (TABLE, "No Finding", "No Finding|Mass", f"{TABLE}, line 4: column 'Finding Labels': expected findings"),
        (TABLE, "00000001_001.png", "00000001_000.png", f"{TABLE}, line 3: expected each image once"),
        (TABLE, "00000001_001.png", "../../00000001_001.png", f"{TABLE}, line 3: expected '../../00000001_001.png' in"),
        (TABLE, ",0,2,80", ",0,7,80", f"{TABLE}, line 4: column 'Patient ID': expected 2 as in 00000002_000.png"),
        (TABLE, ",80,F", ",80,?", f"{TABLE}, line 4: column 'Patient Sex': expected Female, Male"),
        ("test_list.txt", "00000004_000.png", "", "expected '00000004_000.png' in train_val_list.txt or test_list.txt"),
        (
            "test_list.txt",
            "00000004_000.png",
            "00000004_000.png\n00000009_000.png",
            "received none for '00000009_000.png'",
        ),
        (
            "test_list.txt",
            "00000004_000.png",
            "00000004_000.png\n00000001_000.png",
            "test_list.txt, line 3: expected each",
        ),
    ],
)
def test_each_flaw_is_named(file, before, after, message, source):
    change(source / file, before, after)
    with pytest.raises(SourceError) as error:
        read(source)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_image_is_named_with_its_line(source):
    (source / "images/00000003_000.png").unlink()
    with pytest.raises(SourceError, match=r"line 5: expected one image 00000003_000\.png .* no such file in images"):
        read(source)


def test_findings():
    assert sum(findings("No Finding")) == 0
    assert findings("Hernia|Atelectasis") == (1, *[0] * 12, 1)
