"""metrics.csv: one row per evaluation, without wall-clock times, so that two runs compare byte for byte."""

import pathlib
from collections.abc import Mapping, Sequence

from chex_tf.files import write_text
from chex_tf.runs.layout import METRICS


def row(values: Mapping[str, float | int]) -> str:
    """Numbers as the shortest text that reads back as the same number; NaN as an empty cell."""
    return ",".join("" if value != value else repr(value) for value in values.values())


def header(names: Sequence[str]) -> str:
    return ",".join(f'"{name}"' if "," in name else name for name in names)


def widened(rows: Sequence[str], names: Sequence[str]) -> list[str]:
    """Rows of a former version, which lacked the last columns, with empty cells for them; no cell holds a comma."""
    return [line + "," * (len(names) - 1 - line.count(",")) for line in rows]


def write(run_dir: pathlib.Path, lines: Sequence[str]) -> None:
    write_text(run_dir / METRICS, "".join(f"{line}\n" for line in lines))
