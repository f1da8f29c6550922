"""A whole audit of films made by hand: its counts, text, files and page."""

import csv
import json
import pathlib

import numpy as np
import pytest

from chex_tf.audit import auditing, copies, page, shift_figure, table, writing
from chex_tf.audit.settings import AuditSettings
from chex_tf.settings import InputError

SETTINGS = AuditSettings(data=(pathlib.Path("d"),), out=pathlib.Path("o"), shift_films=100)
# Patient p0 is in train and test with one study of the same name, p1 with another study.
ROWS = [("train", f"p{place}", "s0") for place in range(12)] + [("test", f"p{place}", "s0") for place in range(12, 24)]
MORE = [("test", "p0", "s0"), ("test", "p1", "s9"), ("train", "p2", "s2")]


def silent(name):
    return lambda done, total: None


@pytest.fixture(scope="module")
def pictures(picture):
    """The last three are film 3 again, film 4 mirrored, and film 2 framed."""
    films = [picture(seed, 60, 50) for seed in range(24)]
    framed = np.zeros((70, 50), np.uint8)
    framed[5:65] = films[2]
    return [*films, films[3].copy(), films[4][:, ::-1].copy(), framed]


@pytest.fixture
def films(make_films):
    labels = np.zeros((27, 2), int)
    labels[:, 0] = np.arange(27) % 2
    return make_films([*ROWS, *MORE], labels=labels, sex=["female", "male", "unknown"] * 9)


@pytest.fixture
def found(films, pictures, marks_of):
    return auditing.examine(films, marks_of(pictures, films.part.tolist()), SETTINGS, silent)


def test_what_is_counted(found):
    assert found.counts() == {
        "patients in several splits": 2,
        "studies in several splits": 1,
        "copies: the same pixels": 1,
        "copies: near duplicates, different patients": 1,  # film 4 is p4's, its mirror p1's
        "copies: near duplicates, one patient": 1,  # film 2 is p2's, and so is the framed one
        "copies in two splits": 2,
        "copies in two sets": 0,
        "copies with contradicting labels": 2,  # 3 and 24, 4 and 25; 2 and 26 are both even
        "films: constant": 0,
        "films: negative": found.counts()["films: negative"],  # pictures of noise have no average worth the name
        "films: unlike its view": found.counts()["films: unlike its view"],
        "films: strip": 0,
        "films: framed": 1,
    }
    assert found.found_anything()


def test_alike_films_of_one_patient_in_one_split_alone_are_nothing_found(make_films, pictures, marks_of):
    films = make_films([("train", "p", "s1"), ("train", "p", "s2")])
    mirrored = [pictures[4], pictures[4][:, ::-1].copy()]
    found = auditing.examine(films, marks_of(mirrored), SETTINGS, silent)
    assert [pair.kind for pair in found.pairs] == [copies.NEAR]
    assert not found.found_anything()
    assert found.shift is None  # a single split has nothing to be compared with


def test_the_text_says_it(found):
    text = table.text(found, {"A": "films/1.0.0"})
    assert ["test", "train", "2", "14", "14", "14"] in [line.split() for line in text.splitlines()]
    assert "correlation 1.000, mirrored, two splits, different patients; labels contradict: Edema" in text
    assert "  train: 4.png\n  test: 25.png" in text
    assert "test against train" not in text
    assert "train against test" in text
    assert max(map(len, text.splitlines())) <= 121


def test_the_files_hold_every_pair_film_and_group(found, tmp_path):
    about = [{"letter": "A", "name": "films", "folder": "/d", "splits": {}}]
    assert writing.write(tmp_path, found, SETTINGS, about) == ["audit.json", "pairs.csv", "films.csv", "subgroups.csv"]
    rows = list(csv.DictReader((tmp_path / "pairs.csv").open()))
    assert [(row["kind"], row["path_a"], row["path_b"], row["where"], row["mirrored"]) for row in rows] == [
        ("exact", "3.png", "24.png", "two splits", "0"),
        ("near", "4.png", "25.png", "two splits", "1"),
        ("near", "2.png", "26.png", "same split", "0"),
    ]
    framed = [row for row in csv.DictReader((tmp_path / "films.csv").open()) if row["kind"] == "framed"]
    assert [(row["path"], row["value"]) for row in framed] == [("26.png", f"{5 / 70:.4f}")]
    groups = list(csv.DictReader((tmp_path / "subgroups.csv").open()))
    (whole,) = [row for row in groups if (row["split"], row["group"], row["task"]) == ("train", "all", "Edema")]
    assert (whole["films"], whole["patients"], whole["positive"], whole["negative"]) == ("13", "12", "6", "7")
    content = json.loads((tmp_path / "audit.json").read_text())
    assert content["found"] == found.counts()
    assert content["shared"] == [
        {"first": "train", "second": "test", "patients": 2, "studies": 1, "examples": ["p0", "p1"]}
    ]
    assert content["shift"]["told_apart"][0]["first"] == "train"


def test_the_page_holds_pictures_and_escapes_what_files_say(films, pictures, marks_of, tmp_path):
    films.path[3] = b"<b>3</b>"
    found = auditing.examine(films, marks_of(pictures, films.part.tolist()), SETTINGS, silent)
    names = {"A": "films & more"}
    shift_figure.write(tmp_path, found.shift)
    figure = tmp_path / "shift.png"
    assert page.write(tmp_path, found, names, pictures.__getitem__, 2, figure) == "page.html"
    text = (tmp_path / "page.html").read_text()
    assert "<b>3" not in text
    assert "&lt;b&gt;3" in text
    assert "films &amp; more" in text
    assert text.count("data:image/jpeg;base64,") == 2 * 2 + 1 + sum(
        min(2, count) for kind, count in found.counts().items() if kind in ("films: negative", "films: unlike its view")
    )
    assert text.count("data:image/png;base64,") == 1
    assert "http" not in text.replace("http-equiv", "")
    before = (tmp_path / "page.html").read_bytes(), figure.read_bytes()
    shift_figure.write(tmp_path, found.shift)
    page.write(tmp_path, found, names, pictures.__getitem__, 2, figure)
    assert ((tmp_path / "page.html").read_bytes(), figure.read_bytes()) == before


def test_settings_that_contradict_are_refused():
    with pytest.raises(InputError, match="each folder once"):
        AuditSettings(data=(pathlib.Path("d"),) * 2, out=pathlib.Path("o"))
    with pytest.raises(InputError, match="rising ages"):
        AuditSettings(data=(pathlib.Path("d"),), out=pathlib.Path("o"), age_bands=(60, 40))
    with pytest.raises(InputError, match="expected less than --unlike=0; received 0"):
        AuditSettings(data=(pathlib.Path("d"),), out=pathlib.Path("o"), negative=0.0, unlike=0.0)
