"""status.json: the state of a run."""

import json
import pathlib
from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict

from chex_tf import json_files
from chex_tf.runs import present
from chex_tf.runs.layout import STATUS

RATE = "steps_a_second"  # of a running run, lately
IMAGE_RATE = "images_a_second"  # of a finished run, over all its steps
_BEST, _NEGATIVE = "best_", "negative_"  # how the score's name begins; what is better the smaller is ranked negated


class _Form(TypedDict):
    """A score, named best_… by what it is, may stand beside these."""

    state: Literal["running", "finished", "stopped", "failed"]
    step: NotRequired[int]
    steps: NotRequired[int]
    why: NotRequired[str]
    steps_a_second: NotRequired[float | None]
    images_a_second: NotRequired[float | None]


def write(run_dir: pathlib.Path, state: str, **more: Any) -> None:
    """`state`: running, finished, stopped (by a signal; it can be continued) or failed; `more` says step and why."""
    present.write_text(run_dir, STATUS, json.dumps({"state": state, **more}, indent=2) + "\n")


def said_score(noted: Mapping[str, Any]) -> str:
    """The best score of `read` for people: `best 0.8123`, or `loss 136.4` where less is better; empty before one."""
    for name, value in noted.items():
        if name.startswith(_BEST) and value is not None:
            what = name.removeprefix(_BEST)
            if what.startswith(_NEGATIVE):
                return f"{what.removeprefix(_NEGATIVE).replace('_', ' ')} {-value:.4g}"
            return f"best {value:.4f}"
    return ""


def read(run_dir: pathlib.Path) -> dict[str, Any]:
    """`state` is new before anything was written; raises InputError for a file that is not a run's status."""
    path = run_dir / STATUS
    if not path.is_file():
        return {"state": "new"}
    return dict(json_files.read(path, _Form, "run_dir", "without that file the run goes on from its last checkpoint"))
