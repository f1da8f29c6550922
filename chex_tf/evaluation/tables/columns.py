"""What every table on the terminal is made of: aligned columns, numbers with intervals, p values, notes."""

import math
import textwrap
from collections.abc import Sequence

from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.measure import Estimate

NOTHING = "–"
NOTE_WIDTH = 110
PLURAL = {"study": "studies", "patient": "patients", "image": "images"}  # of units
SMALLEST_P = 0.001  # smaller ones are printed as less than this; evaluation.json has them


def lines(header: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> str:
    """A table with columns as wide as needed, the first `left` of them left-aligned."""
    table = [header, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    shown = [
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
    return "\n".join([shown[0], "─" * (sum(widths) + 2 * len(widths) - 2), *shown[1:]])


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


def filled(note: str) -> str:
    return textwrap.fill(note, NOTE_WIDTH, break_long_words=False, break_on_hyphens=False)
