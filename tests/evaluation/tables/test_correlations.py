"""The table of rank correlations and of families."""

import numpy as np

from chex_tf.evaluation.tables import correlations
from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.family_spread import Component, FamilySpread
from chex_tf.statistics.noisy_correlation import NoisyCorrelation
from chex_tf.statistics.permutation import PermutationP
from chex_tf.statistics.rank_correlation import Correlation, FamilyCorrelation

NOTHING = Interval(np.nan, np.nan, 0, "fewer than 3 families")


def cells_of(name: str, text: str) -> list[str]:
    """Of a row, which goes on where the table does not fit into one line."""
    return [cell for line in text.splitlines() if line.startswith(name) for cell in line.removeprefix(name).split()]


def test_rank_correlations():
    found = Correlation(
        0.597,
        PermutationP(0.0153, 99_999, False),
        16,
        FamilyCorrelation(0.4, PermutationP(0.517, 720, True), 6),
        11.2,
        Interval(-0.1, 0.9),
        NoisyCorrelation(0.71, 0.62),
    )
    few = Correlation(1.0, PermutationP(2 / 24, 24, True), 4, None, 3.0, Interval(np.nan, np.nan, 0, "too few"))
    text = correlations.table_of({"parameters and AUROC": found, "x": few}, {})
    row = cells_of("parameters and AUROC", text)
    of_models = ["16", "+0.597", "[-0.10,", "+0.90]", "0.015", "11.2"]
    assert row == [*of_models, "6", "+0.400", "0.517", "+0.710", "62%"]
    assert "it has no interval, since none holds where true AUROCs are far from normal." in " ".join(text.split())
    assert cells_of("x ", text) == ["4", "+1.000", "[no", "interval]", "0.083", "3.0", *["–"] * 5]
    assert "x: no interval, too few." in text


def test_spread_of_families():
    spread = FamilySpread(
        {"ResNet": (-0.005, Interval(-0.01, 0.002))},
        Component(0.0012, Interval(0.0, 0.004)),
        Component(0.003, Interval(0.001, 0.006)),
        0.21,
        9999,
        6,
    )
    text = correlations.table_of({}, {"scratch": spread})
    assert "Spread of mean AUROC, scratch" in text
    rows = {line[:20]: line.split()[-3:] for line in text.splitlines()}
    assert rows["ResNet: largest − sm"] == ["-0.0050", "[-0.0100,", "+0.0020]"]
    assert rows["Between families: st"] == ["0.0012", "[+0.0000,", "+0.0040]"]
    assert "p 0.210, of 9,999" in " ".join(text.split())


def test_too_few_families_say_so():
    nothing = Component(np.nan, NOTHING)
    text = correlations.table_of({}, {"": FamilySpread({}, nothing, nothing, np.nan, 0, 2)})
    assert "No standard deviations: fewer than 3 families." in text
