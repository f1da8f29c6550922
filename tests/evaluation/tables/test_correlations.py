"""The table of rank correlations and of families."""

import numpy as np

from chex_tf.evaluation.tables import page
from chex_tf.statistics import bootstrap
from chex_tf.statistics.rank_correlation import Correlation, FamilySpread


def test_rank_correlations(evaluate, test_set):
    spans = bootstrap.Interval(-0.1, 0.4), bootstrap.Interval(np.nan, np.nan, 5, "none")
    spread = FamilySpread({"ResNet": (0.005, None)}, (np.nan, None), (0.02, spans[0]))
    text = page.text(
        evaluate(test_set[1], ("a", "b")), {"parameters and AUROC": Correlation(0.597, 0.015, 16, *spans)}, {"": spread}
    )
    (row,) = [line for line in text.splitlines() if line.startswith("parameters and AUROC")]
    assert row.split() == ["parameters", "and", "AUROC", "16", "+0.597", "0.015", "[-0.10,", "+0.40]", "–"]
    assert "ResNet: largest − smallest model" in text
    assert "Within a family" not in text
