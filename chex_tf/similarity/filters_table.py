"""What is said of the first filters, on the terminal and in similarity.json."""

import math
from typing import Any

import numpy as np

from chex_tf.evaluation.tables import columns
from chex_tf.similarity.filters import Filters, Moved

HEADER = ("filters of the first convolution, median (quartiles)", "A to B", "A to random")


def text(found: Filters) -> str:
    rows, columns_, inputs, filters = found.shape
    table = [
        ["distance moved, relative to A", _spread(found.moved.distance), _spread(found.moved_random.distance)],
        ["correlation", _spread(found.moved.correlation), _spread(found.moved_random.correlation)],
    ]
    parts = [
        f"{found.layer}: {filters:,} filters of {rows}×{columns_}, {inputs} inputs",
        "",
        columns.lines(HEADER, table, 1),
        "",
    ]
    if found.gabor:
        shares = [[name, _spread(found.gabor[key])] for name, key in (("A", "a"), ("B", "b"), ("random", "random"))]
        parts += [columns.lines(("explained by Gabor functions", "median (quartiles)"), shares, 1), ""]
    else:
        parts += [columns.filled(f"Not fitted by Gabor functions: {found.no_gabor}."), ""]
    parts.append(columns.filled(f"Random: {found.names[2]}, whose filters are matched with A's by number."))
    return "\n".join(parts)


def entry(found: Filters) -> dict[str, Any]:
    rows, columns_, inputs, filters = found.shape
    made: dict[str, Any] = {
        "layer": found.layer,
        "filters": filters,
        "size": [rows, columns_],
        "inputs": inputs,
        "random": found.names[2],
        "moved": _moved(found.moved),
        "moved_random": _moved(found.moved_random),
    }
    if found.gabor:
        made["gabor"] = {key: _numbers(values) for key, values in found.gabor.items()}
    else:
        made["no_gabor"] = found.no_gabor
    return made


def _moved(found: Moved) -> dict[str, list[float | None]]:
    return {"distance": _numbers(found.distance), "correlation": _numbers(found.correlation)}


def _numbers(values: np.ndarray) -> list[float | None]:
    return [float(value) if math.isfinite(value) else None for value in values]


def _spread(values: np.ndarray) -> str:
    defined = values[np.isfinite(values)]
    if not len(defined):
        return columns.NOTHING
    low, middle, high = np.percentile(defined, [25, 50, 75])
    left_out = "" if len(defined) == len(values) else f", {len(values) - len(defined)} undefined"
    return f"{middle:.3f} ({low:.3f}–{high:.3f}{left_out})"
