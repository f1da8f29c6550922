"""Images that are listed and not there: refused with their number, or left out by name, whoever's layout it is."""

import csv
import shutil

import pytest
from chex_tf_datasets.chest_xray14 import dummy_data as chest_xray14
from chex_tf_datasets.chexpert_studies import dummy_data as chexpert_studies
from chex_tf_datasets.radiograph_records.errors import SourceError

# layout -> the builder, what writes it, the images to remove, and how many of each split's paths are listed.
LAYOUTS = {
    "nih": ("chest_xray14", chest_xray14.one_folder, ("00000001_001.png", "00000003_000.png"), {"train": 3, "test": 2}),
    "small": (
        "chexpert_studies",
        chexpert_studies.small,
        ("patient00001/study1/view2_lateral.jpg", "patient64541/study1/view1_frontal.jpg"),
        {"train": 6, "valid": 3},
    ),
    "plus": (
        "chexpert_studies",
        chexpert_studies.plus,
        ("patient00001/study1/view2_lateral.png", "patient64541/study1/view1_frontal.png"),
        {"train": 6, "valid": 3},
    ),
}


def remove(source, ends):
    for file in [file for file in source.rglob("*") if file.as_posix().endswith(tuple(ends))]:
        file.unlink()


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_they_are_counted_and_refused_or_left_out_and_listed(layout, tmp_path, build, records, summary):
    builder, write, gone, listed = LAYOUTS[layout]
    source = tmp_path / "source"
    write(source)
    remove(source, gone)
    with pytest.raises(SourceError) as error:
        build(source, builder=builder)
    total = sum(listed.values())
    assert f"; 2 of {total} listed paths without an image; --missing_images=leave_out leaves" in str(error.value)
    first = 5 if layout == "plus" else 3  # a report of CheXpert Plus has two lines
    assert f", line {first}: " in str(error.value)
    assert "\n" not in str(error.value)
    folder = build(source, builder=builder, missing_images="leave_out")
    for split, number in listed.items():
        assert len(records(folder, split)) == summary(folder)["splits"][split]["images"] == number - 1
    with open(folder / "missing.csv", encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    assert [row["split"] for row in rows] == list(listed)
    for row, name in zip(rows, gone, strict=True):
        assert row["path"].rpartition(".")[0].endswith(name.rpartition(".")[0])
    assert summary(folder)["missing"] == 2
    said = "; 2 listed without an image, left out, see missing.csv\n"
    assert (folder / "summary.txt").read_text().endswith(said)


def test_a_split_that_is_missing_as_a_whole_is_said_and_left_out(small):
    from chex_tf_datasets.chexpert_studies.layouts import read

    shutil.rmtree(small / "valid")
    found = read(small, "source", "leave_out")
    assert list(found.splits) == ["train"]
    assert "valid: 3 listed without an image, left out, which were all: there is no split valid" in found.describe()


def test_a_source_without_any_image_is_refused_either_way(small):
    from chex_tf_datasets.chexpert_studies.layouts import read

    for split in ("train", "valid"):
        shutil.rmtree(small / split)
    for missing_images in ("refuse", "leave_out"):
        with pytest.raises(SourceError, match=r"; none of 9 listed paths has an image$"):
            read(small, "source", missing_images)


def test_a_study_of_the_test_set_counts_as_one_path(tmp_path):
    from chex_tf_datasets.chexpert_studies.layouts import read

    chexpert_studies.test_by_study(tmp_path)
    shutil.rmtree(tmp_path / "test/patient64742")
    found = read(tmp_path, "source", "leave_out")
    assert [row.patient for row in found.splits["test"]] == ["patient64741"]
    assert found.missing == {"test": ["CheXpert-v1.0/test/patient64742/study1"]}


def test_records_of_a_partial_download_differ_from_those_of_the_whole(small, build):
    from chex_tf_datasets.chexpert_studies import Builder
    from chex_tf_datasets.radiograph_records.config import RadiographConfig

    whole = small.parents[1] / "whole"
    shutil.copytree(small, whole)
    remove(small, ["patient64541/study1/view1_frontal.jpg"])
    folder = build(small, missing_images="leave_out")
    again = Builder(data_dir=folder.parents[2], config=RadiographConfig(missing_images="leave_out"))
    assert again.differences(again.source(small)) == []
    other = Builder(data_dir=folder.parents[2])
    assert "images (there 8, here 9)" in other.differences(other.source(whole))
