"""A run's predictions of a set, and their provenance, so that an older ensemble's are never taken for current ones.

`predictions/` holds, for a set such as test: `test.csv` (one image per row), `test_labels.csv` (the ground truth),
`test_groups.csv` (sex, age, view and projection) and `test.json` (the checkpoints, records and settings that they were
made from).
"""

import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from chex_tf import json_files
from chex_tf.runs import present
from chex_tf.runs.checkpoints import Best
from chex_tf.runs.layout import PREDICTIONS
from chex_tf.runs.options import Options


class _Checkpoint(TypedDict):
    step: int
    sha256: str


class _Of(TypedDict):
    """See `provenance`."""

    checkpoints: list[_Checkpoint]
    augment: str
    batch: int
    split: str
    data: str
    records: list[list[Any]] | None
    labels: NotRequired[dict[str, Any]]


class ReadTask(TypedDict):
    """A task of a run in another data set: by which labels it is read there, and how many images have which."""

    labels: list[str]
    relation: str
    source: str
    lost: str
    positive: int
    negative: int
    uncertain: int
    not_mentioned: int


class External(TypedDict):
    """Of predictions on a set that the run was not trained on. `own` and `other` name the records; `blank` is the rule
    for labels that are not mentioned there; `left_out` gives the reason for each task that is not known there."""

    own: str
    other: str
    split: str
    images: int
    blank: str
    tasks: dict[str, ReadTask]
    left_out: dict[str, str]


class Provenance(TypedDict):
    """The content of SET.json, beside facts that only people read."""

    of: _Of
    external: NotRequired[External]


def file(run_dir: pathlib.Path, name: str) -> pathlib.Path:
    return run_dir / PREDICTIONS / f"{name}.csv"


def labels_file(run_dir: pathlib.Path, name: str) -> pathlib.Path:
    return run_dir / PREDICTIONS / f"{name}_labels.csv"


def groups_file(run_dir: pathlib.Path, name: str) -> pathlib.Path:
    return run_dir / PREDICTIONS / f"{name}_groups.csv"


def predicted_sets(run_dir: pathlib.Path) -> list[str]:
    """The sets for which there are predictions."""
    found = (run_dir / PREDICTIONS).glob("*.csv")
    return sorted(file.stem for file in found if not file.stem.endswith(("_labels", "_groups")))


def provenance(
    best: Sequence[Best],
    options: Options,
    data: pathlib.Path,
    split: str,
    labels: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Everything that decides predictions and the ground truth beside them: they are current as long as this is the
    same. `labels` says how those of another data set than the run's are read."""
    return {
        "checkpoints": [{"step": one.step, "sha256": one.sha256} for one in best],
        "augment": options.augment,
        "batch": options.batch,
        "split": split,
        "data": str(data),
        "records": _stamps(data, split),
        **({} if labels is None else {"labels": dict(labels)}),
    }


def _stamps(data: pathlib.Path, split: str) -> list[list[Any]] | None:
    """Size and time of the split's record files; None where the folder is gone."""
    if not data.is_dir():
        return None
    files = sorted(data.rglob(f"*-{split}.tfrecord-*"))
    return [[str(file.relative_to(data)), file.stat().st_size, file.stat().st_mtime_ns] for file in files]


def are_current(run_dir: pathlib.Path, name: str, now: dict[str, Any]) -> bool:
    """Whether the run's predictions exist and were made from what `now` says."""
    made = read(run_dir, name)
    if made is None or not all(path.is_file() for path in (file(run_dir, name), labels_file(run_dir, name))):
        return False
    then = made["of"]
    if now["records"] is None:  # without the data, a change cannot be seen
        now = {**now, "records": then["records"]}
    return bool(then == now)


def lack_labels_only(run_dir: pathlib.Path, name: str, now: dict[str, Any]) -> bool:
    """Whether these are the run's predictions, but the ground truth beside them was read otherwise."""
    made = read(run_dir, name)
    if made is None or "labels" not in now or not file(run_dir, name).is_file():
        return False
    return bool({**made["of"], "labels": now["labels"]} == now)


def external(run_dir: pathlib.Path, name: str) -> External | None:
    """What is known of a set that the run was not trained on; None for its own."""
    made = read(run_dir, name)
    return None if made is None else made.get("external")


def made_by(run_dir: pathlib.Path, name: str, best: Sequence[Best]) -> bool:
    """Whether predictions were made by these checkpoints; without a record of their provenance, assumed so."""
    made = read(run_dir, name)
    return made is None or [one["sha256"] for one in made["of"]["checkpoints"]] == [one.sha256 for one in best]


def read(run_dir: pathlib.Path, name: str) -> Provenance | None:
    path = file(run_dir, name).with_suffix(".json")
    if not path.is_file():
        return None
    return json_files.read(path, Provenance, "run_dir", "without that file the predictions are made anew")


def write(run_dir: pathlib.Path, name: str, of: dict[str, Any], **facts: Any) -> None:
    place = file(run_dir, name).with_suffix(".json").relative_to(run_dir)
    present.write_text(run_dir, str(place), json.dumps({"of": of, **facts}, indent=1) + "\n")


def forget(run_dir: pathlib.Path, name: str) -> None:
    """Call it before predictions are replaced: the provenance on disk is that of the old files."""
    file(run_dir, name).with_suffix(".json").unlink(missing_ok=True)


def describe(run_dir: pathlib.Path, name: str) -> str:
    """For tables: a single checkpoint or an ensemble, and of which steps."""
    made = read(run_dir, name)
    if made is None:
        return f"as given in {file(run_dir, name)}"
    steps = [one["step"] for one in made["of"]["checkpoints"]]
    listed = ", ".join(map(str, steps))
    text = (
        f"mean of {len(steps)} checkpoints (steps {listed})" if len(steps) > 1 else f"the checkpoint of step {listed}"
    )
    augment = made["of"]["augment"]
    return text if augment == "none" else f"{text}, {augment} at test time"
