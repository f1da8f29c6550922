"""Pools of runs: values over seeds and units, what seeds contribute, and differences, of the mean and each task."""

import math

from chex_tf.evaluation.pools import PooledDifference, PooledValue
from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.tables.columns import NOTHING, PLURAL, filled, lines, p_text, signed, yes_or_no
from chex_tf.evaluation.tables.tasks_shown import are_listed, elsewhere, here, once, summary, summary_of
from chex_tf.statistics.comparison import rule
from chex_tf.statistics.measure import MEAN

VALUE_COLUMNS = ["runs", "[95% interval]", "lowest, highest run", "SD of seeds", "share of seeds"]
DIFFERENCE_COLUMNS = ["[95% interval]", "p", "p Holm", "significant", "share of seeds"]
TELLS = 0.5  # a share whose interval is wider than this says nothing


def tables_of(evaluation: Evaluation) -> list[str]:
    pooled, whole = evaluation.pooled, summary(evaluation)
    values = [one for one in pooled.values if one.task == whole]
    parts = [_values(evaluation, values)] if values else []
    by_task = [one for one in pooled.values if one.task != MEAN]
    tasks = list(dict.fromkeys(one.task for one in by_task))
    are_few = are_listed(tasks, max(len(by_task), sum(one.task != MEAN for one in pooled.differences)))
    if are_few:
        labels = once(one.task for one in by_task)
        rows = [[label, *_row(one)] for label, one in zip(labels, by_task, strict=True)]
        parts.append(lines(["Task", "AUROC over seeds", *VALUE_COLUMNS], rows, 2))
    differences = [one for one in pooled.differences if one.task == whole]
    if differences:
        parts.append(_differences(evaluation, differences))
    of_tasks = [one for one in pooled.differences if one.task != MEAN]
    if are_few and of_tasks:
        labels = once(one.task for one in of_tasks)
        rows = [[label, *_difference_row(one)] for label, one in zip(labels, of_tasks, strict=True)]
        parts.append(lines(["Task", "Difference of AUROC over seeds", *DIFFERENCE_COLUMNS], rows, 2))
    if not are_few and len(tasks) > 1:
        parts.append(elsewhere("pools and differences_of_pools", len(by_task) + len(of_tasks)))
    return parts


def _values(evaluation: Evaluation, values: list[PooledValue]) -> str:
    header = [_capital(f"{summary_of(evaluation, 'AUROC')} over seeds"), *VALUE_COLUMNS]
    units = PLURAL[evaluation.cohort.unit]
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
    clipped = [one.pool.name for one in values if one.over.is_defined and one.deviation_of_seeds == 0]
    if clipped:
        notes.append(
            f"SD of seeds 0: {', '.join(clipped)} vary no more than {units} alone would make them, and an estimate "
            "below 0 is shown as 0. It does not show that seeds do not matter."
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


def _differences(evaluation: Evaluation, differences: list[PooledDifference]) -> str:
    header = [f"Difference of {summary_of(evaluation, 'AUROC')} over seeds", *DIFFERENCE_COLUMNS]
    said = rule(differences[0].family, f"the pairs of pools on one task, {here(evaluation)}")
    return "\n".join([lines(header, [_difference_row(one) for one in differences], 1), filled(said)])


def _difference_row(one: PooledDifference) -> list[str]:
    return [
        f"{one.a} − {one.b}",
        signed(one.over.value, one.interval),
        p_text(one.p),
        p_text(one.p_holm),
        yes_or_no(one.is_significant),
        f"{one.over.seed_share:.0%}" if one.over.is_defined else NOTHING,
    ]


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
