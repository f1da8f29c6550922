"""Reading and writing predictions CSVs."""

import csv

import numpy as np
import pytest

from chex_tf import prediction_files
from chex_tf.settings import InputError


def test_columns_are_read_by_name_whatever_their_order_and_line_ends(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes("﻿Study,Edema,Airspace Opacity,\r\ns1,0.25,1e-3,7\r\ns2/,,x,8\r\n\r\n".encode())
    table = prediction_files.read(file)
    assert (table.key, table.keys, table.lines) == ("Study", ("s1", "s2"), (2, 3))
    assert list(table.columns) == ["Edema", "Lung Opacity", "(column 4 without a name)"]
    np.testing.assert_array_equal(table.numbers("Edema"), [0.25, np.nan])
    np.testing.assert_array_equal(table.numbers("Lung Opacity"), [0.001, np.nan])


def test_the_key_need_not_stand_first(tmp_path):
    file = tmp_path / "indexed.csv"
    file.write_text(",Path,Edema\n0,p1,0.5\n")
    assert prediction_files.read(file).keys == ("p1",)


def test_a_file_with_paths_and_studies_is_known_by_what_stands_first(tmp_path):
    file = tmp_path / "labels.csv"
    file.write_text("Path,Study,Edema\np1,s1,1\n")
    table = prediction_files.read(file)
    assert (table.key, table.columns["Study"]) == ("Path", ("s1",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a column Study or Path; received an empty file"),
        (b"study,Edema\ns1,1\n", "expected a column Study or Path; received study, Edema"),
        (b"Study,Edema\n", "expected a row for each study; received a header only"),
        (b"Study,Edema\ns1,1\ns2\n", "a.csv, line 3: expected 2 cells; received 1"),
        (b"Study,Lung Opacity,Airspace Opacity\ns1,1,1\n", "received Lung Opacity more than once"),
        (b"\x89PNG\r\n", "expected a CSV file in UTF-8"),
        (b"Study,Edema\ns1,\x00" + b"1" * 200_000 + b"\n", "expected a CSV file; "),
    ],
)
def test_what_is_no_predictions_file_is_said(tmp_path, content, message):
    file = tmp_path / "a.csv"
    file.write_bytes(content)
    before = csv.field_size_limit(131_072)  # the process's own; other packages raise it
    try:
        with pytest.raises(InputError) as caught:
            prediction_files.read(file)
    finally:
        csv.field_size_limit(before)
    assert message in str(caught.value)
    assert str(file) in str(caught.value)


def test_every_float32_survives_writing(tmp_path):
    generator = np.random.default_rng(0)
    values = generator.random((200, 2), dtype=np.float32)
    values[0] = [np.nextafter(np.float32(1), np.float32(0)), np.float32(1e-30)]
    keys = [f"patient{row:05d}/study1" for row in range(200)]
    prediction_files.write(tmp_path / "out" / "p.csv", "Study", keys, ["Edema", "Pleural Effusion"], values)
    table = prediction_files.read(tmp_path / "out" / "p.csv")
    assert table.keys == tuple(keys)
    for column, task in enumerate(("Edema", "Pleural Effusion")):
        np.testing.assert_array_equal(table.numbers(task).astype(np.float32), values[:, column])


def test_nan_is_written_as_nothing(tmp_path):
    prediction_files.write(tmp_path / "p.csv", "Path", ["a"], ["Edema"], np.array([[np.nan]]))
    assert (tmp_path / "p.csv").read_text() == "Path,Edema\na,\n"


def test_a_table_of_the_wrong_shape_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="shape"):
        prediction_files.write(tmp_path / "p.csv", "Study", ["a"], ["Edema"], np.zeros((2, 1)))
    assert list(tmp_path.iterdir()) == []


def test_names_are_stems_with_as_many_folders_as_tell_them_apart(tmp_path):
    files = [tmp_path / name for name in ("x/one/test.csv", "y/one/test.csv", "y/two/test.csv", "b_predictions.csv")]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert prediction_files.short_names(files) == ("x/one/test", "y/one/test", "two/test", "b")
    assert prediction_files.short_names([tmp_path / "x", tmp_path / "y"]) == ("x", "y")


def test_the_same_file_twice_is_refused(tmp_path):
    (tmp_path / "a.csv").touch()
    with pytest.raises(InputError, match="more than once"):
        prediction_files.short_names([tmp_path / "a.csv", tmp_path / "." / "a.csv"])


def test_long_lists_are_counted():
    assert (
        prediction_files.first_few([str(number) for number in range(12)]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"
    )
