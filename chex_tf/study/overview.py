"""A study's cells and their states as a table for a terminal."""

from collections import Counter
from collections.abc import Mapping, Sequence

from chex_tf.study.cell import Cell
from chex_tf.study.state import Condition, State

NAME_WIDTH, WHY_WIDTH = 34, 60


def text(cells: Sequence[Cell], states: Mapping[str, State], only_open: bool = False) -> str:
    """A line a cell, after one that counts them; `only_open` leaves out those finished and those that wait."""
    shown = [
        cell
        for cell in cells
        if not only_open or states[cell.name].condition not in (Condition.FINISHED, Condition.WAITING)
    ]
    return "\n".join([counted(states), *(_line(cell, states[cell.name]) for cell in shown)])


def counted(states: Mapping[str, State]) -> str:
    """`40 cells: 12 finished, 2 running, 26 waiting`."""
    number = Counter(state.condition for state in states.values())
    return f"{len(states)} cells: " + ", ".join(f"{number[kind]} {kind.value}" for kind in Condition if number[kind])


def _line(cell: Cell, state: State) -> str:
    steps = f"{state.step:,}/{state.steps:,}" if state.steps else ""
    share = f"{100 * state.step / state.steps:3.0f}%" if state.steps else "    "
    score = "" if state.score is None else f"{state.score:.4f}"
    more = state.why or state.holder
    more = more if len(more) <= WHY_WIDTH else f"{more[: WHY_WIDTH - 1]}…"
    return f"{cell.name:<{NAME_WIDTH}} {state.condition.value:<11} {share} {steps:>15} {score:>7} {more}".rstrip()
