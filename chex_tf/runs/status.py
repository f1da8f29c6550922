"""status.json: the state of a run."""

import json
import pathlib
from typing import Any

from chex_tf.files import write_text
from chex_tf.runs.layout import STATUS

RATE = "steps_a_second"  # of a running run, lately


def write(run_dir: pathlib.Path, state: str, **more: Any) -> None:
    """`state`: running, finished, stopped (by a signal; it can be continued) or failed; `more` says step and why."""
    write_text(run_dir / STATUS, json.dumps({"state": state, **more}, indent=2) + "\n")


def read(run_dir: pathlib.Path) -> dict[str, Any]:
    path = run_dir / STATUS
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"state": "new"}
