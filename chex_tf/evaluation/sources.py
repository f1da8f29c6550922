"""Which files an evaluation reads: those named one by one, or those in run directories, made where they are lacking."""

import dataclasses
import json
import pathlib
from collections.abc import Callable
from typing import Any

from chex_tf import prediction_files
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.prediction_files import Table
from chex_tf.runs import predictions
from chex_tf.settings import InputError

VALIDATION = "valid"  # the split on which a run's thresholds are chosen

Say = Callable[[str], None]
Watch = Callable[[str], Callable[[int, int], None]]  # from a set's name to what is told how far it is


def _unwatched(name: str) -> Callable[[int, int], None]:
    del name
    return lambda done, total: None


@dataclasses.dataclass(frozen=True)
class Sources:
    """`thresholds` holds validation predictions in the order of `tables`, or nothing, and then `no_thresholds` says
    why; `policy` is what uncertain and blank labels became in training, where config.json tells."""

    set: str
    names: tuple[str, ...]
    made_of: tuple[str, ...]
    truth: Table
    tables: tuple[Table, ...]
    threshold_truth: Table | None
    threshold_tables: tuple[Table, ...]
    no_thresholds: str
    policy: str | None
    out: pathlib.Path | None


def gather(settings: EvaluationSettings, say: Say = lambda line: None, watch: Watch = _unwatched) -> Sources:
    """Reads the files; what run directories lack of them is predicted first, `watch` hears of images."""
    return _from_runs(settings, say, watch) if settings.run_dir else _from_files(settings)


def _from_files(settings: EvaluationSettings) -> Sources:
    assert settings.labels is not None
    chosen = settings.threshold_labels
    return Sources(
        settings.labels.stem,
        prediction_files.names_of(settings.predictions),
        tuple(f"as given in {path}" for path in settings.predictions),
        prediction_files.read(settings.labels),
        tuple(prediction_files.read(path) for path in settings.predictions),
        prediction_files.read(chosen) if chosen else None,
        tuple(prediction_files.read(path) for path in settings.threshold_predictions),
        "no threshold: it is chosen on validation predictions, never on the set evaluated; "
        "give --threshold_predictions and --threshold_labels",
        None,
        settings.out,
    )


def _from_runs(settings: EvaluationSettings, say: Say, watch: Watch) -> Sources:
    runs, split = settings.run_dir, settings.split
    sets = [_ready(run, split, settings, say, watch) for run in runs]
    names = [
        predictions.stem(one, settings) if predictions.can_predict(run) else one
        for run, one in zip(runs, sets, strict=True)
    ]
    tables = tuple(_predictions_of(run, name) for run, name in zip(runs, names, strict=True))
    truth = prediction_files.read(settings.labels) if settings.labels else _labels_of(runs, names)
    thresholds: tuple[Table, ...] = ()
    threshold_truth = None
    reason = f"no threshold: it is chosen on the split {VALIDATION}, never on the one evaluated"
    if split != VALIDATION:
        reason, chosen = _validation_names(settings, sets, say, watch)
        if chosen:
            thresholds = tuple(_predictions_of(run, name) for run, name in zip(runs, chosen, strict=True))
            threshold_truth = _labels_of(runs, chosen)
    out = settings.out
    if out is None and len(runs) == 1:
        out = runs[0] / "evaluation" / names[0]
    policies = {policy for policy in map(_policy_of, runs) if policy is not None}
    return Sources(
        " / ".join(dict.fromkeys(sets)),
        prediction_files.names_of(runs),
        tuple(predictions.made_of(run, name) for run, name in zip(runs, names, strict=True)),
        truth,
        tables,
        threshold_truth,
        thresholds,
        reason,
        "; ".join(sorted(policies)) or None,
        out,
    )


def _ready(run: pathlib.Path, split: str, settings: EvaluationSettings, say: Say, watch: Watch) -> str:
    """The set's name, its predictions made where the run has none or has others than those asked for."""
    if not predictions.can_predict(run):
        return split
    name = split
    if settings.data is not None:
        from chex_tf.trained import predict_split

        name = predict_split.set_name_of(run, split, settings.data)
    folder = settings.data or predictions.data_of(run)
    stem = predictions.stem(name, settings)
    if predictions.still_hold(run, stem, predictions.provenance(run, folder, split, settings)):
        return name
    from chex_tf.trained import predict_split  # TensorFlow takes seconds to start, and is not needed where all is there

    predict_split.predict(run, split, name, settings, say, watch(name))
    return name


def _validation_names(settings: EvaluationSettings, sets: list[str], say: Say, watch: Watch) -> tuple[str, list[str]]:
    """Why there are no thresholds, or else the names of validation predictions, made where they were lacking."""
    names = []
    for run, one in zip(settings.run_dir, sets, strict=True):
        own = settings if one == settings.split else dataclasses.replace(settings, data=None)
        name = predictions.stem(VALIDATION, settings) if predictions.can_predict(run) else VALIDATION
        try:
            _ready(run, VALIDATION, own, say, watch)
        except InputError as error:
            return f"no threshold: {error}", []
        if not all(predictions.file_of(run, name, kind).is_file() for kind in ("", "_labels")):
            return f"no threshold: {predictions.file_of(run, name)} or its labels are not there to choose it on", []
        names.append(name)
    return "", names


def _predictions_of(run: pathlib.Path, name: str) -> Table:
    path = predictions.file_of(run, name)
    if not path.is_file():
        there = sorted(file.stem for file in path.parent.glob("*.csv") if not file.stem.endswith("_labels"))
        raise InputError(
            f"expected {path}; the run has predictions for {', '.join(there) or 'no split'}",
            "split" if there else "run_dir",
        )
    return prediction_files.read(path)


def _labels_of(runs: tuple[pathlib.Path, ...], names: list[str]) -> Table:
    """Ground truth as a run wrote it beside its predictions; all runs must have the same."""
    paths = [predictions.file_of(run, name, "_labels") for run, name in zip(runs, names, strict=True)]
    for path in paths:
        if not path.is_file():
            raise InputError(f"expected ground truth in {path}, or --labels=FILE; there is none")
    first = paths[0].read_bytes()
    for path in paths[1:]:
        if path.read_bytes() != first:
            raise InputError(f"expected one ground truth for all runs; {paths[0]} and {path} differ")
    return prediction_files.read(paths[0])


def _policy_of(run: pathlib.Path) -> str | None:
    path = run / "config.json"
    if not path.is_file():
        return None
    try:
        return _find_policy(json.loads(path.read_text(encoding="utf-8")))
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: expected JSON; {error.msg} in line {error.lineno}") from error


def _find_policy(config: Any) -> str | None:
    """What uncertain and blank labels became in training, at whatever depth a config groups its settings."""
    if not isinstance(config, dict):
        return None
    if isinstance(config.get("uncertain"), str):
        return ", ".join(f"{name}={config[name]}" for name in ("uncertain", "blank") if name in config)
    return next((found for found in map(_find_policy, config.values()) if found is not None), None)
