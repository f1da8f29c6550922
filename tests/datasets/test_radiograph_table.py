"""A table of one's own films: which columns are taken as what, how it is split, and a line for every flaw."""

import csv

import pytest
from chex_tf_datasets.radiograph_records.errors import SourceError
from chex_tf_datasets.radiograph_records.splits import drawn_split
from chex_tf_datasets.radiograph_table import Builder, dummy_data
from chex_tf_datasets.radiograph_table.columns import choose
from chex_tf_datasets.radiograph_table.config import TableConfig
from chex_tf_datasets.radiograph_table.reading import read

# path -> split, patient, study, view, projection, sex, age, labels; from the dummy table, by hand.
EXPECTED = {
    "a/1.png": ("train", "anna", "anna/1", 0, 1, 0, 61, [1, 0]),
    "a/2.png": ("train", "anna", "anna/1", 1, 4, 0, 61, [1, 0]),
    "b/1.jpg": ("valid", "ben", "ben/1", 0, 0, 1, -1, [0, -1]),
    "c/1.png": ("test", "carl", "carl/1", 1, 2, 2, 7, [-2, 1]),
}


@pytest.fixture
def films(tmp_path):
    """The dummy films and their table, in a folder."""
    dummy_data.write(tmp_path / "films")
    return tmp_path / "films"


def config(films, **given):
    return TableConfig(table=str(films / dummy_data.TABLE), **given)


def source(films, **given):
    asked = config(films, **given)
    columns = choose(films / dummy_data.TABLE, asked.named_columns, asked.label_columns)
    return read(films / dummy_data.IMAGES, asked, columns)


def change(films, before, after):
    table = films / dummy_data.TABLE
    text = table.read_text()
    assert before in text
    table.write_text(text.replace(before, after))


def test_each_film_gets_its_own_bytes_and_values(films, tmp_path, records):
    import tensorflow_datasets as tfds

    builder = Builder(data_dir=tmp_path / "data", config=config(films))
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=films / dummy_data.IMAGES))
    assert builder.builder_config.name == "table_as_shipped"
    assert builder.info.metadata["label_names"] == list(dummy_data.LABELS)
    for path, (split, *known, labels) in EXPECTED.items():
        example = records(builder.data_path, split)[path]
        found = [example[name].decode() for name in ("patient", "study")]
        found += [int(example[name]) for name in ("view", "projection", "sex", "age")]
        assert (found, example["labels"].tolist()) == (known, labels)
        assert example["image"] == (films / dummy_data.IMAGES / path).read_bytes()
    again = Builder(data_dir=tmp_path / "data", config=config(films))
    assert again.differences(again.source(films / dummy_data.IMAGES)) == []
    other = Builder(data_dir=tmp_path / "data", config=config(films, label_columns=("Cardiomegaly",)))
    assert any("label_columns" in one for one in other.differences(other.source(films / dummy_data.IMAGES)))


def test_what_is_taken_and_what_is_not_is_said(films):
    said = source(films).describe().splitlines()
    assert "  columns: path, patient, study, view, sex, age, split" in said
    assert "  2 labels: Cardiomegaly, my finding" in said
    assert "  no labels: reader ('dr x' in line 2), notes (blank throughout)" in said
    assert "  splits: those of the column 'split'" in said
    assert any("stored as PATIENT/STUDY, since several patients have a study '1'" in line for line in said)


def test_columns_are_named_or_have_their_usual_name_in_any_case(films):
    change(films, "path,patient", "Path,mrn")
    with pytest.raises(SourceError, match=r"line 1: expected a column 'patient'; .* --patient_column names it"):
        source(films)
    found = source(films, patient_column="mrn", label_columns=("my finding",))
    assert "  columns: path from 'Path', patient from 'mrn', study, view, sex, age, split" in found.describe()
    assert found.splits["test"][0].labels == (1,)


def test_studies_of_different_names_stay_as_they_are(films):
    change(films, "anna,1", "anna,s1")
    change(films, "ben,1", "ben,s2")
    change(films, "carl,1", "carl,s3")
    assert [row.study for row in source(films).splits["train"]] == ["s1", "s1"]


def test_without_columns_of_studies_views_and_splits(films):
    table = films / dummy_data.TABLE
    rows = [(f"{number}.png", f"p{number}", number % 2) for number in range(40)]
    with open(table, "w", newline="") as text:
        csv.writer(text).writerows([("path", "patient", "label"), *rows])
    for name, *_ in rows:
        (films / dummy_data.IMAGES / name).write_bytes(b"bytes")
    found = source(films, seed=3)
    assert sum(map(len, found.splits.values())) == 40
    for split, kept in found.splits.items():
        for row in kept:
            assert split == drawn_split(row.patient, 3)
            assert (row.study, row.view, row.projection, row.age) == (row.path[:-4], 2, 4, -1)
    assert "  splits: patients were drawn with seed 3, train 80%, valid 10%, test 10%" in found.describe()
    fewer = source(films, seed=3, valid_patients=0.0)
    assert list(fewer.splits) == ["train", "test"]
    # A hold-out of the patients left for training is drawn by another draw, so it is not empty.
    assert found.with_holdout(0.3, 3).splits["holdout"]


def test_shares_hold_over_many_patients():
    shares = {"train": 0.65, "valid": 0.15, "test": 0.2}
    drawn = [drawn_split(f"patient {number}", 0, shares) for number in range(10_000)]
    # Standard errors are 0.004.
    assert drawn.count("valid") / 10_000 == pytest.approx(0.15, abs=0.016)
    assert drawn.count("test") / 10_000 == pytest.approx(0.2, abs=0.016)
    assert (
        "valid_0.15_test_0.2_seed_7" in TableConfig(table="a.csv", valid_patients=0.15, test_patients=0.2, seed=7).name
    )


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        (
            "b/1.jpg,ben",
            "b/2.jpg,ben",
            r"line 4: column 'path': expected an image .*b/2\.jpg; received nothing there; 1 of 4 listed",
        ),
        ("b/1.jpg,ben", "a/1.png,ben", r"line 4: expected each image once; received a/1\.png again, first in line 2"),
        ("b/1.jpg,ben", "../b/1.jpg,ben", "line 4: column 'path': expected a path that does not go upwards"),
        ("b/1.jpg,ben", "/b/1.jpg,ben", r"line 4: column 'path': expected a path inside .*; received /b/1\.jpg"),
        ("b/1.jpg,ben", ",ben", "line 4: column 'path': expected the path of an image; received nothing"),
        ("b/1.jpg,ben", "b/1.jpg,", "line 4: column 'patient': expected a name or number; received nothing"),
        ("c/1.png,carl", "c/1.png,ben", "line 5: column 'split': expected each patient in one split; received patient"),
        (",7,test", ",7,the test", "line 5: column 'split': expected the name of a split, such as train, valid or"),
        (",7,test", ",seven,test", "line 5: column 'age': expected an age in whole years or nothing; received 'seven'"),
        (",AP,M", ",AP,X", "line 4: column 'sex': expected Female, Male, Unknown or nothing; received 'X'"),
        (",AP,M", ",oblique,M", "line 4: column 'view': expected frontal, lateral, AP, PA, LL, RL or nothing; rec"),
        ("Cardiomegaly,my finding", "Cardiomegaly,my: finding", "line 1: expected a label without ':' in its name"),
        ("Cardiomegaly,my finding", "x,x", "line 1: expected one column 'x'; received 2"),
        ("dr y,0.0,-1", "dr y,0.0", "line 4: expected 11 columns as in the header; received 10"),
    ],
)
def test_a_flaw_is_named_by_its_row_and_column(films, before, after, complaint):
    change(films, before, after)
    with pytest.raises(SourceError, match=complaint):
        source(films)


def test_a_named_label_column_may_hold_nothing_else(films):
    change(films, "dr x,1", "dr x,yes")
    assert "Cardiomegaly ('yes' in line 2)" in source(films).describe()
    with pytest.raises(SourceError, match=r"line 2: column 'Cardiomegaly': expected 1\.0, 0\.0, -1\.0 or nothing; rec"):
        source(films, label_columns=("Cardiomegaly",))
    with pytest.raises(SourceError, match=r"no column that is the age; received 'age'"):
        source(films, label_columns=("age",))


@pytest.mark.parametrize(
    ("cells", "taken"),
    [
        (["1", "0", "", "uncertain"], "2 of its 3"),  # a label with a slip
        (["uncertain", "-1", "0.0", "?"], "2 of its 4"),  # half are enough
        (["1", "0", "x", "y", "z"], None),
        (["1", "", "uncertain", ""], None),  # one value of a label is none too many for a note
        (["2020-01-01", "2020-01-02", "", ""], None),
        (["61", "7", "58", "1"], None),
        (["1", "0", "", "-1"], "label"),
    ],
)
def test_a_column_that_is_nearly_a_label_is_refused_rather_than_left_out(tmp_path, cells, taken):
    file = tmp_path / "films.csv"
    rows = [f"{place}.png,p{place},{cell},{place % 2}" for place, cell in enumerate(cells)]
    file.write_text("\n".join(["path,patient,Edema,batch", *rows]))
    if taken is None or taken == "label":
        assert choose(file, {}, ()).labels == (("Edema", "batch") if taken else ("batch",))
        return
    wrong = next(place for place, cell in enumerate(cells) if cell in ("uncertain", "?"))
    with pytest.raises(SourceError) as error:
        choose(file, {}, ())
    assert str(error.value) == (
        f"{file}, line {wrong + 2}: column 'Edema': expected 1, 0, -1 (uncertain) or nothing, as {taken} filled cells "
        "are; received 'uncertain'; if it is no label, --label_columns names those that are"
    )
    assert choose(file, {}, ("batch",)).labels == ("batch",)


def test_rows_without_an_image_are_counted(films):
    for name in ("a/2.png", "c/1.png"):
        (films / dummy_data.IMAGES / name).unlink()
    with pytest.raises(
        SourceError,
        match=r"line 3: .*; 2 of 4 listed paths without an image; --missing_images=leave_out",
    ):
        source(films)
    found = source(films, missing_images="leave_out")
    assert [row.path for row in found.splits["train"]] == ["a/1.png"]
    assert found.missing == {"train": ["a/2.png"], "test": ["c/1.png"]}


def test_shares_and_a_column_of_splits_contradict_each_other(films):
    with pytest.raises(SourceError, match="received shares, and the column 'split'"):
        source(films, test_patients=0.3)
    with pytest.raises(SourceError, match="expected a column of splits or shares of patients; received both"):
        config(films, test_patients=0.3, split_column="split")


def test_a_split_that_would_be_empty_is_refused(films):
    change(films, ",split,", ",fold,")
    with pytest.raises(SourceError, match=r"expected patients for .*; received none, of 3 patients with seed 0"):
        source(films)


def test_a_link_out_of_the_folder_is_refused(films, tmp_path):
    (tmp_path / "outside.png").write_bytes(b"secret")
    (films / dummy_data.IMAGES / "b/1.jpg").unlink()
    (films / dummy_data.IMAGES / "b/1.jpg").symlink_to(tmp_path / "outside.png")
    with pytest.raises(SourceError, match=r"line 4: .*received a link that leaves it"):
        source(films)
