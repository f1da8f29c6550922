"""Rows as CSV text that no spreadsheet takes for formulas.

A text that begins like a formula (=, +, @, - and no number, a tab or a return) gets an apostrophe before it, as
spreadsheets themselves write such a text; `plain` takes it away again.
"""

import csv
import io
from collections.abc import Iterable
from typing import Any

_FORMULA = ("=", "+", "@", "-", "\t", "\r")


def csv_text(rows: Iterable[Iterable[Any]]) -> str:
    return lines([quoted(cell) for cell in row] for row in rows)


def lines(rows: Iterable[Iterable[Any]]) -> str:
    """The same for cells that are as they are to be written."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def quoted(cell: Any) -> Any:
    """The cell as it is written; only text changes."""
    return f"'{cell}" if isinstance(cell, str) and _looks_like_one(cell) else cell


def plain(cell: str) -> str:
    """The text that `quoted` wrote as `cell`."""
    return cell[1:] if cell.startswith("'") and _looks_like_one(cell) else cell


def _looks_like_one(text: str) -> bool:
    """With apostrophes before it too, so that quoting can be undone whatever the text was."""
    bare = text.lstrip("'")
    return bare.startswith(_FORMULA) and not (bare is text and _is_number(text)) and bool(bare)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text
