"""A reader never sees half a file or half a folder."""

import pytest

from chex_tf.files import whole_file, whole_folder, write_text


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
