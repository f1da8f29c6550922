"""BRAX's folders and master spreadsheet as phantoms: columns, paths, and the quirks of the release."""

import csv
import pathlib
import re

import pytest
from PIL import Image

from chex_tf.observations import OBSERVATIONS
from chex_tf.phantom import brax_layout, writer
from chex_tf.phantom.picture_tables import Picture
from chex_tf.phantom.settings import PhantomSettings

WORDS = {1: "1.0", 0: "0.0", -1: "-1.0", -2: ""}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, list[Picture]]:
    out = tmp_path_factory.mktemp("brax") / "phantom"
    settings = PhantomSettings(out=out, patients=30, image_size=32, seed=1, layout="brax", processes=1)
    return out, writer.write(settings)


def rows(folder: pathlib.Path) -> list[dict[str, str]]:
    with open(folder / brax_layout.TABLE, encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def test_a_row_an_image_with_what_is_known(drawn: tuple[pathlib.Path, list[Picture]]) -> None:
    folder, pictures = drawn
    found = rows(folder)
    assert [row["PngPath"] for row in found] == [picture.path for picture in pictures]
    assert {path.relative_to(folder).as_posix() for path in folder.glob("images/*/*/*/*")} == {p.path for p in pictures}
    for row, picture in zip(found, pictures, strict=True):
        match = re.fullmatch(r"images/(id_[0-9a-f]{16})/Study_(\d+)/Series_\d+/image-\d+\.png", row["PngPath"])
        assert match
        assert (row["PatientID"], row["AccessionNumber"]) == match.groups()
        assert row["PatientSex"] == ("O" if picture.sex == "Unknown" else picture.sex[0])
        assert {name: row[name] for name in OBSERVATIONS} == {n: WORDS[v] for n, v in picture.labels.items()}
        assert row["ViewPosition"] in ("", *{"lateral": ("L", "RL")}.get(picture.view, (picture.view,)))
        assert (row["Columns"], row["Rows"]) == tuple(f"{side}.0" for side in picture.size)
    header = list(found[0])
    assert header[:3] == ["", "DicomPath", "PngPath"]
    assert header[8:22] == list(brax_layout.LABELS)
    assert header[22:] == ["ViewPosition", "Rows", "Columns", "Manufacturer"]
    with Image.open(folder / pictures[0].path) as image:
        assert image.mode == "L"


def test_positions_of_laterals_and_of_films_without_one(drawn: tuple[pathlib.Path, list[Picture]]) -> None:
    found = [row["ViewPosition"] for row in rows(drawn[0])]
    assert {"", "AP", "PA", "L"} <= set(found)
    assert found.count("") < len(found) / 8


@pytest.mark.parametrize(("age", "group"), [(18, "15"), (20, "20"), (84, "80"), (85, "85 or more"), (90, "85 or more")])
def test_ages_are_in_steps_of_five_years(age: int, group: str) -> None:
    path = brax_layout.image_path("all", 1, 1, 1, "PA", 1)
    blank = dict.fromkeys(OBSERVATIONS, -2)
    picture = Picture(path, "all", 1, 1, "PA", "Unknown", "Male", age, blank, blank, {}, {}, (32, 32))
    row = brax_layout._row(0, picture)
    assert row[4:6] == ["O", group]


def test_there_is_one_split_with_everyone(drawn: tuple[pathlib.Path, list[Picture]]) -> None:
    assert {picture.split for picture in drawn[1]} == {"all"}
    assert len({row["PatientID"] for row in rows(drawn[0])}) == 30
