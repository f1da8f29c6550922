"""MIMIC-CXR-JPG's tables, joined: the records that its rows describe, and a line for every flaw."""

import gzip
import io
import pathlib

import numpy as np
import pytest
from chex_tf_datasets.mimic_cxr_jpg import dummy_data
from chex_tf_datasets.mimic_cxr_jpg.layout import LABEL_NAMES, LABEL_TABLES, METADATA, SPLIT_TABLE, read
from chex_tf_datasets.mimic_cxr_jpg.people import NOBODY, Person
from chex_tf_datasets.radiograph_records.errors import SourceError
from PIL import Image

from chex_tf.observations import OBSERVATIONS
from launch.builders import BUILDERS

FEMALE, MALE, UNKNOWN = 0, 1, 2
AP, PA, LL, NONE = 0, 1, 2, 4
FRONTAL, LATERAL, NEITHER = 0, 1, 2
# place in dummy_data.IMAGES -> split, view, projection, sex, age; from the dummy tables, by hand.
EXPECTED = {
    0: ("train", FRONTAL, PA, FEMALE, 52),
    1: ("train", LATERAL, NONE, FEMALE, 52),
    2: ("train", FRONTAL, AP, FEMALE, 54),
    3: ("train", NEITHER, NONE, MALE, 86),
    4: ("train", NEITHER, NONE, MALE, 86),
    5: ("train", FRONTAL, PA, UNKNOWN, -1),
    6: ("valid", FRONTAL, AP, FEMALE, 96),
    7: ("test", FRONTAL, PA, MALE, 40),
    8: ("test", LATERAL, LL, MALE, 40),
    9: ("test", LATERAL, NONE, MALE, 41),
}
VALUES = {"p": 1, "n": 0, "u": -1, " ": -2}
CHEXPERT = LABEL_TABLES["source"]


@pytest.fixture
def source(tmp_path) -> pathlib.Path:
    dummy_data.mirrored(tmp_path / "source")
    return tmp_path / "source"


def change(source, name, before, after):
    (file,) = source.rglob(name)
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))


def test_label_names_are_chexperts_in_the_tables_order():
    assert sorted(OBSERVATIONS) == list(LABEL_NAMES)
    assert set(BUILDERS["mimic_cxr_jpg"].labels) == set(LABEL_TABLES)


@pytest.mark.parametrize("layout", list(dummy_data.LAYOUTS))
def test_each_layout_gives_each_image_its_own_bytes_and_values(layout, tmp_path, build, records):
    source = tmp_path / "source"
    dummy_data.LAYOUTS[layout](source)
    folder = build(source, builder="mimic_cxr_jpg")
    found = {split: records(folder, split) for split in ("train", "valid", "test")}
    assert sum(map(len, found.values())) == len(dummy_data.IMAGES)
    for place, (split, view, projection, sex, age) in EXPECTED.items():
        path = dummy_data.path(place)
        example = found[split][path]
        _, patient, study, *_ = dummy_data.IMAGES[place]
        assert (example["view"], example["projection"]) == (view, projection)
        known = (sex, age) if layout == "compressed" else (UNKNOWN, -1)  # patients.csv is there
        assert (example["sex"], example["age"]) == known
        assert example["patient"].decode() == f"p{patient}"
        assert example["study"].decode() == f"p{patient}/s{study}"
        letters = dummy_data.LABELS.get(study, (" " * 14,))[0]
        assert example["labels"].tolist() == [VALUES[letter] for letter in letters]
        (file,) = source.rglob(f"{dummy_data.name(place)}.jpg")
        assert example["image"] == file.read_bytes()


def test_what_was_found_is_said(tmp_path):
    dummy_data.compressed(tmp_path)
    said = read(tmp_path).describe()
    assert "labels from mimic-cxr-2.0.0-chexpert.csv.gz" in said
    assert "the split that MIMIC calls validate is called valid" in said
    assert "view unknown: 1 images without a position, and those neither frontal nor lateral: LAO 1" in said
    assert "1 studies have no row of labels: all 14 are stored as not mentioned" in said
    assert "from patients.csv.gz; sex of 1 images and age of 1 unknown" in said
    (tmp_path / "patients.csv.gz").unlink()
    assert "no patients.csv of MIMIC-IV: sex and age are unknown" in read(tmp_path).describe()


def test_the_labeler_is_chosen_by_name(source):
    of_study = {row.study.rpartition("/s")[2]: row.labels for row in read(source, "negbio").splits["train"]}
    for study, labels in of_study.items():
        assert labels == tuple(VALUES[letter] for letter in dummy_data.LABELS[study][1])
    with pytest.raises(SourceError, match="labels: expected source or negbio; received 'chexbert'"):
        read(source, "chexbert")


@pytest.mark.parametrize(
    ("table", "before", "after", "message"),
    [
        (SPLIT_TABLE, ",validate", ",val", "line 8: column 'split': expected train, validate, test; received 'val'"),
        (SPLIT_TABLE, "00000001-", "00000000-", "line 3: expected each image once; received 00000000-"),
        (SPLIT_TABLE, "00000001-", "0000000f-", "line 3: expected a row of 0000000f-bde0afdd"),
        (SPLIT_TABLE, "00000001-", "../00000001-", "line 3: column 'dicom_id': expected 02aa804e-bde0afdd"),
        (SPLIT_TABLE, ",10000764,", ",1000076,", "line 5: column 'subject_id': expected 10000032 or the like"),
        (
            SPLIT_TABLE,
            ",57375967,",
            ",57375968,",
            "line 5: expected patient 10000764 and study 57375968 in every table",
        ),
        (METADATA, ",LAO,", ",OBLIQUE,", "line 6: column 'ViewPosition': expected AP, PA, "),
        (METADATA, "00000001-", "00000000-", "line 3: expected each image once; received 00000000-"),
        (CHEXPERT, "-1.0", "-2.0", "line 3: column 'Enlarged Cardiomediastinum': expected 1.0, 0.0, -1.0 or nothing"),
        (CHEXPERT, ",53189527,", ",50414267,", "line 3: expected each study once; received 50414267 again"),
        (CHEXPERT, "10000764,57375967", "10000765,57375967", "patient 10000765 with the labels"),
        (
            CHEXPERT,
            "Lung Opacity",
            "Lung Opacities",
            "line 1: expected a column 'Lung Opacity'; received none; did you",
        ),
    ],
)
def test_each_flaw_is_named(table, before, after, message, source):
    change(source, table, before, after)
    with pytest.raises(SourceError) as error:
        read(source)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_patient_in_two_splits_is_refused(source):
    change(source, SPLIT_TABLE, ",53189527,10000032,train", ",53189527,10000032,test")
    with pytest.raises(SourceError, match="expected each patient in one split; received p10000032 in train and test"):
        read(source)


def test_images_of_the_metadata_without_a_split_are_refused(source):
    (file,) = source.rglob(SPLIT_TABLE)
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-2]))
    with pytest.raises(
        SourceError, match="a split for each of 10 images of the metadata; received none for 2, such as"
    ):
        read(source)


def test_a_table_of_labels_that_was_cut_is_refused(source, monkeypatch):
    from chex_tf_datasets.mimic_cxr_jpg import layout

    (file,) = source.rglob(CHEXPERT)
    whole = file.read_text().splitlines(keepends=True)
    monkeypatch.setattr(layout, "_WITHOUT_LABELS", 2)
    file.write_text("".join(whole[:-1]))
    assert "2 studies have no row of labels" in read(source).describe()
    file.write_text("".join(whole[:-2]))
    with pytest.raises(
        SourceError, match=r"labels of all but a few of 7 studies; received none for 3, such as s51029426"
    ):
        read(source)


def test_each_table_that_is_not_there_is_asked_for(source):
    for name in (CHEXPERT, METADATA, SPLIT_TABLE):
        (file,) = source.rglob(name)
        file.unlink()
        with pytest.raises(SourceError, match=f"expected {name} or {name}.gz in it or below; received neither"):
            read(source)


def test_a_partial_download_is_counted(source):
    import shutil

    (folder,) = source.rglob("p12000012")
    shutil.rmtree(folder)
    with pytest.raises(SourceError) as error:
        read(source)
    assert "split.csv, line 9: expected an image p12000012/s52000001/00000007-" in str(error.value)
    assert "; 3 of 10 listed paths without an image; --missing_images=leave_out" in str(error.value)
    found = read(source, missing_images="leave_out")
    assert list(found.splits) == ["train", "valid"]
    assert found.missing == {"test": [dummy_data.path(place) for place in (7, 8, 9)]}
    assert "test: 3 listed without an image, left out, which were all: there is no split test" in found.describe()


def test_two_copies_of_an_image_are_refused(source):
    import shutil

    (folder,) = source.rglob("p10")
    shutil.copytree(folder, source / "copy/p10")
    with pytest.raises(
        SourceError, match=r"expected one file p10000032/s50414267/00000000-.*; received copy/p10/p1000"
    ):
        read(source)


def test_an_age_is_the_one_in_the_year_of_the_study():
    person = Person(FEMALE, 52, 2180)
    assert [person.age_on(date) for date in ("21800506", "21820626", "21701231", "", "2180")] == [52, 54, 42, -1, -1]
    assert person.age_on("21000101") == -1  # 28 years before birth
    assert NOBODY.age_on("21800506") == -1


def test_a_flaw_in_the_table_of_people_is_named(tmp_path):
    dummy_data.compressed(tmp_path)
    text = gzip.decompress((tmp_path / "patients.csv.gz").read_bytes()).decode()
    (tmp_path / "patients.csv.gz").unlink()
    for before, after, message in (
        (",2180,", ",,", "line 2: column 'anchor_year': expected a year; received ''"),
        ("10000764,M", "10000032,M", "line 3: expected each patient once; received another row of 10000032"),
        (",F,", ",X,", "line 2: column 'gender': expected Female, Male"),
    ):
        (tmp_path / "patients.csv").write_text(text.replace(before, after, 1))
        with pytest.raises(SourceError) as error:
            read(tmp_path)
        assert message in str(error.value)


def test_the_dicom_files_of_mimic_cxr_may_lie_in_the_same_places(source, build, records):
    pytest.importorskip("pydicom", reason="the extra dicom is not installed")
    from chex_tf_datasets.radiograph_records import dicom
    from chex_tf_datasets.vindr_cxr.dummy_data import pixels, write_film

    for place, file in enumerate(sorted(source.rglob("*.jpg"))):
        write_film(file.with_suffix(".dcm"), pixels(place), {})
        file.unlink()
    found = records(build(source, builder="mimic_cxr_jpg"), "train")
    assert len(found) == 6
    for path, example in found.items():
        (file,) = source.rglob(pathlib.PurePosixPath(path).stem + ".dcm")
        image = np.asarray(Image.open(io.BytesIO(example["image"])))
        np.testing.assert_array_equal(image, dicom.decode(file.read_bytes())[0])
    write = next(source.rglob("*.dcm")).with_suffix(".jpg")
    write.write_bytes(b"")
    with pytest.raises(SourceError, match=r"expected one file p\d+/s\d+/.*\.jpg; received .*\.jpg and .*\.dcm"):
        read(source)
