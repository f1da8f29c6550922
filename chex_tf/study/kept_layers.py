"""How alike layers stayed to what training began with: by model and layer, over runs, with the table."""

import dataclasses
import math

import numpy as np

from chex_tf.runs.from_start import ADVICE, FromStart
from chex_tf.statistics import run_means
from chex_tf.statistics.bootstrap import Interval
from chex_tf.study.outcomes import Member, Outcomes
from chex_tf.study.table import NOTHING, Table, minus


@dataclasses.dataclass(frozen=True)
class Side:
    """A layer of a model, as in the claims."""

    member: Member
    layer: str


class Unmeasured(Exception):
    """A run whose layer was not compared with its start, or was compared on other films; the message says which."""


def difference(first: Side, second: Side) -> tuple[float, Interval, int]:
    """Of the mean likeness of the first less that of the second, over runs: how many there are comes last. Two layers
    of one model are taken run by run."""
    sides = [_values(one) for one in (first, second)]
    films = sorted({one.films for side in (first, second) for one in side.member.from_start if one is not None})
    if len(films) > 1:
        raise Unmeasured(f"one set of films for all; {' and '.join(films)} were compared on")
    terms = [(1.0, sides[0]), (-1.0, sides[1])]
    value = float(sides[0].mean() - sides[1].mean())
    is_paired = first.member.name == second.member.name
    return value, _interval(value, terms, is_paired), sum(len(one) for one in sides)


def _values(side: Side) -> np.ndarray:
    runs = side.member.from_start
    known = [one.layers[side.layer] for one in runs if one is not None and side.layer in one.layers]
    if not known or len(known) < len(runs):
        unlike = max(1, len(runs)) - len(known)
        raise Unmeasured(f"{side.layer} of {side.member.name} beside its start ({unlike} not measured; {ADVICE})")
    return np.array(known)


def _interval(value: float, terms: run_means.Terms, is_paired: bool = False) -> Interval:
    if any(one.size < 2 for _, one in terms):
        return Interval(math.nan, math.nan, 0, "one run alone says nothing of seeds")
    half = run_means.half_width(terms, is_paired)
    return Interval(value - half, value + half)


def table(outcomes: Outcomes) -> Table:
    """A row a model and layer; of models whose runs were all compared."""
    rows, films = [], set()
    for one in outcomes.members:
        runs = [run for run in one.from_start if run is not None]
        for layer in _layers(runs) if len(runs) == len(one.from_start) else ():
            values = np.array([run.layers[layer] for run in runs])
            mean = float(values.mean())
            random = [value for run in runs for value in run.random[layer]]
            chance = f"{np.mean(random):.3f}" if random else NOTHING
            interval = _interval(mean, [(1.0, values)])
            span = interval.reason if math.isnan(interval.low) else f"{interval.low:.3f} to {min(interval.high, 1):.3f}"
            rows.append((one.arch, one.arm, layer, str(len(runs)), minus(f"{mean:.3f}"), minus(span), minus(chance)))
            films |= {run.films for run in runs}
    columns = ("Architecture", "Arm", "Layer", "Runs", "Alike", "95% interval", "Random networks")
    note = (
        "Debiased linear CKA of a layer with itself as training began, a mean over runs: 1 where films lie to one "
        "another as they did, 0 where nothing of it is left. Intervals are over seeds alone (Student's t); the films "
        f"are taken as they are: {'; '.join(sorted(films))}. Random networks: two of the same architecture, neither of "
        "which has learned anything."
    )
    title = "How alike layers are to what training began with"
    return Table("from_start", title, columns, tuple(rows), note, 3)


def _layers(runs: list[FromStart]) -> list[str]:
    """Those that all runs have, in the first one's order."""
    return [layer for layer in runs[0].layers if all(layer in run.layers for run in runs)] if runs else []
