"""Results of launch.evaluate for a run, stored in the run by set."""

import json
import pathlib
from collections.abc import Iterator
from typing import Any

from chex_tf.runs import layout


def folder(run_dir: pathlib.Path, name: str) -> pathlib.Path:
    return run_dir / layout.EVALUATION / name


def read_all(run_dir: pathlib.Path) -> Iterator[dict[str, Any]]:
    """The content of every evaluation.json, by the set's name."""
    for path in sorted((run_dir / layout.EVALUATION).glob(f"*/{layout.EVALUATION_RESULT}")):
        own = layout.path_within(run_dir, str(path.relative_to(run_dir)))
        yield dict(json.loads(own.read_text(encoding="utf-8")))
