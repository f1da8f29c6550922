"""Pools of runs on the mean over tasks: values over seeds and units, what seeds contribute, and differences."""

import math

from chex_tf.evaluation.pools import Pooled, PooledDifference, PooledValue
from chex_tf.evaluation.tables.columns import NOTHING, PLURAL, filled, lines, p_text, signed, yes_or_no
from chex_tf.statistics.comparison import rule
from chex_tf.statistics.measure import MEAN

TELLS = 0.5  # a share whose interval is wider than this says nothing


def tables_of(pooled: Pooled, unit: str) -> list[str]:
    values = [one for one in pooled.values if one.task == MEAN]
    differences = [one for one in pooled.differences if one.task == MEAN]
    parts = [_values(values, unit)] if values else []
    return [*parts, _differences(differences)] if differences else parts


def _values(values: list[PooledValue], unit: str) -> str:
    header = ["Mean AUROC over seeds", "runs", "[95% interval]", "lowest, highest run", "SD of seeds", "share of seeds"]
    units = PLURAL[unit]
    notes = [
        f"The mean of the runs' AUROCs, not the AUROC of their mean probabilities. Intervals are over seeds and "
        f"{units} together. SD of seeds: between runs, without what {units} contribute to it. Share of seeds: of the "
        f"variance of the mean [95% interval]; the rest is due to {units}."
    ]
    unknown = [one.pool.name for one in values if not share_is_known(one)]
    if unknown:
        notes.append(
            f"Too few runs to tell the share of seeds (its interval is wider than half): {', '.join(unknown)}."
        )
    return "\n".join([lines(header, [_row(one) for one in values], 1), *map(filled, notes)])


def share_is_known(one: PooledValue) -> bool:
    low, high = one.over.seed_share_interval
    return high - low <= TELLS  # false without an interval


def _row(one: PooledValue) -> list[str]:
    over, interval = one.over, one.interval
    shown = "[no interval]" if math.isnan(interval.low) else f"[{interval.low:.3f}, {interval.high:.3f}]"
    known = over.is_defined
    low, high = over.seed_share_interval
    return [
        one.pool.name,
        str(len(one.values)),
        f"{over.value:.3f} {shown}",
        f"{min(one.values):.3f}, {max(one.values):.3f}",
        f"{one.deviation_of_seeds:.4f}" if known else NOTHING,
        f"{over.seed_share:.0%} [{low:.0%}, {high:.0%}]" if known else NOTHING,
    ]


def _differences(differences: list[PooledDifference]) -> str:
    header = ["Difference of mean AUROC over seeds", "[95% interval]", "p", "p Holm", "significant", "share of seeds"]
    rows = []
    for one in differences:
        rows.append(
            [
                f"{one.a} − {one.b}",
                signed(one.over.value, one.interval),
                p_text(one.p),
                p_text(one.p_holm),
                yes_or_no(one.is_significant),
                f"{one.over.seed_share:.0%}" if one.over.is_defined else NOTHING,
            ]
        )
    said = rule(differences[0].family, "the pairs of pools on one task, here the mean")
    return "\n".join([lines(header, rows, 1), filled(said)])
