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
