"""Rank correlations over models, and the spread of AUROC between and within families."""

import math
from collections.abc import Mapping

from chex_tf.evaluation.tables.columns import NOTHING, filled, lines, p_text, without_empty
from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.family_spread import FamilySpread
from chex_tf.statistics.noisy_correlation import NO_INTERVAL
from chex_tf.statistics.permutation import DRAWN_ORDERS, EXACT_UP_TO
from chex_tf.statistics.rank_correlation import Correlation


def table_of(correlations: Mapping[str, Correlation], spreads: Mapping[str, FamilySpread]) -> str:
    parts = [_correlations(correlations)] if correlations else []
    parts += [_spread(arm, spread) for arm, spread in spreads.items()]
    return "\n\n".join(part for part in parts if part)


def _correlations(correlations: Mapping[str, Correlation]) -> str:
    header = ["Rank correlation of", "n", "rho [95% interval]", "p", "worth", "families", "rho", "p"]
    header += ["without noise", "not noise"]
    rows, absent = [], []
    for name, found in correlations.items():
        families, noisy = found.by_family, found.without_noise
        rows.append(
            [
                name,
                str(found.models),
                f"{found.rho:+.3f} {_span(found.over_models)}",
                p_text(found.p.p),
                f"{found.effective_models:.1f}",
                *(
                    [str(families.families), f"{families.rho:+.3f}", p_text(families.p.p)]
                    if families
                    else [NOTHING] * 3
                ),
                f"{noisy.rho:+.3f}" if noisy else NOTHING,
                f"{max(noisy.reliability, 0):.0%}" if noisy else NOTHING,
            ]
        )
        if found.over_models.reason:
            absent.append(f"{name}: no interval, {found.over_models.reason}.")
    note = (
        f"p: of all orders of n up to {EXACT_UP_TO}, else of {DRAWN_ORDERS:,} drawn ones and the observed; it takes "
        "models for independent, which those of one family are not. Families: rho and p of their means. Interval: over "
        "other models of such families, n of which are worth so many independent ones. Without noise: these models on "
        "an endless test set, from the share of the AUROCs' variance that is not noise; it has no interval, since "
        f"{NO_INTERVAL}."
    )
    return "\n".join([lines(*without_empty(header, rows, 1)[:2], 1, breaks=(5,)), filled(note), *map(filled, absent)])


def _spread(arm: str, spread: FamilySpread) -> str:
    entries: dict[str, tuple[float, Interval | None]] = {
        **{f"{name}: largest − smallest model": value for name, value in spread.growth.items()},
        "Between families: standard deviation": (spread.between.value, spread.between.interval),
        "Within a family: standard deviation": (spread.within.value, spread.within.interval),
    }
    rows = [
        [name, f"{value:+.4f}" if name.endswith("model") else f"{value:.4f}", _span(interval, 4)]
        for name, (value, interval) in entries.items()
        if not math.isnan(value)
    ]
    table = lines([f"Spread of mean AUROC{arm and f', {arm}'}", "", "[95% interval]"], rows, 1)
    if math.isnan(spread.between.value):
        return f"{table}\nNo standard deviations: {spread.between.interval.reason}."
    note = (
        "Standard deviations are of true AUROCs, the test set's noise taken off. Do families differ by more than "
        f"chance deals: p {p_text(spread.p)}, of {spread.labellings:,} drawn ways to deal the models to families, and "
        "this one."
    )
    return f"{table}\n{filled(note)}"


def _span(interval: Interval | None, digits: int = 2) -> str:
    if interval is None:
        return NOTHING
    if math.isnan(interval.low):
        return "[no interval]"
    return f"[{interval.low:+.{digits}f}, {interval.high:+.{digits}f}]"
