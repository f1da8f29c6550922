"""Lists of films as CSV text that no spreadsheet takes for formulas.

The rule is that of chex_tf.csv_text, of which this package knows nothing; a test keeps the two in step.
"""

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "@", "-", "\t", "\r")


def listing(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([quoted(cell) for cell in row] for row in (columns, *rows))
    return text.getvalue()


def quoted(cell: str) -> str:
    """The cell with an apostrophe before it where it begins like a formula and is no number."""
    bare = cell.lstrip("'")
    if not bare.startswith(_FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return f"'{cell}" if "_" in cell else cell
