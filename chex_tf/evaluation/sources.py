"""Which files an evaluation reads: those named one by one, or those in run directories."""

import dataclasses
import json
import pathlib
from typing import Any

from chex_tf.evaluation import predictions
from chex_tf.evaluation.predictions import Table
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.settings import InputError

VALIDATION = "valid"  # the split on which a run's thresholds are chosen


@dataclasses.dataclass(frozen=True)
class Sources:
    """`thresholds` holds validation predictions in the order of `tables`, or nothing, and then `no_thresholds` says
    why; `policy` is what uncertain and blank labels became in training, where config.json tells."""

    set: str
    names: tuple[str, ...]
    truth: Table
    tables: tuple[Table, ...]
    threshold_truth: Table | None
    threshold_tables: tuple[Table, ...]
    no_thresholds: str
    policy: str | None
    out: pathlib.Path | None


def gather(settings: EvaluationSettings) -> Sources:
    return _from_runs(settings) if settings.run_dir else _from_files(settings)


def _from_files(settings: EvaluationSettings) -> Sources:
    assert settings.labels is not None
    chosen = settings.threshold_labels
    return Sources(
        settings.labels.stem,
        predictions.names_of(settings.predictions),
        predictions.read(settings.labels),
        tuple(predictions.read(path) for path in settings.predictions),
        predictions.read(chosen) if chosen else None,
        tuple(predictions.read(path) for path in settings.threshold_predictions),
        "no threshold: it is chosen on validation predictions, never on the set evaluated; "
        "give --threshold_predictions and --threshold_labels",
        None,
        settings.out,
    )


def _from_runs(settings: EvaluationSettings) -> Sources:
    runs, split = settings.run_dir, settings.split
    tables = tuple(_predictions_of(run, split) for run in runs)
    truth = predictions.read(settings.labels) if settings.labels else _labels_of(runs, split)
    thresholds: tuple[Table, ...] = ()
    threshold_truth = None
    reason = f"no threshold: it is chosen on the split {VALIDATION}, never on the one evaluated"
    if split != VALIDATION:
        lacking = [run for run in runs if not (all(_file(run, VALIDATION, kind).is_file() for kind in ("", "_labels")))]
        if lacking:
            reason = f"no threshold: {_file(lacking[0], VALIDATION)} or its labels are not there to choose it on"
        else:
            thresholds = tuple(_predictions_of(run, VALIDATION) for run in runs)
            threshold_truth = _labels_of(runs, VALIDATION)
    out = settings.out
    if out is None and len(runs) == 1:
        out = runs[0] / "evaluation" / split
    policies = {policy for policy in map(_policy_of, runs) if policy is not None}
    return Sources(
        split,
        predictions.names_of(runs),
        truth,
        tables,
        threshold_truth,
        thresholds,
        reason,
        "; ".join(sorted(policies)) or None,
        out,
    )


def _file(run: pathlib.Path, split: str, kind: str = "") -> pathlib.Path:
    return run / "predictions" / f"{split}{kind}.csv"


def _predictions_of(run: pathlib.Path, split: str) -> Table:
    path = _file(run, split)
    if not path.is_file():
        there = sorted(file.stem for file in path.parent.glob("*.csv") if not file.stem.endswith("_labels"))
        raise InputError(
            f"expected {path}; the run has predictions for {', '.join(there) or 'no split'}",
            "split" if there else "run_dir",
        )
    return predictions.read(path)


def _labels_of(runs: tuple[pathlib.Path, ...], split: str) -> Table:
    """Ground truth as a run wrote it beside its predictions; all runs must have the same."""
    paths = [_file(run, split, "_labels") for run in runs]
    for path in paths:
        if not path.is_file():
            raise InputError(f"expected ground truth in {path}, or --labels=FILE; there is none")
    first = paths[0].read_bytes()
    for path in paths[1:]:
        if path.read_bytes() != first:
            raise InputError(f"expected one ground truth for all runs; {paths[0]} and {path} differ")
    return predictions.read(paths[0])


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
