"""similarity.json: all that a comparison found."""

import json
import math
import pathlib
from typing import Any

from chex_tf.files import write_text
from chex_tf.similarity.found import Comparison
from chex_tf.similarity.results import Similarity

NAME = "similarity.json"


def write(folder: pathlib.Path, found: Comparison, filters: dict[str, Any] | None) -> str:
    content = found.facts() | {"similarities": [_entry(row) for row in found.rows]}
    if filters is not None:
        content["filters"] = filters
    write_text(folder / NAME, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return NAME


def _entry(row: Similarity) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "a": row.layers[0],
        "b": row.layers[1],
        "statistic": row.statistic,
        "neurons": list(row.neurons),
        "points": row.points,
        "value": _number(row.value),
        "low": _number(row.interval.low),
        "high": _number(row.interval.high),
        "permuted": list(row.permuted),
        "random": list(row.random),
    }
    if row.components is not None:
        entry["components"] = list(row.components)
    if row.interval.reason:
        entry["no_interval"] = row.interval.reason
    if row.refusal:
        entry["refused"] = str(row.refusal)
    if row.random_refusal and not row.refusal:
        entry["random_refused"] = str(row.random_refusal)
    return entry


def _number(value: float) -> float | None:
    """JSON has no NaN."""
    return None if math.isnan(value) else value
