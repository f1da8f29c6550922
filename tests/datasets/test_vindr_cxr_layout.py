"""VinDr-CXR's films under each rule for its readers, worked out by hand; and every flaw named."""

import io

import numpy as np
import pytest
from chex_tf_datasets.radiograph_records import dicom
from chex_tf_datasets.radiograph_records.errors import SourceError
from chex_tf_datasets.vindr_cxr import dummy_data
from chex_tf_datasets.vindr_cxr.layout import LABEL_NAMES, _with_person, any_reader, majority, read
from PIL import Image

pytest.importorskip("pydicom", reason="the extra dicom is not installed")

FIRST, SECOND, THIRD = dummy_data.TRAIN
MAJORITY = {FIRST: {"No finding"}, SECOND: {"Cardiomegaly"}, THIRD: {"Consolidation", "Infiltration"}}
ANY = {
    FIRST: {"No finding", "Cardiomegaly"},
    SECOND: {"Cardiomegaly", "Nodule/Mass", "Pleural effusion", "Other diseases"},
    THIRD: {"Consolidation", "Infiltration"},
}
R9 = {SECOND: {"Cardiomegaly"}, THIRD: {"Consolidation", "Infiltration"}}


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """To be read only."""
    folder = tmp_path_factory.mktemp("vindr")
    dummy_data.release(folder)
    return folder


@pytest.fixture
def source(tmp_path):
    dummy_data.release(tmp_path / "source")
    return tmp_path / "source"


def named(row):
    return {name for name, value in zip(LABEL_NAMES, row.labels, strict=True) if value == 1}


@pytest.mark.parametrize(
    ("rule", "expected", "said"),
    [
        ("source", MAJORITY, "the majority of 3 readers a film"),
        ("majority", MAJORITY, "the majority of 3 readers a film"),
        ("any", ANY, "positive where any of 3 readers a film says so"),
        ("R9", R9, "what R9 said; 1 films that R9 did not see left out"),
    ],
)
def test_each_rule_makes_its_labels(release, rule, expected, said):
    found = read(release, rule)
    assert {row.key: named(row) for row in found.splits["train"]} == expected
    assert {row.key: named(row) for row in found.splits["test"]} == {
        film: set(labels) for film, labels in dummy_data.TEST.items()
    }
    assert f"labels of train: {said}; --labels takes majority, any or a reader such as R8" in found.notes


def test_films_on_which_readers_agree_about_nothing_are_counted(source):
    """Three readers, three findings: by label none has a majority, and No finding has none either."""
    file = source / "annotations/image_labels_train.csv"
    lines = file.read_text().splitlines()
    for line, finding in ((1, "Edema"), (2, "ILD")):
        reader = f"R{line}"
        lines[line] = ",".join([FIRST, reader, *("1" if name == finding else "0" for name in LABEL_NAMES)])
    file.write_text("\n".join(lines) + "\n")
    said = "train: no label of 1 films is positive, not even No finding: readers disagreed"
    assert said in read(source).notes
    assert said not in read(source, "any").notes


def test_votes_by_hand():
    readings = [(1, 1, 0, -2, -2), (1, 0, 0, 1, -2), (1, 0, -2, -2, -2)]
    assert majority(readings) == (1, 0, 0, 1, -2)
    assert any_reader(readings) == (1, 1, 0, 1, -2)
    assert majority(readings[:2]) == (1, 0, 0, 1, -2)  # one of two is no majority


def test_what_the_files_say_of_people(release):
    rows = {row.key: row for rows in read(release).splits.values() for row in rows}
    female, male, unknown = 0, 1, 2
    assert [(rows[film].sex, rows[film].age) for film in dummy_data.TAGS] == [
        (female, 61),
        (male, -1),
        (unknown, -1),
        (unknown, -1),
        (male, 45),
    ]
    assert {(row.view, row.projection) for row in rows.values()} == {(0, 1)}
    assert all(row.patient == row.study == row.key for row in rows.values())
    notes = read(release).notes
    assert "from the DICOM files: the sex of 3 and the age of 2 of 5 films" in notes
    assert "no patients are named: each film counts as a patient of its own" in notes


@pytest.mark.parametrize(
    ("sex", "age", "expected"),
    [("m", "013M", (1, 1)), ("F", "about 40", (0, -1)), ("male", "5000Y", (2, -1)), ("", "", (2, -1))],
)
def test_what_dicom_has_no_form_for_is_unknown(release, sex, age, expected):
    row = _with_person(read(release).splits["test"][0], sex, age)
    assert (row.sex, row.age) == expected


def test_records_hold_the_pixels_that_the_one_function_gives(release, build, records, summary):
    """12 bits to 8 under a window of 4,096 about 2,048: (x - 2047.5) / 4095 + 0.5 of 255 (DICOM part 3, C.11.2.1.2)."""
    folder = build(release, builder="vindr_cxr")
    found = {**records(folder, "train"), **records(folder, "test")}
    assert set(found) == {
        f"{split}/{film}.dicom" for split in ("train", "test") for film in getattr(dummy_data, split.upper())
    }
    for place, film in enumerate(dummy_data.TAGS):
        (path,) = (path for path in found if film in path)
        image = np.asarray(Image.open(io.BytesIO(found[path]["image"])))
        np.testing.assert_array_equal(image, dicom.decode((release / path).read_bytes())[0])
        if film not in (SECOND, THIRD):  # with a window, and not turned round
            by_hand = np.rint(255 * np.clip((dummy_data.pixels(place) - 2047.5) / 4095 + 0.5, 0, 1))
            assert np.abs(image - by_hand).max() <= 1
    assert summary(folder)["doubts"] == {"it has no window: grey goes from its lowest to its highest value": 1}
    assert "1 images: it has no window" in (folder / "summary.txt").read_text()


def test_resized_films_are_shrunk_from_the_same_pixels(release, build, records):
    folder = build(release, builder="vindr_cxr", image_size=16, encoding="png")
    for example in records(folder, "train").values():
        assert np.asarray(Image.open(io.BytesIO(example["image"]))).shape == (16, 20)


@pytest.mark.parametrize(
    ("table", "before", "after", "reason"),
    [
        (
            "train",
            f"{FIRST},R2",
            f"{FIRST},R1",
            f"line 3: expected one row for each film and reader; received {FIRST} R1",
        ),
        ("train", ",R2,", ",Dr X,", "column 'rad_id': expected a reader such as R8; received 'Dr X'"),
        ("train", FIRST, "../etc/passwd", "column 'image_id': expected a film's name"),
        ("train", "Nodule/Mass", "Nodule", "expected a column 'Nodule/Mass'"),
        ("train", ",R1,0", ",R1,2", "column 'Aortic enlargement': expected 1.0, 0.0"),
        ("train", ",R1,0", ",R1,-1", "expected labels 1, 0 or nothing; received -1"),
        ("test", "002a34c5", "002a34c6", "received none; 1 of 5 listed paths without an image"),
    ],
)
def test_flaws_are_named(source, table, before, after, reason):
    file = source / f"annotations/image_labels_{table}.csv"
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))
    with pytest.raises(SourceError, match=reason):
        read(source)


def test_an_unknown_rule_or_reader_is_refused(release):
    with pytest.raises(SourceError, match="labels: expected majority, any or a reader such as R8; received 'most'"):
        read(release, "most")
    with pytest.raises(SourceError, match="labels: expected a reader of R1, R2, R3, R8, R9, R10; received R17"):
        read(release, "R17")


def test_a_damaged_film_is_quarantined_with_its_reason(source, build):
    (source / f"train/{FIRST}.dicom").write_bytes((source / f"train/{FIRST}.dicom").read_bytes()[:-400])
    folder = build(source, builder="vindr_cxr", bad_images="quarantine")
    assert "damaged DICOM: it cannot be read" in (folder / "quarantine.csv").read_text()


def test_without_the_extra_nothing_is_prepared(release, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(SourceError, match=r"reading DICOM needs pydicom: pip install 'chex_tf\[dicom\]'"):
        read(release)
