"""Reading tables by name, and the one line that each flaw in them gets."""

import gzip

import pytest
from chex_tf_datasets.radiograph_records import tables
from chex_tf_datasets.radiograph_records.errors import SourceError
from chex_tf_datasets.radiograph_records.tables import Table


def rows_of(tmp_path, text, required=("A", "B"), optional=(), aliases=None):
    file = tmp_path / "table.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(Table(file, required, optional, aliases).rows())


def test_columns_are_read_by_name_in_any_order(tmp_path):
    assert rows_of(tmp_path, "B,extra,A\n1,x,2\n") == [(2, {"A": "2", "B": "1"})]


def test_an_optional_column_may_be_absent_and_an_alias_stands_for_a_name(tmp_path):
    assert rows_of(tmp_path, "Alpha,B\n1,2\n", optional=("C",), aliases={"Alpha": "A"}) == [(2, {"A": "1", "B": "2"})]


def test_a_byte_order_mark_windows_line_ends_and_blank_lines_do_no_harm(tmp_path):
    assert rows_of(tmp_path, b"\xef\xbb\xbfA,B\r\n 1 ,2\r\n\r\n3,4\r\n") == [
        (2, {"A": "1", "B": "2"}),
        (4, {"A": "3", "B": "4"}),
    ]


def test_a_quoted_field_of_two_lines_counts_both(tmp_path):
    assert [line for line, _ in rows_of(tmp_path, 'A,B\n"one\ntwo",2\n3,4\n')] == [3, 4]


def test_a_compressed_table_is_read_alike_and_a_cut_or_false_one_is_refused(tmp_path):
    file = tmp_path / "table.csv.gz"
    whole = gzip.compress(b"\xef\xbb\xbfA,B\n1,2\n")
    file.write_bytes(whole)
    assert list(Table(file, ("A", "B")).rows()) == [(2, {"A": "1", "B": "2"})]
    for content in (whole[:-4], b"A,B\n1,2\n", whole[:15] + b"\0\0\0" + whole[18:]):
        file.write_bytes(content)
        with pytest.raises(SourceError, match="expected a whole gzip file; received another") as error:
            list(Table(file, ("A", "B")).rows())
        assert str(file) in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty file"),
        ("A,C\n1,2\n", "line 1: expected a column 'B'; received none"),
        ("A,Bb\n1,2\n", "line 1: expected a column 'B'; received none; did you mean the column 'Bb'"),
        ("A,B,B\n1,2,3\n", "line 1: expected one column 'B'; received 2"),
        ("A,B\n1,2\n1\n", "line 3: expected 2 columns as in the header; received 1"),
        ("A,B\n1,2\n1,2,3\n", "line 3: expected 2 columns as in the header; received 3"),
        ('A,B\n1,2\n"1,2\n', "malformed row"),
        (b"A,B\n1,\xff\n", "expected UTF-8 text; received the byte 0xff"),
    ],
)
def test_each_flaw_is_one_line_with_file_and_line(tmp_path, text, message):
    with pytest.raises(SourceError) as error:
        rows_of(tmp_path, text)
    assert message in str(error.value)
    assert str(tmp_path / "table.csv") in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "value"), [("1.0", 1), ("1", 1), ("0.0", 0), ("-1.0", -1), ("", -2), ("1e0", 1), ("-0.0", 0)]
)
def test_the_four_label_values(text, value):
    assert tables.label(text) == value


@pytest.mark.parametrize("text", ["2", "0.5", "nan", "yes", "1,0", "-2.0", "inf"])
def test_any_other_label_is_refused(text):
    with pytest.raises(ValueError, match=r"expected 1\.0, 0\.0, -1\.0 or nothing"):
        tables.label(text)


@pytest.mark.parametrize(
    ("text", "years"),
    [("61", 61), ("61.0", 61), ("0", 0), ("", -1), ("058Y", 58), ("013M", 1), ("002D", 0), ("411Y", 411)],
)
def test_ages(text, years):
    assert tables.age(text) == years


@pytest.mark.parametrize("text", ["-3", "old", "61.5", "1e9", "nan", "Y"])
def test_an_age_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="expected an age"):
        tables.age(text)


def test_sexes_and_projections():
    assert [tables.sex(text) for text in ("Female", "M", "", "Unknown")] == [0, 1, 2, 2]
    assert [tables.projection(text) for text in ("AP", "pa", "LL", "RL", "")] == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="expected Female, Male"):
        tables.sex("x")
    with pytest.raises(ValueError, match="expected AP, PA"):
        tables.projection("oblique")
