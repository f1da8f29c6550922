"""A study's cells and their states as a table for a terminal."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from chex_tf import amounts
from chex_tf.study.cell import Cell
from chex_tf.study.state import Condition, State

WHY_WIDTH = 60
Paint = Callable[[str, Condition], str]
# Where not all cells fit, those of most interest.
_FIRST = (
    *(Condition.RUNNING, Condition.FAILED, Condition.FOREIGN, Condition.INTERRUPTED),
    *(Condition.TRAINED, Condition.WAITING, Condition.FINISHED),
)


def plain(word: str, condition: Condition) -> str:
    del condition
    return word


def text(cells: Sequence[Cell], states: Mapping[str, State], paint: Paint = plain) -> str:
    """A line a cell, after one that counts them."""
    return "\n".join([counted(states), *_lines(cells, states, None, paint)])


def fitting(
    cells: Sequence[Cell], states: Mapping[str, State], lines: int, width: int, paint: Paint = plain
) -> list[str]:
    """The same in at most so many lines of at most so many characters; says how many cells are not shown."""
    room = max(1, lines - 1)
    shown = list(cells)
    if len(cells) > room:
        by_interest = sorted(cells, key=lambda cell: _FIRST.index(states[cell.name].condition))
        kept = {cell.name for cell in by_interest[: room - 1]}
        shown = [cell for cell in cells if cell.name in kept]
    found = [counted(states)[:width], *_lines(shown, states, width, paint)]
    if len(shown) < len(cells):
        found.append(f"and {len(cells) - len(shown)} more; --status shows all"[:width])
    return found


def counted(states: Mapping[str, State]) -> str:
    """`40 cells: 12 finished, 2 running, 26 waiting`."""
    number = Counter(state.condition for state in states.values())
    return f"{amounts.counted(len(states), 'cell')}: " + ", ".join(
        f"{number[kind]} {kind.value}" for kind in Condition if number[kind]
    )


def _lines(cells: Sequence[Cell], states: Mapping[str, State], width: int | None, paint: Paint) -> list[str]:
    """In columns as wide as these cells need; a state's word is painted once what is too long was cut."""
    found = [states[cell.name] for cell in cells]
    steps = [f"{state.step:,}/{state.steps:,}" if state.steps else "" for state in found]
    names = max((len(cell.name) for cell in cells), default=0)
    kinds = max((len(state.condition.value) for state in found), default=0)
    counts = max(map(len, steps), default=0)
    scores = max((len(state.score) for state in found), default=0)
    lines = []
    for cell, state, step in zip(cells, found, steps, strict=True):
        share = f"{100 * state.step / state.steps:3.0f}%" if state.steps else "    "
        more = _pace(state) or state.why or state.holder
        more = more if len(more) <= WHY_WIDTH else f"{more[: WHY_WIDTH - 1]}…"
        word = state.condition.value
        line = f"{cell.name:<{names}} {word:<{kinds}} {share} {step:>{counts}} {state.score:>{scores}} {more}".rstrip()
        if width is not None and len(line) > width:
            line = f"{line[: width - 1]}…"
        begin, end = (min(place, len(line)) for place in (names + 1, names + 1 + len(word)))
        lines.append(line[:begin] + paint(line[begin:end], state.condition) + line[end:])
    return lines


def _pace(state: State) -> str:
    """`2.31 steps/s, 5 min left`."""
    if state.rate is None or state.seconds_left is None:
        return ""
    minutes = state.seconds_left / 60
    left = f"{minutes:.0f} min" if 1 <= minutes < 90 else f"{60 * minutes:.0f} s" if minutes < 1 else ""
    return f"{state.rate:.3g} steps/s, {left or f'{minutes / 60:.1f} h'} left"
