"""status.json: the state of a run."""

import json
import pathlib
from typing import Any

from chex_tf.files import write_text
from chex_tf.runs.layout import STATUS
from chex_tf.settings import InputError

RATE = "steps_a_second"  # of a running run, lately


def write(run_dir: pathlib.Path, state: str, **more: Any) -> None:
    """`state`: running, finished, stopped (by a signal; it can be continued) or failed; `more` says step and why."""
    write_text(run_dir / STATUS, json.dumps({"state": state, **more}, indent=2) + "\n")


def read(run_dir: pathlib.Path) -> dict[str, Any]:
    """`state` is new before anything was written; raises InputError for a file that is not a run's status."""
    path = run_dir / STATUS
    if not path.is_file():
        return {"state": "new"}
    try:
        found = dict(json.loads(path.read_text(encoding="utf-8")))
        if not isinstance(found["state"], str):
            raise TypeError(f"expected text; received {found['state']!r}")
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{run_dir} is damaged: its {STATUS} is not as training wrote it", "run_dir") from error
    return found
