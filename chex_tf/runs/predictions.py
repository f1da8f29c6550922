"""What a run's predictions were made of, kept beside them: those of an older ensemble are never taken for new.

`predictions/` of a run holds, for a set such as test: `test.csv` (an image a row), `test_labels.csv` (the ground truth)
and `test.json` (this).
"""

import json
import pathlib
from typing import Any

from chex_tf.evaluation.settings import BEST, ENSEMBLE, EvaluationSettings
from chex_tf.files import write_text
from chex_tf.settings import InputError

FOLDER = "predictions"


def stem(set_name: str, settings: EvaluationSettings) -> str:
    """The files' name: test, or test-best-flip where that was asked for."""
    asked = [] if settings.checkpoint == ENSEMBLE else [settings.checkpoint]
    asked += [] if settings.augment == "none" else [settings.augment]
    return "-".join([set_name, *asked])


def file_of(run: pathlib.Path, name: str, kind: str = "") -> pathlib.Path:
    return run / FOLDER / f"{name}{kind}.csv"


def can_predict(run: pathlib.Path) -> bool:
    """Whether there are checkpoints; a folder of nothing but predictions is as good to evaluate."""
    return (run / "checkpoints" / "index.json").is_file()


def data_of(run: pathlib.Path) -> pathlib.Path:
    """The prepared folder that a run was trained on."""
    return pathlib.Path(json.loads((run / "config.json").read_text(encoding="utf-8"))["data"]["data"])


def members(run: pathlib.Path, checkpoint: str) -> list[dict[str, Any]]:
    """Step and checksum of the checkpoints that `checkpoint` stands for, the best first."""
    index = json.loads((run / "checkpoints" / "index.json").read_text(encoding="utf-8"))
    best = index["states"][0]["best"] if index["states"] else []
    if not best:
        raise InputError(f"expected a run with at least one evaluation; {run} has none yet", "run_dir")
    chosen = best if checkpoint == ENSEMBLE else best[:1] if checkpoint == BEST else None
    if chosen is None:
        chosen = [one for one in best if one["step"] == int(checkpoint)]
        if not chosen:
            steps = ", ".join(str(one["step"]) for one in best)
            raise InputError(f"expected one of {run}'s kept steps: {steps}; received {checkpoint}", "checkpoint")
    return [{"step": one["step"], "sha256": one["sha256"]} for one in chosen]


def provenance(run: pathlib.Path, data: pathlib.Path, split: str, settings: EvaluationSettings) -> dict[str, Any]:
    """All that decides a run's predictions: they hold as long as this is the same."""
    return {
        "checkpoints": members(run, settings.checkpoint),
        "augment": settings.augment,
        "batch": settings.batch,  # other sizes may round otherwise
        "split": split,
        "data": str(data),
        "records": _stamps(data, split),
    }


def _stamps(data: pathlib.Path, split: str) -> list[list[Any]] | None:
    """Size and time of the split's record files; None where the folder is gone."""
    if not data.is_dir():
        return None
    files = sorted(data.rglob(f"*-{split}.tfrecord-*"))
    return [[str(file.relative_to(data)), file.stat().st_size, file.stat().st_mtime_ns] for file in files]


def still_hold(run: pathlib.Path, name: str, now: dict[str, Any]) -> bool:
    """Whether the run's predictions for a set are there and were made of what `now` says."""
    files = (file_of(run, name), file_of(run, name, "_labels"))
    made = read(run, name)
    if made is None or not all(file.is_file() for file in files):
        return False
    then = made["of"]
    if now["records"] is None:  # data that are gone cannot have changed
        now = {**now, "records": then["records"]}
    return bool(then == now)


def read(run: pathlib.Path, name: str) -> dict[str, Any] | None:
    path = file_of(run, name).with_suffix(".json")
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def write(run: pathlib.Path, name: str, of: dict[str, Any], **facts: Any) -> None:
    write_text(file_of(run, name).with_suffix(".json"), json.dumps({"of": of, **facts}, indent=1) + "\n")


def made_of(run: pathlib.Path, name: str) -> str:
    """In words, for tables: single or ensemble, and of what."""
    made = read(run, name)
    if made is None:
        return f"as given in {file_of(run, name)}"
    steps = [one["step"] for one in made["of"]["checkpoints"]]
    listed = ", ".join(map(str, steps))
    text = (
        f"mean of {len(steps)} checkpoints (steps {listed})" if len(steps) > 1 else f"the checkpoint of step {listed}"
    )
    augment = made["of"]["augment"]
    return text if augment == "none" else f"{text}, {augment} at test time"
