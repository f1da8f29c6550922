"""Two studies cell by cell: how much AUROC differs, whether on the same films, and in which settings."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.results import Evaluation
from chex_tf.statistics import delong
from chex_tf.statistics.bootstrap import Interval, percentile_interval
from chex_tf.statistics.contrast import contrast
from chex_tf.statistics.measure import MEAN, Sampled
from chex_tf.study import tables
from chex_tf.study.cell import Cell
from chex_tf.study.identity import differences
from chex_tf.study.outcomes import Outcomes, no_interval
from chex_tf.study.table import NOTHING, Table

PAIRED = "paired: the same films"


@dataclasses.dataclass(frozen=True)
class Compared:
    """A finished cell and its partner in the other study, which is None where it has none; then `films` says why."""

    cell: Cell
    other: Cell | None
    auroc: float
    other_auroc: float
    interval: Interval
    films: str
    settings: tuple[str, ...]


def compare(first: Outcomes, second: Outcomes, seed: int) -> tuple[Compared, ...]:
    """`seed` is that of the bootstrap of films that are not the same, where there is no other interval."""
    if first.evaluation is None:
        return ()
    relation, is_paired, is_comparable = films(first.evaluation, second.evaluation)
    found = []
    for cell in _finished(first):
        other, why = _partner(cell, second)
        one = first.evaluation.sampled[cell.name, AUROC, MEAN]
        nothing = Interval(np.nan, np.nan)
        if other is None or second.evaluation is None:
            found.append(Compared(cell, None, one.value, np.nan, nothing, why, ()))
            continue
        unlike = tuple(differences(cell.identity, other.identity))
        two = second.evaluation.sampled[other.name, AUROC, MEAN]
        has_interval = is_comparable and not (no_interval(first.evaluation) or no_interval(second.evaluation))
        interval = _interval(one, two, is_paired, seed) if has_interval else nothing
        found.append(Compared(cell, other, one.value, two.value, interval, relation, unlike))
    return tuple(found)


def _interval(one: Sampled, two: Sampled, is_paired: bool, seed: int) -> Interval:
    if is_paired:
        return contrast((1.0, -1.0), (one, two)).interval
    if one.components is not None and two.components is not None:
        variance = float(np.sum(one.components**2) + np.sum(two.components**2))
        return delong.interval(one.value - two.value, variance, min(one.freedom, two.freedom))
    # What two sets of films have in common in their replicates is chance; an order of its own takes it out.
    return percentile_interval(one.replicates - np.random.default_rng(seed).permutation(two.replicates))


def _finished(outcomes: Outcomes) -> list[Cell]:
    names = {name for member in outcomes.members for name in member.cells}
    return [cell for cell in outcomes.study.cells if cell.name in names]


def _partner(cell: Cell, second: Outcomes) -> tuple[Cell | None, str]:
    """The cell of that name, else the only one of that architecture, arm and seed, or of that architecture and arm."""
    finished = _finished(second)
    for same in (
        [other for other in finished if other.name == cell.name],
        [other for other in finished if (other.arch, other.arm, other.seed) == (cell.arch, cell.arm, cell.seed)],
        [other for other in finished if (other.arch, other.arm) == (cell.arch, cell.arm)],
    ):
        if len(same) == 1:
            return same[0], ""
        if same:
            return None, f"the other study has several of {cell.arch}, {cell.arm}"
    planned = [other.name for other in second.study.cells if other.name == cell.name]
    return None, "not finished in the other study" if planned else "not in the other study"


def films(first: Evaluation, second: Evaluation | None) -> tuple[str, bool, bool]:
    """In words how the films of two evaluations are related; whether they are the same with the same labels; and
    whether means may be compared at all."""
    if second is None:
        return "no cell is finished in the other study", False, False
    if first.mean_over != second.mean_over:
        return f"not comparable: means of other tasks ({', '.join(second.mean_over)})", False, False
    one, two = first.cohort, second.cohort
    if sorted(one.keys) != sorted(two.keys):
        shared = len({*one.keys} & {*two.keys})
        return f"unpaired: other films ({shared:,} of {len(one.keys):,} are shared)", False, True
    if one.keys != two.keys or one.unit != two.unit or one.aggregation != two.aggregation:
        return "unpaired: the same films, in another order or taken together in another way", False, True
    if one.tasks != two.tasks or not np.array_equal(one.labels, two.labels, equal_nan=True):
        return "unpaired: the same films with other labels", False, True
    return PAIRED, True, True


def table(found: Sequence[Compared], first: Outcomes, second: Outcomes, other_name: str) -> Table:
    columns = (
        "Cell",
        "Other's cell",
        "AUROC",
        "Other's",
        "Difference",
        "95% interval",
        "Films",
        "Settings that differ",
    )
    rows = []
    for one in found:
        if one.other is None:
            rows.append((one.cell.name, NOTHING, f"{one.auroc:.3f}", *(NOTHING,) * 3, one.films, NOTHING))
            continue
        is_comparable = not np.isnan(one.interval.low)
        value = f"{one.auroc - one.other_auroc:+.3f}".replace("-", "−") if is_comparable else NOTHING
        span = f"{one.interval.low:+.3f} to {one.interval.high:+.3f}".replace("-", "−") if is_comparable else NOTHING
        shown = (f"{one.auroc:.3f}", f"{one.other_auroc:.3f}", value, span, one.films)
        rows.append((one.cell.name, one.other.name, *shown, "; ".join(one.settings) or "none"))
    matched = {one.other.name for one in found if one.other is not None}
    alone = [cell.name for cell in _finished(second) if cell.name not in matched]
    left = f" In {other_name} alone: {', '.join(alone)}." if alone else ""
    note = (
        f"This study minus {other_name}. Here: {tables.described(first)} There: {tables.described(second)} Intervals "
        "are DeLong's, of two single runs: seeds are not in them. An unpaired one takes the two sets of films as "
        f"independent and is wider.{left}"
    )
    return Table("comparison", f"Compared with {other_name}", columns, tuple(rows), note, 2)
