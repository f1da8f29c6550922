"""Which films are meant: files, folders, patterns; each once, in order, without an end to miss."""

import os
import pathlib

import cv2
import numpy as np
import pytest

from chex_tf.films.search import find

PNG = cv2.imencode(".png", np.zeros((20, 20), np.uint8))[1].tobytes()


@pytest.fixture
def folder(tmp_path):
    for name in ("b.png", "a.JPG", "deep/er/c.dcm", "deep/without", "deep/notes.txt", ".hidden.png", ".git/d.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PNG if name != "deep/notes.txt" else b"text")
    (tmp_path / "DICOMDIR").write_bytes(bytes(128) + b"DICM")
    return tmp_path


def names(found, folder):
    return [str(path.relative_to(folder)) for path in found.films]


def test_a_folder_gives_its_films_by_ending_or_content_in_order(folder):
    found = find([folder])
    assert names(found, folder) == ["a.JPG", "b.png", "deep/without", "deep/er/c.dcm"]
    assert (found.skipped, found.missing) == (2, ())


def test_links_to_folders_are_not_followed_so_a_loop_ends(folder):
    (folder / "deep" / "round").symlink_to(folder, target_is_directory=True)
    (folder / "self.png").symlink_to(folder / "self.png")
    os.mkfifo(folder / "pipe")
    found = find([folder])
    assert names(found, folder) == ["a.JPG", "b.png", "self.png", "deep/without", "deep/er/c.dcm"]


def test_patterns_files_and_doubles(folder):
    found = find([folder / "b.png", folder / "*.png", folder / "deep" / "notes.txt", folder / "b.png"])
    assert names(found, folder) == ["b.png", "deep/notes.txt"]
    assert find([folder / "[ab].*"]).films == (folder / "a.JPG", folder / "b.png")


def test_a_name_that_looks_like_a_pattern_is_that_file(folder):
    (folder / "film[1].png").write_bytes(PNG)
    (folder / "film1.png").write_bytes(PNG)
    assert names(find([folder / "film[1].png"]), folder) == ["film[1].png"]


def test_what_is_not_there_is_said_and_the_rest_goes_on(folder):
    (folder / "empty").mkdir()
    asked = [folder / "x.png", folder / "*.gif", folder / "empty", pathlib.Path("\0"), folder / "b.png"]
    found = find(asked)
    assert names(found, folder) == ["b.png"]
    assert [why for _, why in found.missing] == [
        "no such file or folder",
        "nothing matches the pattern",
        "a folder without a JPEG, PNG or DICOM file",
        "no such file or folder",
    ]
