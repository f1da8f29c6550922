"""A study's cells and their states as a table for a terminal."""

from collections import Counter
from collections.abc import Mapping, Sequence

from chex_tf import amounts
from chex_tf.study.cell import Cell
from chex_tf.study.state import Condition, State

NAME_WIDTH, WHY_WIDTH = 34, 60
# Where not all cells fit, those of most interest.
_FIRST = (
    *(Condition.RUNNING, Condition.FAILED, Condition.FOREIGN, Condition.INTERRUPTED),
    *(Condition.TRAINED, Condition.WAITING, Condition.FINISHED),
)


def text(cells: Sequence[Cell], states: Mapping[str, State]) -> str:
    """A line a cell, after one that counts them."""
    return "\n".join([counted(states), *(_line(cell, states[cell.name]) for cell in cells)])


def fitting(cells: Sequence[Cell], states: Mapping[str, State], lines: int, width: int) -> list[str]:
    """The same in at most so many lines of at most so many characters; says how many cells are not shown."""
    room = max(1, lines - 1)
    shown = list(cells)
    if len(cells) > room:
        by_interest = sorted(cells, key=lambda cell: _FIRST.index(states[cell.name].condition))
        kept = {cell.name for cell in by_interest[: room - 1]}
        shown = [cell for cell in cells if cell.name in kept]
    found = [counted(states), *(_line(cell, states[cell.name]) for cell in shown)]
    if len(shown) < len(cells):
        found.append(f"and {len(cells) - len(shown)} more; --status shows all")
    return [line[:width] for line in found]


def counted(states: Mapping[str, State]) -> str:
    """`40 cells: 12 finished, 2 running, 26 waiting`."""
    number = Counter(state.condition for state in states.values())
    return f"{amounts.counted(len(states), 'cell')}: " + ", ".join(
        f"{number[kind]} {kind.value}" for kind in Condition if number[kind]
    )


def _line(cell: Cell, state: State) -> str:
    steps = f"{state.step:,}/{state.steps:,}" if state.steps else ""
    share = f"{100 * state.step / state.steps:3.0f}%" if state.steps else "    "
    score = "" if state.score is None else f"{state.score:.4f}"
    more = _pace(state) or state.why or state.holder
    more = more if len(more) <= WHY_WIDTH else f"{more[: WHY_WIDTH - 1]}…"
    return f"{cell.name:<{NAME_WIDTH}} {state.condition.value:<11} {share} {steps:>15} {score:>7} {more}".rstrip()


def _pace(state: State) -> str:
    """`2.31 steps a second, 5 min left`."""
    if state.rate is None or state.seconds_left is None:
        return ""
    minutes = state.seconds_left / 60
    left = f"{minutes:.0f} min" if 1 <= minutes < 90 else f"{60 * minutes:.0f} s" if minutes < 1 else ""
    return f"{state.rate:.3g} steps a second, {left or f'{minutes / 60:.1f} h'} left"
