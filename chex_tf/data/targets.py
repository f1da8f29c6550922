"""Raw labels under a policy: targets and weights of every image, made once for the whole split, and their counts."""

import dataclasses
import hashlib
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from chex_tf import prediction_files
from chex_tf.data import draws, policies
from chex_tf.data.records import Records
from chex_tf.data.settings import DataSettings
from chex_tf.observations import ALIASES, BLANK, NEGATIVE, POSITIVE, TASK_SETS, UNCERTAIN, UNLABELLED
from chex_tf.prediction_files import first_few
from chex_tf.settings import InputError, nearest

NEGATIVE_CLASS, POSITIVE_CLASS, UNCERTAIN_CLASS = 0, 1, 2  # of three-way targets and logits


@dataclasses.dataclass(frozen=True)
class Counts:
    """For one task: how many labels of each kind there were, and the rules for those neither positive nor negative;
    `unlabelled` are films of a mixture whose data set has no such label."""

    task: str
    positive: int
    negative: int
    uncertain: int
    blank: int
    uncertain_rule: policies.Rule
    blank_rule: policies.Rule
    unlabelled: int = 0

    def to_json(self) -> dict[str, Any]:
        found = dataclasses.asdict(self) | {
            "uncertain_rule": str(self.uncertain_rule),
            "blank_rule": str(self.blank_rule),
        }
        if not self.unlabelled:
            del found["unlabelled"]  # as runs of a single data set have recorded it
        return found


@dataclasses.dataclass(frozen=True)
class Targets:
    """Over all images of a split. `values` is (images, tasks) or, with `classes` 3, one-hot (images, tasks, 3).

    `raw` holds the labels before the policy, `weights` is 0 where a label says nothing.
    """

    tasks: tuple[str, ...]
    raw: np.ndarray
    values: np.ndarray
    weights: np.ndarray
    classes: int
    uncertain_rules: tuple[policies.Rule, ...]
    blank_rules: tuple[policies.Rule, ...]

    def counts(self, examples: np.ndarray | None = None) -> tuple[Counts, ...]:
        raw = self.raw if examples is None else self.raw[examples]
        values = (POSITIVE, NEGATIVE, UNCERTAIN, BLANK, UNLABELLED)
        number = {value: (raw == value).sum(axis=0).tolist() for value in values}
        rules = zip(self.tasks, self.uncertain_rules, self.blank_rules, strict=True)
        return tuple(
            Counts(
                task,
                number[POSITIVE][i],
                number[NEGATIVE][i],
                number[UNCERTAIN][i],
                number[BLANK][i],
                uncertain,
                blank,
                number[UNLABELLED][i],
            )
            for i, (task, uncertain, blank) in enumerate(rules)
        )


def task_names(asked: Sequence[str], observations: Sequence[str]) -> tuple[str, ...]:
    """`asked` is one task set or names of observations; all must be among the data's. The set `all` is all of these,
    whatever the data set: more than CheXpert's own, where it has more."""
    if tuple(asked) == ("all",):
        return tuple(observations)
    tasks = TASK_SETS[asked[0]] if len(asked) == 1 and asked[0] in TASK_SETS else tuple(asked)
    tasks = tuple(ALIASES.get(task, task) for task in tasks)
    missing = [task for task in tasks if task not in observations]
    if missing and len(asked) == 1 and asked[0] in TASK_SETS:
        raise InputError(
            f"{asked[0]} needs {', '.join(missing)}, which these data lack; they have {first_few(observations)}; "
            "--tasks=all takes these",
            "tasks",
        )
    for task in missing:
        if task in (*TASK_SETS, "all"):
            raise InputError(
                f"expected one set of tasks alone, or names of tasks; received the set {task} and more", "tasks"
            )
        close = nearest(task, (*TASK_SETS, *observations))
        raise InputError(
            f"{task!r} is not an observation of these data{close or '; known: ' + first_few(observations)}", "tasks"
        )
    return tasks


def make_targets(records: Records, settings: DataSettings) -> Targets:
    tasks = task_names(settings.tasks, records.observations)
    raw = records.index.labels[:, [records.observations.index(task) for task in tasks]]
    rules = policies.parse(settings.uncertain, tasks, "uncertain"), policies.parse(settings.blank, tasks, "blank")
    predicted = None
    if settings.self_trained is not None:
        wanted = (raw == UNCERTAIN) & np.array([rule.name == "self_trained" for rule in rules[0]])
        predicted = read_predictions(settings.self_trained, records, tasks, wanted)
    return apply_policy(raw, tasks, *rules, seed=settings.seed, predicted=predicted)


def apply_policy(
    raw: np.ndarray,
    tasks: tuple[str, ...],
    uncertain: tuple[policies.Rule, ...],
    blank: tuple[policies.Rule, ...],
    seed: int = 0,
    predicted: np.ndarray | None = None,
) -> Targets:
    """`raw` is (images, tasks); row i is example i of the split, by which smoothing is drawn."""
    unknown = set(np.unique(raw).tolist()) - {POSITIVE, NEGATIVE, UNCERTAIN, BLANK, UNLABELLED}
    if unknown:
        raise InputError(f"expected labels 1, 0, -1 and -2; received {min(unknown)}", "data")
    values = (raw == POSITIVE).astype(np.float32)
    weights = (raw != UNLABELLED).astype(np.float32)
    third = np.zeros(raw.shape, bool)
    examples = np.arange(len(raw))
    for task in range(len(tasks)):
        for value, rule, purpose in (
            (UNCERTAIN, uncertain[task], draws.Purpose.SMOOTH_UNCERTAIN),
            (BLANK, blank[task], draws.Purpose.SMOOTH_BLANK),
        ):
            here = raw[:, task] == value
            match rule.name:
                case "ignore":
                    weights[here, task] = 0
                case "zeros":
                    values[here, task] = 0
                case "ones":
                    values[here, task] = 1
                case "smooth_ones" | "smooth_zeros":
                    # Keyed by the task's name: adding a task leaves the others' targets alone.
                    key = int.from_bytes(hashlib.sha256(tasks[task].encode()).digest()[:7], "little")
                    drawn = draws.between(rule.low, rule.high, purpose, seed, key, examples[here])
                    values[here, task] = drawn
                case "multiclass":
                    third[here, task] = True
                case "self_trained":
                    if predicted is None:
                        raise ValueError("self_trained needs predictions; received none")
                    values[here, task] = predicted[here, task]
                case _:
                    raise ValueError(f"no such rule: {rule}")
    classes = 3 if any(rule.name == "multiclass" for rule in uncertain) else 1
    if classes == 3:
        values = np.where(
            third[..., None],
            np.eye(3, dtype=np.float32)[UNCERTAIN_CLASS],
            np.stack([1 - values, values, 0 * values], -1),
        )
    return Targets(tasks, raw, values, weights, classes, uncertain, blank)


def read_predictions(file: pathlib.Path, records: Records, tasks: Sequence[str], wanted: np.ndarray) -> np.ndarray:
    """Probabilities (images, tasks) from a predictions CSV, by its Path or Study column; NaN where not `wanted`."""
    try:
        table = prediction_files.read(file)
    except InputError as error:
        raise InputError(str(error), "self_trained") from error
    rows: dict[str, int] = {}
    for row, (key, line) in enumerate(zip(table.keys, table.lines, strict=True)):
        if rows.setdefault(key, row) != row:
            raise InputError(f"{file}, line {line}: {key} appears twice", "self_trained")
    needed = [place for place in range(len(tasks)) if wanted[:, place].any()]
    missing = [tasks[place] for place in needed if tasks[place] not in table.columns]
    if missing:
        raise InputError(f"{file}: expected a column per task; missing {', '.join(missing)}", "self_trained")
    probabilities = {place: _probabilities(table, tasks[place]) for place in needed}
    of_examples = records.index.path if table.key == "Path" else records.index.study
    found = np.full(wanted.shape, np.nan, np.float32)
    for example in np.flatnonzero(wanted.any(axis=1)):
        name = of_examples[example].decode()
        if name.rstrip("/") not in rows:
            raise InputError(f"{file}: expected a prediction for {name}, whose label is uncertain", "self_trained")
        for place in np.flatnonzero(wanted[example]).tolist():
            found[example, place] = probabilities[place][rows[name.rstrip("/")]]
    return found


def _probabilities(table: prediction_files.Table, task: str) -> np.ndarray:
    values = table.numbers(task)
    refused = np.flatnonzero(~((values >= 0) & (values <= 1)))  # NaN too
    if len(refused):
        row = int(refused[0])
        raise InputError(
            f"{table.path}, line {table.lines[row]}: expected a probability of {task} from 0 to 1; "
            f"received {table.columns[task][row]!r}",
            "self_trained",
        )
    return values


def digest_of(file: pathlib.Path | None) -> str | None:
    """SHA-256 of the predictions that replace uncertain labels: they are part of what a run learns from."""
    return None if file is None else hashlib.sha256(file.read_bytes()).hexdigest()


def describe(counts: Sequence[Counts]) -> list[str]:
    """The policy in force, one line per task: the labels there were and what they became."""
    rows: list[tuple[str, ...]] = [
        ("task", "positive", "negative", "uncertain", "", "not mentioned", "", "unknown there")
    ]
    for count in counts:
        rows.append(
            (
                count.task,
                f"{count.positive:,}",
                f"{count.negative:,}",
                f"{count.uncertain:,}",
                f"→ {count.uncertain_rule.meaning}" if count.uncertain else "",
                f"{count.blank:,}",
                f"→ {count.blank_rule.meaning}" if count.blank else "",
                f"{count.unlabelled:,}",
            )
        )
    if not any(count.unlabelled for count in counts):
        rows = [row[:-1] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = (0, 4, 6)
    return [
        "  ".join(
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
