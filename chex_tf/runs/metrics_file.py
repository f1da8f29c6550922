"""metrics.csv: one row per evaluation, without wall-clock times, so that two runs compare byte for byte."""

import csv
import io
import pathlib
from collections.abc import Mapping, Sequence

from chex_tf.csv_text import csv_text, plain
from chex_tf.runs import present
from chex_tf.runs.layout import METRICS
from chex_tf.settings import InputError


def row(values: Mapping[str, float | int]) -> str:
    """Numbers as the shortest text that reads back as the same number; NaN as an empty cell."""
    return ",".join("" if value != value else repr(value) for value in values.values())


def header(names: Sequence[str]) -> str:
    return csv_text([names]).rstrip("\n")


def widened(rows: Sequence[str], names: Sequence[str]) -> list[str]:
    """Rows of a former version, which lacked the last columns, with empty cells for them; no cell holds a comma."""
    return [line + "," * (len(names) - 1 - line.count(",")) for line in rows]


def write(run_dir: pathlib.Path, lines: Sequence[str]) -> None:
    present.write_text(run_dir, METRICS, "".join(f"{line}\n" for line in lines))


def read(run_dir: pathlib.Path) -> dict[str, list[float]]:
    """Columns by name, an empty cell as NaN; no columns before the first evaluation."""
    path = run_dir / METRICS
    if not path.is_file():
        return {}
    try:
        names, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8")))
        columns = zip(*([float(cell or "nan") for cell in row] for row in rows), strict=True)
        names = [plain(name) for name in names]
        return dict(zip(names, map(list, columns), strict=True)) if rows else {name: [] for name in names}
    except (ValueError, csv.Error) as error:
        raise InputError(f"{path} is damaged: {' '.join(str(error).split())}", "run_dir") from error
