"""What the tables are made of."""

import numpy as np
import pytest

from chex_tf.evaluation.tables import columns
from chex_tf.statistics import bootstrap
from chex_tf.statistics.measure import Estimate


def test_columns_line_up():
    text = columns.lines(["Task", "n"], [["Edema", "5"], ["Pleural Effusion", "104"]], left=1)
    assert text.splitlines() == [
        "Task                n",
        "─────────────────────",
        "Edema               5",
        "Pleural Effusion  104",
    ]


def test_a_table_that_is_too_wide_is_broken_where_asked_and_then_where_it_must():
    header = ["Task", *"abcdefg"]
    row = ["Edema", *(one * 30 for one in "abcdefg")]
    tables = columns.lines(header, [row], 1, breaks=(3,)).split("\n\n")
    assert [table.splitlines()[0].split() for table in tables] == [
        ["Task", "a", "b"],
        ["Task", "c"],  # five of 30 do not fit beside the task, two do: three parts, as even as can be
        ["Task", "d", "e"],
        ["Task", "f", "g"],
    ]
    shown = [table.splitlines()[-1].split() for table in tables]
    assert [one[0] for one in shown] == ["Edema"] * 4
    assert [cell for one in shown for cell in one[1:]] == row[1:]
    assert max(len(line) for table in tables for line in table.splitlines()) <= columns.TABLE_WIDTH


def test_what_just_fits_is_one_table_and_a_name_without_end_is_shown_whole():
    fits = ["x" * 38, "y" * 40]
    assert columns.lines(["a", "b"], [fits], 1, breaks=(1,)).splitlines()[-1] == "  ".join(fits)
    assert "z" * 200 in columns.lines(["a", "b", "c"], [["z" * 200, "1", "2"]], 1)


def test_where_the_left_columns_take_the_room_the_first_becomes_a_heading():
    rows = [["Edema", "a" * 40, "1" * 30], ["", "b" * 40, "2" * 30], ["Fracture", "c" * 40, "3" * 30]]
    assert columns.lines(["Task", "Pair", "x"], rows, 2).splitlines() == [
        "Task",
        "  " + "Pair".ljust(40) + "  " + "x".rjust(30),
        "─" * 74,
        "Edema",
        "  " + "a" * 40 + "  " + "1" * 30,
        "  " + "b" * 40 + "  " + "2" * 30,
        "Fracture",
        "  " + "c" * 40 + "  " + "3" * 30,
    ]


def test_a_column_without_anything_is_left_out():
    header, rows, kept = columns.without_empty(["Task", "n", "p", "q"], [["a", "", "–", "1"], ["b", "", "", "–"]], 1)
    assert (header, rows, kept) == (["Task", "q"], [["a", "1"], ["b", "–"]], [0, 3])


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(0.91234, bootstrap.Interval(0.8, 0.95)), "0.912 [0.800, 0.950]"),
        (Estimate(0.5, bootstrap.Interval(np.nan, np.nan, 3, "x")), "0.500 [no interval]"),
        (Estimate(np.nan, bootstrap.Interval(np.nan, np.nan)), "–"),
    ],
)
def test_values_with_their_intervals(estimate, text):
    assert columns.with_interval(estimate) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0123, "0.012"),
        (0.001, "0.001"),
        (0.00042, "<0.001"),
        (2e-308, "<0.001"),
        (np.nan, "–"),
        (1.0, "1.000"),
    ],
)
def test_p_values(p, text):
    assert columns.p_text(p) == text
