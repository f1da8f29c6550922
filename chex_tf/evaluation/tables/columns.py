"""What every table on the terminal is made of: aligned columns, numbers with intervals, p values, notes."""

import itertools
import math
import textwrap
from collections.abc import Sequence

from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.measure import Estimate

NOTHING = "–"
TABLE_WIDTH = 80  # a terminal's
NOTE_WIDTH = 80
INDENT = "  "
PLURAL = {"study": "studies", "patient": "patients", "image": "images"}  # of units
SMALLEST_P = 0.001  # smaller ones are printed as less than this; evaluation.json has them


def lines(header: Sequence[str], rows: Sequence[Sequence[str]], left: int, breaks: Sequence[int] = ()) -> str:
    """A table with columns as wide as needed, the first `left` of them left-aligned.

    One that is wider than TABLE_WIDTH becomes several, one below the other, each with the left columns: a new one
    begins at the columns of `breaks`, and more where these do not suffice. Where the left columns leave too little
    room, the first of them becomes a heading above its rows."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    if _width(widths) <= TABLE_WIDTH:
        return _aligned(header, rows, left)
    has_headings = left > 1 and _width([*widths[:left], max(widths[left:])]) > TABLE_WIDTH
    kept_left = range(1 if has_headings else 0, left)
    room = TABLE_WIDTH - sum(widths[one] + 2 for one in kept_left) - (len(INDENT) if has_headings else 0)
    ends = [*(one for one in breaks if left < one < len(header)), len(header)]
    tables = []
    for begin, end in zip([left, *ends], ends, strict=False):
        for part in _in_parts(list(range(begin, end)), widths, room):
            kept = [*kept_left, *part]
            table = _aligned(
                [header[one] for one in kept], [[row[one] for one in kept] for row in rows], len(kept_left)
            )
            tables.append(_under_headings(header[0], [row[0] for row in rows], table) if has_headings else table)
    return "\n\n".join(tables)


def _under_headings(name: str, headings: Sequence[str], table: str) -> str:
    """A row of a table without its first column stands below what that column says, where it says anything new."""
    header, rule, *rows = table.splitlines()
    shown = [name, INDENT + header, rule[:1] * (len(INDENT) + len(rule))]
    last = ""
    for heading, row in zip(headings, rows, strict=True):
        shown += [*([heading] if heading and heading != last else []), INDENT + row]
        last = heading or last
    return "\n".join(shown)


def without_empty(
    header: Sequence[str], rows: Sequence[Sequence[str]], left: int
) -> tuple[list[str], list[list[str]], list[int]]:
    """Without the columns in which no row has anything, the first `left` excepted; and which columns are kept."""
    kept = [
        column
        for column in range(len(header))
        if column < left or any(row[column] not in (NOTHING, "") for row in rows)
    ]
    return [header[one] for one in kept], [[row[one] for one in kept] for row in rows], kept


def _width(widths: Sequence[int]) -> int:
    return sum(widths) + 2 * (len(widths) - 1)


def _in_parts(columns: Sequence[int], widths: Sequence[int], room: int) -> list[list[int]]:
    """As few parts as fit in the room, of about equally many columns where that fits too; a column that is too wide is
    one of its own."""
    parts: list[list[int]] = []
    for column in columns:
        if parts and _width([widths[one] for one in (*parts[-1], column)]) <= room:
            parts[-1].append(column)
        else:
            parts.append([column])
    ends = [len(columns) * place // len(parts) for place in range(len(parts) + 1)]
    even = [list(columns[begin:end]) for begin, end in itertools.pairwise(ends)]
    return even if all(_width([widths[one] for one in part]) <= room for part in even) else parts


def _aligned(header: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> str:
    table = [header, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    shown = [
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
    return "\n".join([shown[0], "─" * _width(widths), *shown[1:]])


def with_interval(estimate: Estimate) -> str:
    if math.isnan(estimate.value):
        return NOTHING
    interval = estimate.interval
    if math.isnan(interval.low):
        return f"{estimate.value:.3f} [no interval]"
    return f"{estimate.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def plain(estimate: Estimate | None) -> str:
    return NOTHING if estimate is None or math.isnan(estimate.value) else f"{estimate.value:.3f}"


def signed(value: float, interval: Interval, digits: int = 4) -> str:
    """A difference with its interval."""
    if math.isnan(interval.low):
        return f"{value:+.{digits}f} [no interval]"
    return f"{value:+.{digits}f} [{interval.low:+.{digits}f}, {interval.high:+.{digits}f}]"


def yes_or_no(is_significant: bool) -> str:
    return "yes" if is_significant else "no"


def p_text(p: float) -> str:
    if math.isnan(p):
        return NOTHING
    if p < SMALLEST_P:
        return f"<{SMALLEST_P}"
    return f"{p:.3f}"


def filled(note: str, first: str = "", others: str = "") -> str:
    """In lines of NOTE_WIDTH; `first` and `others` go before the first and before all others."""
    return textwrap.fill(
        note, NOTE_WIDTH, initial_indent=first, subsequent_indent=others, break_long_words=False, break_on_hyphens=False
    )
