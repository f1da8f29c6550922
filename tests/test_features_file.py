"""The features file: what is written comes back, and anybody's file is taken or refused in one line."""

import io
import re
import zipfile

import numpy as np
import pytest

from chex_tf import features_file
from chex_tf.settings import InputError

MATRIX = np.arange(6, dtype=np.float32).reshape(3, 2)
PATHS = ["a/1.png", "a/2.png", "b/1.png"]


def saved(tmp_path, **arrays):
    file = tmp_path / "given.npz"
    np.savez(file, **arrays)
    return file


def refused(file):
    said = []
    with pytest.raises(InputError) as error:
        features_file.read(file, said.append)
    assert "\n" not in str(error.value)
    assert str(file) in str(error.value)
    return str(error.value)


def test_what_is_written_comes_back(tmp_path):
    file = tmp_path / "ours.npz"
    features_file.write(file, PATHS, ["a", "a", "b"], ["a", "a", "b"], MATRIX, {"layer": "features"})
    said = []
    found = features_file.read(file, said.append)
    assert (found.key, found.keys, found.patients, found.studies) == (
        "path",
        tuple(PATHS),
        ("a", "a", "b"),
        ("a", "a", "b"),
    )
    np.testing.assert_array_equal(found.matrix, MATRIX)
    assert found.about == {"layer": "features"}
    assert said == []
    assert len(found) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["ours.npz"]


def test_anybodys_file_needs_names_and_a_matrix_only(tmp_path):
    names = np.array(["s1", "s2", "s3/"], dtype=np.bytes_)
    said = []
    found = features_file.read(saved(tmp_path, study=names, features=MATRIX.astype(np.float16)), said.append)
    assert found.key == "study"
    assert found.keys == ("s1", "s2", "s3")
    assert found.matrix.dtype == np.float16
    assert found.patients is None
    assert found.about == {}
    assert said == []
    by_column = np.asfortranarray(MATRIX)
    found = features_file.read(saved(tmp_path, path=PATHS, features=by_column, view=np.zeros(3)), said.append)
    np.testing.assert_array_equal(found.matrix, MATRIX)
    assert len(said) == 1
    assert "view: not read" in said[0]


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"path": PATHS}, "expected an array called features; it holds path"),
        ({"features": MATRIX}, "expected path or study; received features"),
        ({"path": PATHS[:2], "features": MATRIX}, "expected path as 3 texts"),
        ({"path": [1, 2, 3], "features": MATRIX}, "expected path as 3 texts"),
        ({"path": ["a", "b", "a"], "features": MATRIX}, "each path once; received a more than once"),
        ({"path": PATHS, "features": MATRIX.astype(int)}, "a matrix of floats"),
        ({"path": PATHS, "features": MATRIX[:, 0]}, "a matrix of floats"),
        ({"path": PATHS, "features": MATRIX[:, :0]}, "a matrix of floats"),
        ({"path": PATHS, "features": np.where(MATRIX == 4, np.nan, MATRIX)}, "1 of 3 rows .* the first is row 2"),
        ({"path": np.array(PATHS, object), "features": MATRIX}, "without pickled objects"),
        ({"path": PATHS, "features": MATRIX, "about": "[1]"}, "text of a JSON object"),
        ({"path": PATHS, "features": MATRIX, "about": "{"}, "text of a JSON object"),
    ],
)
def test_another_form_is_refused(tmp_path, arrays, says):
    assert re.search(says, refused(saved(tmp_path, **arrays)))


def test_a_claim_of_many_bytes_is_refused_before_they_are_read(tmp_path):
    file = tmp_path / "given.npz"
    for shape, says in (((2**40, 8), "expected at most"), ((1000, 8), "claims 32,000 bytes, and ")):
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": shape})
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("features.npy", header.getvalue() + b"\0" * 64)
        assert says in refused(file)


def test_what_is_no_npz_is_refused(tmp_path):
    file = tmp_path / "given.npz"
    file.write_bytes(b"PK\3\4 and no more")
    assert "expected an .npz" in refused(file)
    np.savez(file, path=PATHS, features=MATRIX)
    file.write_bytes(file.read_bytes()[:-40])
    assert "expected an .npz" in refused(file)
