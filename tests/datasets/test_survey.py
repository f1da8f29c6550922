"""Finding files without being led out of the source."""

import os

import pytest
from chex_tf_datasets.radiograph_records.errors import SourceError
from chex_tf_datasets.radiograph_records.survey import Files, survey


@pytest.fixture
def source(tmp_path):
    (tmp_path / "source/a/patient00001/study1").mkdir(parents=True)
    (tmp_path / "source/a/patient00001/study1/view1_frontal.jpg").write_bytes(b"123")
    (tmp_path / "source/table.csv").write_text("x")
    (tmp_path / "source/images").mkdir()
    (tmp_path / "source/images/1.PNG").write_bytes(b"")
    return tmp_path / "source"


def test_tables_patients_and_images_are_found(source):
    found = survey(source)
    assert found.patients == {"patient00001": ["a"]}
    assert found.images == {"1.PNG": ["images"]}
    assert found.file("TABLE.csv") == source / "table.csv"
    assert found.file("other.csv") is None


def test_a_compressed_table_stands_in_where_the_plain_one_is_absent(source):
    found = survey(source)
    assert found.table("table.csv") == source / "table.csv"
    assert found.table("other.csv") is None
    (source / "a/other.csv.gz").write_bytes(b"")
    assert survey(source).table("other.csv") == source / "a/other.csv.gz"


def test_another_name_of_patients_folders_may_be_given(source):
    import re

    (source / "files/p10/p10000032/s5").mkdir(parents=True)
    (source / "files/p10/p10000032/s5/1.jpg").write_bytes(b"1")
    found = survey(source, re.compile(r"p\d{8}\Z"))
    assert found.patients == {"p10000032": ["files/p10"]}
    assert "1.jpg" not in found.images


def test_two_tables_of_one_name_are_ambiguous(source):
    (source / "a/table.csv").write_text("y")
    with pytest.raises(SourceError, match=r"expected one table\.csv; received a/table\.csv and table\.csv"):
        survey(source).file("table.csv")


def test_a_source_that_is_no_folder_is_refused(source):
    with pytest.raises(SourceError, match=r"expected the folder .* received nothing"):
        survey(source / "absent")
    with pytest.raises(SourceError, match=r"expected the folder .* received a file"):
        survey(source / "table.csv")


def test_a_link_within_the_source_is_followed_and_one_out_of_it_is_not(source, tmp_path):
    (tmp_path / "elsewhere/patient00009").mkdir(parents=True)
    os.symlink(tmp_path / "elsewhere", source / "out")
    os.symlink(source / "a/patient00001", source / "a/patient00002")
    found = survey(source)
    assert found.links == ["out"]
    assert sorted(found.patients) == ["patient00001", "patient00002"]
    assert Files(found.root).size("a/patient00002/study1/view1_frontal.jpg") == 3


def test_a_file_or_folder_that_is_a_link_out_of_the_source_is_refused(source, tmp_path):
    (tmp_path / "secret.jpg").write_bytes(b"12345")
    (tmp_path / "study9").mkdir()
    (tmp_path / "study9/view1_frontal.jpg").write_bytes(b"1")
    os.symlink(tmp_path / "secret.jpg", source / "a/patient00001/study1/view2_frontal.jpg")
    os.symlink(tmp_path / "study9", source / "a/patient00001/study9")
    files = Files(survey(source).root)
    assert files.size("a/patient00001/study1/view1_frontal.jpg") == 3
    for place in ("a/patient00001/study1/view2_frontal.jpg", "a/patient00001/study9/view1_frontal.jpg"):
        with pytest.raises(SourceError, match="received a link that leaves it"):
            files.size(place)


def test_nothing_a_folder_and_a_dangling_link(source):
    files = Files(survey(source).root)
    assert files.size("a/patient00001/study7/view1_frontal.jpg") is None
    assert files.size("table.csv/inside") is None
    with pytest.raises(SourceError, match="expected an image file; received something else"):
        files.size("a/patient00001/study1")
    os.symlink(source / "gone", source / "dangling.jpg")
    assert files.size("dangling.jpg") is None
