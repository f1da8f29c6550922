"""MIMIC-CXR-JPG's folders and tables as phantoms: columns, joins, and the quirks of the release."""

import csv
import gzip
import pathlib
import re

import pytest

from chex_tf.observations import OBSERVATIONS
from chex_tf.phantom import mimic_layout, writer
from chex_tf.phantom.picture_tables import Picture
from chex_tf.phantom.settings import PhantomSettings

PATIENTS = 24
WORDS = {1: "1.0", 0: "0.0", -1: "-1.0", -2: ""}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, list[Picture]]:
    out = tmp_path_factory.mktemp("mimic") / "phantom"
    settings = PhantomSettings(out=out, patients=PATIENTS, image_size=32, seed=1, layout="mimic", processes=1)
    return out, writer.write(settings)


def rows(folder: pathlib.Path, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(gzip.decompress((folder / f"{name}.csv.gz").read_bytes()).decode().splitlines()))


def test_every_image_is_in_the_tables_and_on_disk(drawn: tuple[pathlib.Path, list[Picture]]) -> None:
    folder, pictures = drawn
    on_disk = {path.relative_to(folder).as_posix() for path in folder.glob("files/*/*/*/*.jpg")}
    splits, metadata = rows(folder, "mimic-cxr-2.0.0-split"), rows(folder, "mimic-cxr-2.0.0-metadata")
    named = {
        f"files/p{row['subject_id'][:2]}/p{row['subject_id']}/s{row['study_id']}/{row['dicom_id']}.jpg": row
        for row in splits
    }
    assert set(named) == on_disk == {picture.path for picture in pictures}
    assert {path: row["split"] for path, row in named.items()} == {one.path: one.split for one in pictures}
    keys = ("dicom_id", "subject_id", "study_id")
    assert [[row[key] for key in keys] for row in metadata] == [[row[key] for key in keys] for row in splits]
    for path in on_disk:
        assert re.fullmatch(r"files/p(\d\d)/p\1\d{6}/s5\d{7}/[0-9a-f]{8}(-[0-9a-f]{8}){4}\.jpg", path)
    patients = {split: {one.patient for one in pictures if one.split == split} for split in mimic_layout.SPLITS}
    assert {split: len(some) for split, some in patients.items()} == {"train": 24, "validate": 5, "test": 12}


def test_no_two_patients_or_studies_share_a_number() -> None:
    numbers = [(patient, study) for patient in range(1, 9000) for study in (1, 2, 3)]
    paths = [mimic_layout.image_path("train", patient, study, 1, "AP", 0) for patient, study in numbers]
    assert len({path.split("/")[2] for path in paths}) == 8999
    assert len({path.split("/")[3] for path in paths}) == 3 * 8999
    assert {path.split("/")[1] for path in paths} == {f"p{number}" for number in range(10, 20)}


def test_positions_are_the_views_but_for_one_film_in_about_24(drawn: tuple[pathlib.Path, list[Picture]]) -> None:
    folder, pictures = drawn
    found = [row["ViewPosition"] for row in rows(folder, "mimic-cxr-2.0.0-metadata")]
    for position, picture in zip(found, pictures, strict=True):
        assert position in ("", *{"lateral": ("LATERAL", "LL")}.get(picture.view, (picture.view,)))
    assert {"", "AP", "PA", "LATERAL", "LL"} == set(found)
    assert 0 < found.count("") < len(found) / 8


def test_labels_are_the_reports_in_every_split_and_one_study_has_none(
    drawn: tuple[pathlib.Path, list[Picture]],
) -> None:
    folder, pictures = drawn
    studies = {picture.path.split("/")[3]: picture for picture in pictures}
    labels = {f"s{row['study_id']}": row for row in rows(folder, "mimic-cxr-2.0.0-chexpert")}
    (without,) = studies.keys() - labels.keys()
    assert studies[without].split == "train"
    assert list(next(iter(labels.values())))[2:] == sorted(OBSERVATIONS)
    for study, row in labels.items():
        picture = studies[study]
        assert {name: row[name] for name in OBSERVATIONS} == {n: WORDS[v] for n, v in picture.labels.items()}
    of_test = [row for study, row in labels.items() if studies[study].split == "test"]
    assert any(row[name] == "-1.0" for row in of_test for name in OBSERVATIONS)


def test_the_second_labeler_differs_in_some_uncertain_mentions_only(
    drawn: tuple[pathlib.Path, list[Picture]],
) -> None:
    folder, _ = drawn
    pairs = [
        (one[name], other[name])
        for one, other in zip(
            rows(folder, "mimic-cxr-2.0.0-chexpert"), rows(folder, "mimic-cxr-2.0.0-negbio"), strict=True
        )
        for name in OBSERVATIONS
    ]
    differing = [pair for pair in pairs if pair[0] != pair[1]]
    assert set(differing) == {("-1.0", "0.0")}
    assert len(differing) < sum(first == "-1.0" for first, _ in pairs)


def test_age_and_date_agree(drawn: tuple[pathlib.Path, list[Picture]]) -> None:
    folder, pictures = drawn
    people = {row["subject_id"]: row for row in rows(folder, "patients")}
    for row, picture in zip(rows(folder, "mimic-cxr-2.0.0-metadata"), pictures, strict=True):
        person = people[row["subject_id"]]
        years = int(row["StudyDate"][:4]) - int(person["anchor_year"])
        assert int(person["anchor_age"]) + years == picture.age
        assert person["gender"] == picture.sex[0]


def test_the_same_seed_gives_the_same_tables(drawn: tuple[pathlib.Path, list[Picture]], tmp_path: pathlib.Path) -> None:
    folder, pictures = drawn
    mimic_layout.write_tables(tmp_path, pictures)
    for file in tmp_path.iterdir():
        assert file.read_bytes() == (folder / file.name).read_bytes()
