"""Predictions and ground truth as CSV files: a column Study or Path and one column per task, by name, in any order."""

import csv
import dataclasses
import io
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from chex_tf.csv_text import csv_text, plain
from chex_tf.files import write_text
from chex_tf.observations import ALIASES
from chex_tf.settings import InputError

KEY_COLUMNS = ("Study", "Path")
MOST_NAMED = 10  # how many names an error message gives before it counts the rest


@dataclasses.dataclass(frozen=True)
class Table:
    """A file as text: `key` names the column that identifies rows, `columns` holds the others by canonical name."""

    path: pathlib.Path
    key: str
    keys: tuple[str, ...]
    columns: dict[str, tuple[str, ...]]
    lines: tuple[int, ...] = ()  # where in the file each row ends; empty for a table that is not from a file

    def numbers(self, column: str) -> np.ndarray:
        """The column as float64; text that is not a number, and an empty cell, become NaN."""
        cells = self.columns[column]
        try:
            found = np.array(cells, dtype=np.float64)
        except ValueError:
            return np.array([_number(cell) for cell in cells])
        return found if not any("_" in cell for cell in cells) else np.array([_number(cell) for cell in cells])


def _number(cell: str) -> float:
    """Python would read 0_37 as 37."""
    try:
        return float("nan") if "_" in cell else float(cell)
    except ValueError:
        return float("nan")


def first_few(items: Sequence[str]) -> str:
    """Some of `items` and how many more there are."""
    shown = ", ".join(items[:MOST_NAMED])
    return shown if len(items) <= MOST_NAMED else f"{shown} and {len(items) - MOST_NAMED} more"


def duplicates(names: Sequence[str]) -> list[str]:
    """Each name that occurs more than once, given once."""
    seen: set[str] = set()
    again: dict[str, None] = {}
    for name in names:
        if name in seen:
            again[name] = None
        seen.add(name)
    return list(again)


def read(path: pathlib.Path) -> Table:
    """Raises InputError where the file is not such a CSV; the caller decides which columns it needs."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected a CSV file in UTF-8; {error.reason} at byte {error.start}") from error
    try:
        return _table(path, csv.reader(io.StringIO(text)))
    except csv.Error as error:
        raise InputError(f"{path}: expected a CSV file; {error}") from error


def _table(path: pathlib.Path, lines: Any) -> Table:
    header = [plain(name.strip()) for name in next(lines, [])]
    header = [ALIASES.get(name, name) for name in header]
    key = next((name for name in KEY_COLUMNS if name in header[:1]), None) or next(
        (name for name in KEY_COLUMNS if name in header), None
    )
    if key is None:
        raise InputError(f"{path}: expected a column Study or Path; received {first_few(header) or 'an empty file'}")
    again = duplicates([name for name in header if name])
    if again:
        raise InputError(f"{path}: expected each column once; received {first_few(again)} more than once")
    rows, ends = [], []
    for row in lines:
        if not row:
            continue
        if len(row) != len(header):
            raise InputError(f"{path}, line {lines.line_num}: expected {len(header)} cells; received {len(row)}")
        rows.append(row)
        ends.append(lines.line_num)
    if not rows:
        raise InputError(f"{path}: expected a row for each {key.lower()}; received a header only")
    by_column = dict(zip(header, zip(*rows, strict=True), strict=True)) if all(header) else _named(header, rows)
    keys = tuple(plain(cell.strip()).rstrip("/") for cell in by_column.pop(key))
    return Table(path, key, keys, by_column, tuple(ends))


def _named(header: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Columns without a name (such as an exported index) are named by their place."""
    names = [name or f"(column {place} without a name)" for place, name in enumerate(header, start=1)]
    return dict(zip(names, zip(*rows, strict=True), strict=True))


def write(
    path: pathlib.Path,
    key: str,
    keys: Sequence[str],
    tasks: Sequence[str],
    values: np.ndarray,
    digits: int = 9,
) -> None:
    """Writes `values` [rows, tasks] whole or not at all; nine significant digits carry every float32 exactly."""
    if key not in KEY_COLUMNS:
        raise ValueError(f"expected one of {KEY_COLUMNS} as key; received {key!r}")
    if values.shape != (len(keys), len(tasks)):
        raise ValueError(f"expected values of shape {(len(keys), len(tasks))}; received {values.shape}")
    rows = (
        [name, *("" if np.isnan(value) else f"{value:.{digits}g}" for value in row)]
        for name, row in zip(keys, values, strict=True)
    )
    write_text(path, csv_text([[key, *tasks], *rows]))


def short_names(paths: Sequence[pathlib.Path]) -> tuple[str, ...]:
    """A name for each file or folder: its stem without _predictions, behind the parent folders that tell them apart."""
    resolved = [path.resolve() for path in paths]
    again = duplicates([str(path) for path in resolved])
    if again:
        raise InputError(f"expected each file once; received {first_few(again)} more than once")
    names = [[path.stem.removesuffix("_predictions") if path.is_file() else path.name] for path in resolved]
    above = [list(path.parent.parts) for path in resolved]
    while len({tuple(name) for name in names}) < len(names):
        shared = set(duplicates(["/".join(name) for name in names]))
        for name, parents in zip(names, above, strict=True):
            if "/".join(name) in shared and parents:
                name.insert(0, parents.pop())
    return tuple("/".join(name) for name in names)
