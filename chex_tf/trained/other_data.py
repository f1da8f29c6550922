"""A split as a run evaluates it: of its own data, or of another data set that knows some of its tasks."""

import dataclasses
import pathlib
from typing import Any

from chex_tf.data import label_map
from chex_tf.data.label_map import Translation
from chex_tf.data.pipeline import Source
from chex_tf.data.records import Records, open_records
from chex_tf.data.translated import translated
from chex_tf.runs.predictions import External
from chex_tf.settings import InputError
from chex_tf.trained.run import TrainedRun, check_observations

IGNORE = "ignore"  # what a label that is not mentioned in another data set becomes, unless asked otherwise
_FEW = 3  # tasks whose reasons a refusal gives


@dataclasses.dataclass(frozen=True)
class Opened:
    """`translation` is from the run's data set to another; None for the run's own data."""

    source: Source
    fingerprint: str
    own: str
    translation: Translation | None

    @property
    def labels(self) -> dict[str, Any] | None:
        """How the labels of another data set are read."""
        if self.translation is None:
            return None
        return {"blank": self.source.settings.blank, "tasks": self.translation.to_json()}

    def external(self) -> External:
        """What evaluations say of another data set."""
        assert self.translation is not None
        source = self.source
        counts = {one.task: one for one in source.targets.counts(source.examples)}
        return {
            "own": self.own,
            "other": source.records.name,
            "split": source.records.split,
            "images": len(source),
            "blank": source.settings.blank,
            "tasks": {
                one.task: {
                    "labels": list(one.labels),
                    "relation": one.relation,
                    "source": one.source,
                    "lost": one.lost,
                    "positive": counts[one.task].positive,
                    "negative": counts[one.task].negative,
                    "uncertain": counts[one.task].uncertain,
                    "not_mentioned": counts[one.task].blank,
                }
                for one in self.translation.readings
            },
            "left_out": dict(self.translation.left_out),
        }


@dataclasses.dataclass(frozen=True)
class Labels:
    """A split whose labels are the run's tasks, those that its data know. `blank` is the rule for labels that are not
    mentioned; `is_own` says whether these are the data that the run was trained on."""

    records: Records
    blank: str
    translation: Translation
    is_own: bool


def labels_of(run: TrainedRun, records: Records, data: pathlib.Path | None, blank: str | None = None) -> Labels:
    """`data` is where the records were opened, None for where the run was trained. In another data set a label that is
    not mentioned is not scored, unless `blank` asks for a rule."""
    is_own = data is None or _is_own(run, data)
    translation = _translation(run, run.config.learned_from[0]["name"], records)
    rule = run.data.blank if is_own else IGNORE if blank is None else blank
    read = records if translation.is_identity else translated(records, translation)
    return Labels(read, _blank(rule, translation.tasks), translation, is_own)


def set_name_of(run: TrainedRun, split: str, data: pathlib.Path | None) -> str:
    """The split's name, behind the data set's name if the run was trained on another."""
    if data is None or _is_own(run, data):
        return split
    return f"{label_map.data_set_of(open_records(data, split).name)}-{split}"


def labels_read(run: TrainedRun, split: str, data: pathlib.Path, blank: str | None) -> dict[str, Any] | None:
    """How the labels of another data set are read; None for the run's own. Refuses a rule for blanks of its own."""
    if not _is_own(run, data):
        return open_split(run, split, data, blank).labels
    if blank is not None:
        raise InputError(
            f"goes with data of another set; {data} holds the run's own, whose rule is {run.data.blank}", "blank"
        )
    return None


def open_source(run: TrainedRun, split: str, data: pathlib.Path | None = None) -> Source:
    """A split under the run's settings: its views, its size and, for other data, those of its tasks that they have."""
    return open_split(run, split, data).source


def open_split(run: TrainedRun, split: str, data: pathlib.Path | None = None, blank: str | None = None) -> Opened:
    """The same, with what it was read by, as `labels_of` says."""
    check_observations(run)
    settings = run.data.as_evaluated(data)
    if not settings.data.is_dir():
        raise InputError(
            f"expected the prepared folder; the run was trained on {settings.data}, which does not exist", "data"
        )
    records = open_records(settings.data, split)
    labels = labels_of(run, records, data, blank)
    settings = dataclasses.replace(settings, tasks=labels.translation.tasks, blank=labels.blank)
    source = Source(settings, split, training=False, records=labels.records)
    trained_on = " + ".join(one["name"] for one in run.config.learned_from)
    return Opened(source, records.fingerprint(), trained_on, None if labels.is_own else labels.translation)


def _is_own(run: TrainedRun, data: pathlib.Path) -> bool:
    """Whether a prepared folder holds what the run was trained on, wherever it lies."""
    known = run.config.records("valid")
    try:
        return open_records(data, known["split"]).fingerprint() == known["fingerprint"]
    except InputError as error:
        if error.setting != "split":
            raise
        return False


def _translation(run: TrainedRun, own: str, records: Records) -> Translation:
    """Raises InputError where these records know none of the run's tasks."""
    names = label_map.data_set_of(own), label_map.data_set_of(records.name)
    found = label_map.translate(run.tasks, *names, records.observations)
    if found.readings:
        return found
    reasons = [f"{task}: {why}" for task, why in found.left_out.items()]
    more = f"; and {len(reasons) - _FEW} more" if len(reasons) > _FEW else ""
    raise InputError(f"{records.folder} knows none of the run's tasks: {'; '.join(reasons[:_FEW])}{more}", "data")


def _blank(rule: str, tasks: tuple[str, ...]) -> str:
    """The rule for blanks, without tasks that are not among `tasks`."""
    parts = [part for part in rule.split(",") if ":" not in part or part.split(":")[0] in ("*", *tasks)]
    return ",".join(parts)
