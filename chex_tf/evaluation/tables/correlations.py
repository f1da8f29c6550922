"""Rank correlations over models, and the spread of AUROC within and between families."""

import math
from collections.abc import Mapping

from chex_tf.evaluation.tables.columns import NOTHING, lines, p_text
from chex_tf.statistics.rank_correlation import Correlation, FamilySpread


def table_of(correlations: Mapping[str, Correlation], spreads: Mapping[str, FamilySpread]) -> str:
    rows = []
    for name, found in correlations.items():
        spans = [
            NOTHING if interval is None or math.isnan(interval.low) else f"[{interval.low:+.2f}, {interval.high:+.2f}]"
            for interval in (found.over_test, found.over_models)
        ]
        rows.append([name, str(found.models), f"{found.rho:+.3f}", p_text(found.p), *spans])
    header = ["Rank correlation of", "n", "rho", "p", "over the test set", "over models"]
    parts = [lines(header, rows, 1)] if rows else []
    for arm, spread in spreads.items():
        entries = {
            **{f"{name}: largest − smallest model": value for name, value in spread.growth.items()},
            "Within a family: highest − lowest, mean over families": spread.within,
            "Between families: highest − lowest family mean": spread.between,
        }
        rows = [
            [name, f"{value:+.4f}", NOTHING if interval is None else f"[{interval.low:+.4f}, {interval.high:+.4f}]"]
            for name, (value, interval) in entries.items()
            if not math.isnan(value)
        ]
        parts.append(lines([f"Spread of mean AUROC{arm and f', {arm}'}", "", "[95% interval]"], rows, 1))
    return "\n\n".join(parts)
