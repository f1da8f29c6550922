"""A reader never sees half a file or half a folder."""

import os
import pathlib
import subprocess
import sys

import pytest

from chex_tf import files
from chex_tf.files import filled_folder, whole_file, whole_folder, write_text


def test_a_file_appears_whole(tmp_path):
    path = tmp_path / "deep" / "table.csv"
    with whole_file(path) as scratch:
        scratch.write_text("half")
        assert not path.exists()
    assert path.read_text() == "half"
    assert [found.name for found in path.parent.iterdir()] == ["table.csv"]


def test_a_failed_write_keeps_what_was_there(tmp_path):
    path = tmp_path / "table.csv"
    write_text(path, "before")
    with pytest.raises(RuntimeError), whole_file(path) as scratch:
        scratch.write_text("after")
        raise RuntimeError
    assert path.read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_failed_folder_leaves_nothing(tmp_path):
    path = tmp_path / "data"
    with pytest.raises(RuntimeError), whole_folder(path) as scratch:
        (scratch / "one").write_text("1")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_folder_appears_whole_and_readable_by_others(tmp_path):
    path = tmp_path / "data"
    with whole_folder(path) as scratch:
        (scratch / "one").write_text("1")
        assert not path.exists()
    assert (path / "one").read_text() == "1"
    assert path.stat().st_mode & 0o777 != 0o700


def test_a_folder_with_something_in_it_is_not_replaced(tmp_path):
    path = tmp_path / "data"
    path.mkdir()
    (path / "mine").write_text("precious")
    with pytest.raises(OSError), whole_folder(path) as scratch:
        (scratch / "one").write_text("1")
    assert [found.name for found in path.iterdir()] == ["mine"]


def test_what_failed_leaves_no_folder_that_was_made_for_it(tmp_path):
    for writing in (whole_file, whole_folder, filled_folder):
        with pytest.raises(RuntimeError), writing(tmp_path / "a" / "b" / "c"):
            raise RuntimeError
        assert list(tmp_path.iterdir()) == []


KILLED = """
import os, pathlib, sys
from chex_tf import files
with files.whole_file(pathlib.Path(sys.argv[1], "metrics.csv")), files.whole_folder(pathlib.Path(sys.argv[1], "out")):
    os._exit(9)
"""


def test_the_scratch_of_a_killed_process_is_removed_by_the_next_and_that_of_a_living_one_is_not(tmp_path):
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, cwd=os.getcwd())
    left = sorted(path.name for path in tmp_path.iterdir())
    assert [name.partition(".chex-")[0] for name in left] == [".metrics.csv", ".out"]
    (tmp_path / ".mine.csv").write_text("of somebody else")
    files._remove_left.cache_clear()
    with whole_file(tmp_path / "other.csv"):
        files._remove_left.cache_clear()
        write_text(tmp_path / "table.csv", "1")
        assert len([path for path in tmp_path.iterdir() if ".chex-" in path.name]) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [".mine.csv", "other.csv", "table.csv"]


def test_a_folder_with_files_gets_new_ones_all_at_once(tmp_path):
    path = tmp_path / "out"
    (path / "overlays").mkdir(parents=True)
    (path / "overlays" / "a.png").write_text("old")
    (path / "mine").write_text("precious")
    with pytest.raises(RuntimeError), filled_folder(path) as scratch:
        (scratch / "mine").write_text("half")
        raise RuntimeError
    assert (path / "mine").read_text() == "precious"
    with filled_folder(path) as scratch:
        (scratch / "overlays").mkdir()
        for name in ("a.png", "b.png"):
            (scratch / "overlays" / name).write_text("new")
        assert not (path / "overlays" / "b.png").exists()
    found = {str(file.relative_to(path)): file.read_text() for file in path.rglob("*") if file.is_file()}
    assert found == {"mine": "precious", "overlays/a.png": "new", "overlays/b.png": "new"}
    with filled_folder(tmp_path / "new") as scratch:
        (scratch / "one").write_text("1")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["new", "out"]


def test_a_name_as_long_as_the_system_allows_can_be_written(tmp_path):
    path = pathlib.Path(tmp_path, "n" * 251 + ".csv")
    write_text(path, "1")
    assert path.read_text() == "1"
