"""CSV whose cells no spreadsheet computes, and which reads back as the same text."""

import csv
import io

import pytest
from chex_tf_datasets.radiograph_records.listing import listing

from chex_tf.csv_text import csv_text, plain, quoted

FORMULAS = ["=1+1", "+cmd", "@SUM(A1)", "-2+3", "-film.jpg", "\t=1", "\r=1", "=", "-", "'=1", "''+x", "-1_0"]
TEXTS = ["", "a", "a=b", "1", "-0.5", "-1e-9", "+3", "-inf", "'a'", "'", "''", "view1_frontal.jpg", "№=1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_becomes_text(text: str) -> None:
    assert quoted(text) == f"'{text}"


@pytest.mark.parametrize("text", TEXTS)
def test_other_text_and_numbers_stay(text: str) -> None:
    assert quoted(text) == text


@pytest.mark.parametrize("text", FORMULAS + TEXTS)
def test_what_was_quoted_reads_back(text: str) -> None:
    assert plain(quoted(text)) == text


@pytest.mark.parametrize("text", FORMULAS + TEXTS)
def test_lists_of_films_follow_the_same_rule(text: str) -> None:
    assert listing(("a", "b"), [(text, "1")]) == csv_text([("a", "b"), (text, "1")])


def test_rows_are_a_file_that_reads_back() -> None:
    rows = [["name", "=SUM(A1:A9)", "a,b"], ["-x", -0.5, None], ['say "no"', 3, "-0.5"]]
    text = csv_text(rows)
    assert text == 'name,\'=SUM(A1:A9),"a,b"\n\'-x,-0.5,\n"say ""no""",3,-0.5\n'
    assert [list(map(plain, row)) for row in csv.reader(io.StringIO(text))] == [
        ["name", "=SUM(A1:A9)", "a,b"],
        ["-x", "-0.5", ""],
        ['say "no"', "3", "-0.5"],
    ]
