"""Features files of one set of films, matched by name."""

import numpy as np
import pytest

from chex_tf import features_file
from chex_tf.settings import InputError
from chex_tf.similarity import files


def write(folder, name, paths, matrix, patients=True):
    file = folder / f"{name}.npz"
    kept = {"path": np.array(paths), "features": np.asarray(matrix, np.float32)}
    if patients:
        kept["patient"] = np.array([path[0] for path in paths])
    np.savez(file, **kept)
    return file


def test_rows_are_matched_by_path_in_the_first_files_order(tmp_path):
    first = write(tmp_path, "ours", ["a1", "a2", "b1"], [[1], [2], [3]])
    second = write(tmp_path, "theirs", ["b1", "a1", "a2"], [[30, 0], [10, 0], [20, 0]])
    found = files.read(first, second, print)
    assert found.names == ("ours", "theirs")
    assert found.batch.patients == ("a", "a", "b")
    assert found.batch.first["ours"].shape == (3, 1, 1)
    assert found.batch.second["theirs"][:, 0, 0].tolist() == [10, 20, 30]
    assert found.unit == "patient"


def test_other_films_are_refused_with_the_counts(tmp_path):
    first = write(tmp_path, "ours", ["a1", "a2", "b1"], np.ones((3, 1)))
    second = write(tmp_path, "theirs", ["a1", "c1"], np.ones((2, 1)))
    with pytest.raises(
        InputError, match=r"the 3 rows of .*ours.npz; .*theirs.npz lacks 2 of them and has 1 others; .*a2"
    ):
        files.read(first, second, print)


def test_patients_come_from_whichever_file_has_them(tmp_path):
    first = write(tmp_path, "ours", ["a1", "b1"], np.ones((2, 1)), patients=False)
    second = write(tmp_path, "theirs", ["b1", "a1"], np.ones((2, 1)))
    assert files.read(first, second, print).batch.patients == ("a", "b")
    said = []
    alone = files.read(first, write(tmp_path, "more", ["b1", "a1"], np.ones((2, 1)), patients=False), said.append)
    assert alone.unit == "row"
    assert "neither file names patients" in said[-1]


def test_one_name_twice_is_told_apart_by_folder(tmp_path):
    (tmp_path / "other").mkdir()
    first = write(tmp_path, "same", ["a1"], np.ones((1, 1)))
    second = write(tmp_path / "other", "same", ["a1"], np.ones((1, 1)))
    assert files.read(first, second, print).names == (str(first), str(second))
    assert features_file.read(first, print).key == "path"
