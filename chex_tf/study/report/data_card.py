"""A study's data: what lies in each split, patients that are in several, labels and what the policy made of them."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from chex_tf.amounts import counted
from chex_tf.study.outcomes import Outcomes
from chex_tf.study.report import provenance
from chex_tf.study.report.provenance import Configs
from chex_tf.study.table import Table

NOT_LOOKED = (
    "Whether patients are in several splits is not recorded: the version that planned this study did not look. The "
    "command of launch.study that began it looks and records it; what is trained stays."
)


def tables(outcomes: Outcomes, found: Configs) -> tuple[Table, ...]:
    """Those that have rows."""
    made = [*_splits(outcomes), *_evaluated(outcomes), *_learned_from(found)]
    return tuple(one for one in made if one.rows)


def cautions(outcomes: Outcomes, found: Configs) -> tuple[str, ...]:
    """What must be known before any number: patients, or checkpoints, that the evaluated films had a part in."""
    evaluation = outcomes.evaluation
    if evaluation is None:
        return ()
    split = evaluation.settings.split
    lines = []
    if evaluation.caution:
        lines.append(
            f"Checkpoints were chosen by their scores on this very split, {split}: the numbers tend to be too high, "
            "and intervals do not allow for it."
        )
    used = _used(outcomes, found)
    for data in outcomes.study.data or ():
        for shared in data["shared"]:
            pair = {shared["first"], shared["second"]}
            (other,) = pair - {split} if split in pair else {""}
            if other in used.get(data["name"], ()):
                patients = counted(shared["patients"], "patient")
                verb = "is" if shared["patients"] == 1 else "are"
                lines.append(
                    f"{patients} of {data['name']} {verb} both in {split} and in {other}, from which runs learned or "
                    "by which they ranked checkpoints: the numbers tend to be too high."
                )
    return tuple(lines)


def _used(outcomes: Outcomes, found: Configs) -> dict[str, set[str]]:
    """By data set, the splits from which runs that are evaluated were trained, or by which their checkpoints were
    ranked."""
    used: dict[str, set[str]] = {}
    for name, one in found.items():
        for role in ("train", "valid"):
            records = one.content["records"].get(role)
            if isinstance(records, Mapping) and not outcomes.study.cell(name).is_source:
                used.setdefault(str(records.get("name")), set()).add(str(records.get("split")))
    return used


def _splits(outcomes: Outcomes) -> list[Table]:
    made = []
    for number, data in enumerate(outcomes.study.data or (), start=1):
        others: dict[str, list[str]] = {}
        for shared in data["shared"]:
            for split, other in (("first", "second"), ("second", "first")):
                few = ", ".join(shared["examples"]) + (" …" if shared["patients"] > len(shared["examples"]) else "")
                others.setdefault(shared[split], []).append(f"{shared[other]}: {shared['patients']:,} ({few})")
        rows = tuple(
            (
                str(one["name"]),
                "; ".join(others.get(one["name"], ())) or "none",
                *(f"{one[count]:,}" for count in ("images", "patients", "studies")),
            )
            for one in data["splits"]
        )
        columns = ("Split", "Patients also in", "Images", "Patients", "Studies")
        leaks = sum(shared["patients"] for shared in data["shared"])
        note = "No patient is in two splits." if not leaks else "A patient in two splits makes results too good."
        name = f"data_splits_{number}" if len(outcomes.study.data or ()) > 1 else "data_splits"
        made.append(Table(name, f"Splits of {data['name']}", columns, rows, note, 2))
    return made


def _evaluated(outcomes: Outcomes) -> list[Table]:
    """Counts of the films that the report's numbers are of."""
    evaluation = outcomes.evaluation
    if evaluation is None:
        return []
    cohort = evaluation.cohort
    rows = []
    for column, task in enumerate(cohort.tasks):
        labels = cohort.labels[:, column]
        counts = (labels == 1, labels == 0, np.isnan(labels))
        of_mean = "yes" if task in evaluation.mean_over else evaluation.left_out.get(task, "no")
        rows.append((task, of_mean, *(f"{int(np.sum(found)):,}" for found in counts)))
    columns = ("Task", "In the mean", "Positive", "Negative", "Not labelled")
    note = (
        f"Split {evaluation.set}: {counted(cohort.studies, 'study')} of {counted(cohort.unit_count, cohort.unit)}."
        + (f" A study's prediction is the {cohort.aggregation} over its films." if cohort.aggregation != "none" else "")
    )
    return [Table("data_evaluated", "Evaluated on", columns, tuple(rows), note, 2)]


def _learned_from(found: Configs) -> tuple[Table, ...]:
    """For each set of records that runs trained on or were ranked by: images, and labels by task before and after the
    policy. Counted from what runs recorded when they began."""
    tables = []
    for role, words in (("train", "Trained on"), ("valid", "Checkpoints ranked by")):
        by_records: dict[str, tuple[Mapping[str, Any], list[str]]] = {}
        for cell, one in found.items():
            records = one.content["records"].get(role)
            if isinstance(records, Mapping):
                by_records.setdefault(json.dumps(records, sort_keys=True), (records, []))[1].append(cell)
        for number, (records, cells) in enumerate(by_records.values(), start=1):
            suffix = f"_{number}" if len(by_records) > 1 else ""
            tables.append(_records(f"data_{role}{suffix}", words, records, provenance.named(cells, len(found))))
    return tuple(tables)


def _records(name: str, words: str, records: Mapping[str, Any], runs_of: str) -> Table:
    columns = ("Task", "Positive", "Negative", "Uncertain", "Uncertain became", "Not mentioned", "Not mentioned became")
    rows = tuple(
        (
            str(label["task"]),
            f"{label['positive']:,}",
            f"{label['negative']:,}",
            f"{label['uncertain']:,}",
            str(label["uncertain_rule"]),
            f"{label['blank']:,}",
            str(label["blank_rule"]),
        )
        for label in records.get("labels", ())
    )
    left_out = records.get("images_left_out_by_view")
    parts = [
        f"{_names(records)}, split {records.get('split', 'unknown')}",
        counted(int(records["images"]), "image") if "images" in records else "images not counted",
        f"left out by view: {left_out:,}" if left_out is not None else "",
        f"subset: {_subset(records['subset'])}" if records.get("subset") else "",
        f"fingerprint {records.get('fingerprint', 'unknown')}",
        f"runs: {runs_of}",
    ]
    return Table(name, words, columns, rows, f"{'; '.join(part for part in parts if part)}.")


def _names(records: Mapping[str, Any]) -> str:
    """Of all data sets that were learned from, where there are several."""
    several = [f"{one['name']} ({one['images']:,} images)" for one in records.get("sources", ())]
    return " + ".join(several) or str(records.get("name", "unnamed records"))


def _subset(given: Any) -> str:
    if isinstance(given, Mapping):
        return ", ".join(f"{name} {value}" for name, value in given.items())
    return str(given)
