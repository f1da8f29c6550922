"""What an evaluation's files know of a reporting checklist's items, in sentences."""

import importlib.metadata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chex_tf.evaluation.matching import Cohort
from chex_tf.evaluation.recalibrating import Recalibrated
from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.sections import Section
from chex_tf.runs.config import Config
from chex_tf.statistics.measure import MEAN

Runs = Mapping[str, Config]  # by the name that a run has in the results


def sources(runs: Runs) -> tuple[str, ...]:
    found = []
    for name, known in runs.items():
        for role in ("train", "valid"):
            if role not in known.content["records"]:
                continue
            split = known.records(role)["split"]
            for one in known.learned_from if role == "train" else (known.records(role),):
                found.append(
                    f"{name}: {role} images come from {one['name']}, split {split} (fingerprint {one['fingerprint']})."
                )
    return tuple(found)


def images(runs: Runs) -> tuple[str, ...]:
    found = []
    for name, known in runs.items():
        given = known.content["data"]
        changes = [
            f"{setting} {given[setting]:g}"
            for setting in ("flip", "rotation", "translation", "scale", "brightness", "contrast")
            if given.get(setting)
        ]
        found.append(
            f"{name}: {given.get('views', 'all')} views; images of {given.get('image_size')} pixels a side, aspect "
            f"{given.get('aspect')}; augmentation: {', '.join(changes) or 'none'}."
        )
    return tuple(found)


def outcome(evaluation: Evaluation, labels: str) -> tuple[str, ...]:
    return (
        f"Observations: {', '.join(evaluation.cohort.tasks)}.",
        f"Ground truth: {labels}; labels are 1, 0 or empty (not scored).",
    )


def sizes(evaluation: Evaluation) -> tuple[str, ...]:
    return tuple(
        f"{task}: {positives:,} positives and {negatives:,} negatives."
        for task, (positives, negatives) in evaluation.counts.items()
    )


def _unlabelled(labels: Mapping[str, Any]) -> str:
    """Of films of a mixture whose data set has no such label."""
    count = labels.get("unlabelled", 0)
    return f", {count:,} of films whose data set does not label it" if count else ""


def missing_labels(evaluation: Evaluation, runs: Runs) -> tuple[str, ...]:
    cohort = evaluation.cohort
    found = []
    for column, task in enumerate(cohort.tasks):
        missing = int(np.sum(np.isnan(cohort.labels[:, column])))
        if missing:
            found.append(f"{task}: {missing:,} of {len(cohort.keys):,} rows have no label and are not scored.")
    if not found:
        found.append("Every evaluated row has a label for every observation.")
    for name, known in runs.items():
        given = known.content["data"]
        found.append(
            f"{name}: in training, uncertain labels became {given.get('uncertain')} and labels that the report does "
            f"not mention {given.get('blank')}."
        )
        for labels in known.records("train").get("labels", []):
            found.append(
                f"{name}, training, {labels['task']}: {labels['positive']:,} positive, {labels['negative']:,} "
                f"negative, {labels['uncertain']:,} uncertain, {labels['blank']:,} not mentioned"
                f"{_unlabelled(labels)}."
            )
    return tuple(found)


def partition(evaluation: Evaluation, runs: Runs, validation: Cohort | None) -> tuple[str, ...]:
    found = [f"Evaluated: {evaluation.set}."]
    for name, known in runs.items():
        splits = ", ".join(f"{role}: {one['split']}" for role, one in known.content["records"].items())
        found.append(f"{name}: splits as the source has them ({splits}).")
    if validation is not None:
        found.append(
            "Thresholds and recalibration use other rows than those evaluated; that no key is in both was checked."
        )
    return tuple(found)


def models(evaluation: Evaluation, runs: Runs) -> tuple[str, ...]:
    found = [f"{model.name}: {model.made_of}." for model in evaluation.models if model.made_of]
    for name, known in runs.items():
        model = known.content["model"]
        cut = f", cut at {model['truncate_at']}" if model.get("truncate_at") else ""
        found.append(f"{name}: {model.get('arch')}{cut}, started from weights: {model.get('weights', 'none')}.")
    found += [f"{reader.name}: a reader (decisions, no probabilities)." for reader in evaluation.readers]
    return tuple(found)


_TRAINING = ("optimizer", "learning_rate", "batch", "schedule", "weight_decay", "precision", "seed")


def training(runs: Runs) -> tuple[str, ...]:
    found = []
    for name, known in runs.items():
        given = known.content.get("training", {})
        listed = ", ".join(f"{setting} {given[setting]}" for setting in _TRAINING if given.get(setting) is not None)
        scored = known.content.get("observations", {}).get("score_tasks")
        found.append(f"{name}: {listed}; length: {_length(given)}.")
        if scored:
            found.append(
                f"{name}: the final checkpoints were those with the highest mean AUROC of {', '.join(scored)}."
            )
    return tuple(found)


def _length(given: Mapping[str, Any]) -> str:
    if given.get("steps"):
        return f"{given['steps']:,} steps"
    return f"{given['epochs']:g} epochs" if given.get("epochs") else "not recorded"


def imbalance(runs: Runs) -> tuple[str, ...]:
    words = {True: "balanced by weights in the loss", False: "not balanced"}
    return tuple(
        f"{name}: in training, classes were {words[bool(known.content.get('observations', {}).get('balance'))]}."
        for name, known in runs.items()
    )


# Of AUROC and its differences, by --interval.
_OF_AUROC = {
    "auto": "DeLong's, by units, with Student's t",
    "percentile": "percentiles of the replicates",
    "bca": "the replicates, bias-corrected and accelerated",
}
# What sections add, by their keys.
_OF_SECTIONS = {
    "calibration": "calibration",
    "predictive_values": "PPV and NPV at stated prevalences",
    "net_benefit": "net benefit",
    "subgroups": "numbers by group and tests of their equality",
}


def measures(evaluation: Evaluation, sections: Sequence[Section]) -> tuple[str, ...]:
    settings, cohort = evaluation.settings, evaluation.cohort
    computed = [measure.title for measure in evaluation.measures if _is_computed(evaluation, measure.key)]
    computed += [_OF_SECTIONS[section.key] for section in sections if section.key in _OF_SECTIONS and section.table()]
    return (
        f"Measures: {', '.join(computed)}.",
        f"95% intervals: AUROC and its differences, {_OF_AUROC[settings.interval]}; sensitivity and specificity, "
        f"Wilson's by units; others from {settings.replicates:,} bootstrap replicates of {cohort.unit_count:,} units "
        f"({cohort.unit}), seed {settings.seed}.",
        f"The mean is of {', '.join(evaluation.mean_over) or 'no task'}.",
        *(f"{task} is undefined: {reason}." for task, reason in evaluation.left_out.items()),
    )


def _is_computed(evaluation: Evaluation, key: str) -> bool:
    return any(key in one.estimates for one in (*evaluation.models, *evaluation.readers))


def thresholds(evaluation: Evaluation, validation: Cohort | None) -> tuple[str, ...]:
    if validation is None:
        return ("No threshold was chosen, because no validation predictions were given.",)
    by = {"youden": "sensitivity + specificity", "f1": "F1"}[evaluation.settings.threshold_by]
    found = [f"Chosen on {len(validation.keys):,} validation rows, where {by} is highest."]
    for model in evaluation.models:
        cuts = ", ".join(f"{task} {cut:.3g}" for task, cut in model.thresholds.items() if task != MEAN)
        if cuts:
            found.append(f"{model.name}: {cuts}.")
    return tuple(found)


def recalibration(recalibrated: Recalibrated | None) -> tuple[str, ...]:
    return tuple(recalibrated.notes) if recalibrated else ("Probabilities are the models' own; none was recalibrated.",)


def subgroups(sections: Sequence[Section]) -> tuple[str, ...]:
    for section in sections:
        if section.key == "subgroups":
            models = section.as_json()["models"].values()
            variables = dict.fromkeys(variable for found in models for variable in found)
            return (f"Numbers by {', '.join(variables)} are in evaluation.json under `subgroups`.",)
    return ()


def transport(evaluation: Evaluation, runs: Runs) -> tuple[str, ...]:
    return tuple(
        f"{name}: trained on {known.records('train')['name']}, evaluated on {evaluation.set}."
        for name, known in runs.items()
    )


def software(runs: Runs) -> tuple[str, ...]:
    """What trained the runs, and what evaluated."""
    own = {package: _version(package) for package in ("chex_tf", "numpy", "scipy")}
    found = [f"Evaluated with {', '.join(f'{package} {version}' for package, version in own.items() if version)}."]
    for name, known in runs.items():
        versions = ", ".join(f"{package} {version}" for package, version in known.versions.items())
        revision = f", revision {known.revision}" if known.revision else ""
        found.append(f"{name}: {versions or 'versions not recorded'}{revision}.")
    return tuple(found)


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:  # a source tree that was never installed
        return ""


def flow(evaluation: Evaluation, runs: Runs, validation: Cohort | None) -> tuple[str, ...]:
    found = []
    for name, known in runs.items():
        for role in ("train", "valid"):
            one = known.content["records"].get(role, {})
            if one:
                found.append(
                    f"{name}, {role}: {one['images']:,} images used, "
                    f"{one.get('images_left_out_by_view', 0):,} left out by view."
                )
    cohort = evaluation.cohort
    rows = f"{len(cohort.keys):,} {'studies' if cohort.key == 'Study' else 'images'}"
    found.append(f"Evaluated: {rows}; {cohort.unit_count:,} units drawn by the bootstrap ({cohort.unit}).")
    if validation is not None:
        found.append(f"Thresholds: {len(validation.keys):,} rows.")
    return tuple(found)


def performance(evaluation: Evaluation) -> tuple[str, ...]:
    found = []
    for model in evaluation.models:
        for task, one in model.estimates.get("auroc", {}).items():
            if task not in evaluation.left_out and not np.isnan(one.value):
                name = "mean" if task == MEAN else task
                found.append(
                    f"{model.name}, {name}: AUROC {one.value:.3f} [{one.interval.low:.3f}, {one.interval.high:.3f}]."
                )
    return tuple(found)
