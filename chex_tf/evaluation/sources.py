"""Which files an evaluation reads: those named one by one, or those in run directories, made if they are missing."""

import dataclasses
import pathlib
from collections.abc import Callable, Collection, Mapping, Sequence

from chex_tf import prediction_files
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.prediction_files import Table
from chex_tf.runs import checkpoints, config, evaluations, layout, predictions
from chex_tf.runs.predictions import External
from chex_tf.runs.trained_model import TrainedModel, of_run
from chex_tf.settings import InputError

# From a run, a split and its data set (the run's own if None) to the name of the set, for which the run then has
# predictions.
Predict = Callable[[pathlib.Path, str, pathlib.Path | None], str]


def predict_nothing(run_dir: pathlib.Path, split: str, data: pathlib.Path | None) -> str:
    """Predicts nothing: the predictions already in the run are evaluated."""
    del run_dir, data
    return split


@dataclasses.dataclass(frozen=True)
class Sources:
    """`thresholds` holds validation predictions in the order of `tables`, or nothing, and then `no_thresholds` says
    why; `policy` is what uncertain and blank labels became in training, if config.json says so; `trained` says of names
    that are runs what they trained; `groups` by what --subgroups groups."""

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
    trained: Mapping[str, TrainedModel]
    groups: Table | None = None
    caution: str = ""  # said where checkpoints were chosen on the split evaluated
    external: Mapping[str, External] = dataclasses.field(default_factory=dict)  # of names that are runs elsewhere
    # Their ground truth and predictions on the same split of their own data, or why there are none.
    at_home: Mapping[str, tuple[Table, Table] | str] = dataclasses.field(default_factory=dict)


def gather(settings: EvaluationSettings, predict: Predict = predict_nothing) -> Sources:
    """Reads the files; `predict` is called for each split of a run before its predictions are read."""
    return _from_runs(settings, predict) if settings.run_dir else _from_files(settings)


def _from_files(settings: EvaluationSettings) -> Sources:
    assert settings.labels is not None
    chosen = settings.threshold_labels
    return Sources(
        settings.labels.stem,
        prediction_files.short_names(settings.predictions),
        tuple(f"as given in {path}" for path in settings.predictions),
        prediction_files.read(settings.labels),
        tuple(prediction_files.read(path) for path in settings.predictions),
        prediction_files.read(chosen) if chosen else None,
        tuple(prediction_files.read(path) for path in settings.threshold_predictions),
        "no threshold: it is chosen on validation predictions, never on the set evaluated; "
        "give --threshold_predictions and --threshold_labels",
        None,
        settings.out,
        {},
        prediction_files.read(settings.groups) if settings.groups else None,
    )


def _from_runs(settings: EvaluationSettings, predict: Predict) -> Sources:
    runs, split = settings.run_dir, settings.split
    sets = [predict(run, split, settings.data) for run in runs]
    names = [_name_in(run, one, settings) for run, one in zip(runs, sets, strict=True)]
    tables = tuple(_predictions_of(run, name) for run, name in zip(runs, names, strict=True))
    short = prediction_files.short_names(runs)
    external = _external(settings, runs, names, short)
    tables = tuple(
        _without(table, external[name]["left_out"]) if name in external else table
        for name, table in zip(short, tables, strict=True)
    )
    truth = prediction_files.read(settings.labels) if settings.labels else _labels_of(runs, names)
    thresholds: tuple[Table, ...] = ()
    threshold_truth = None
    validation, *others = dict.fromkeys(map(_validation_split, runs))
    reason = f"no threshold: it is chosen on the split {validation}, never on the one evaluated"
    if others:
        reason = f"no threshold: the runs ranked their checkpoints on different splits, {validation} and {others[0]}"
    elif split != validation:
        reason, chosen = _validation_names(settings, sets, validation, predict)
        if chosen:
            thresholds = tuple(_predictions_of(run, name) for run, name in zip(runs, chosen, strict=True))
            threshold_truth = _labels_of(runs, chosen)
    out = settings.out
    if out is None and len(runs) == 1:
        out = evaluations.folder(runs[0], names[0])
    trained = {name: found for name, run in zip(short, runs, strict=True) if (found := of_run(run)) is not None}
    policies = {policy for policy in map(config.label_policy, runs) if policy is not None}
    return Sources(
        " / ".join(dict.fromkeys(sets)),
        short,
        tuple(predictions.describe(run, name) for run, name in zip(runs, names, strict=True)),
        truth,
        tables,
        threshold_truth,
        thresholds,
        reason,
        "; ".join(sorted(policies)) or None,
        out,
        trained,
        _groups_of(settings, runs[0], names[0]),
        _caution(short, runs, sets),
        external,
        {name: _at_home(settings, run, predict) for name, run in zip(short, runs, strict=True) if name in external},
    )


def _external(
    settings: EvaluationSettings, runs: Sequence[pathlib.Path], names: Sequence[str], short: Sequence[str]
) -> dict[str, External]:
    """Of the runs whose ground truth was read from another data set than theirs; --labels takes its place."""
    if settings.data is None or settings.labels is not None:
        return {}
    found = {one: predictions.external(run, name) for one, run, name in zip(short, runs, names, strict=True)}
    return {name: one for name, one in found.items() if one is not None}


def _without(table: Table, tasks: Collection[str]) -> Table:
    """Without the predictions that the other data set has no labels for: their section says why."""
    return dataclasses.replace(
        table, columns={name: cells for name, cells in table.columns.items() if name not in tasks}
    )


def _at_home(settings: EvaluationSettings, run: pathlib.Path, predict: Predict) -> tuple[Table, Table] | str:
    """Ground truth and predictions of the same split of the run's own data, or why there are none."""
    name = _name_in(run, settings.split, settings)
    try:
        predict(run, settings.split, None)
        return _labels_of((run,), [name]), _predictions_of(run, name)
    except InputError as error:
        if error.setting == "run_dir":  # a damaged run, rather than data that are gone or lack the split
            raise
        return str(error)


def _caution(names: Sequence[str], runs: Sequence[pathlib.Path], sets: Sequence[str]) -> str:
    chosen = [
        name
        for name, run, one in zip(names, runs, sets, strict=True)
        if (found := config.read_if_trained(run)) is not None and one == found.evaluation_split
    ]
    if not chosen:
        return ""
    whose = "its checkpoints were" if len(chosen) == 1 else "their checkpoints were"
    split = ", ".join(dict.fromkeys(sets))
    return (
        f"{', '.join(chosen)}: {whose} chosen by their scores on this very split, {split}; these numbers "
        "tend to be too high, and intervals do not allow for it. Report a split on which nothing was chosen."
    )


def _name_in(run: pathlib.Path, set_name: str, settings: EvaluationSettings) -> str:
    """The name of a run's predictions of a set; in a folder without checkpoints, the name of the set."""
    return settings.options.name_of(set_name) if checkpoints.read_index(run) else set_name


def _validation_split(run: pathlib.Path) -> str:
    """The split on which a run ranked its checkpoints, and on which its thresholds are chosen."""
    found = config.read_if_trained(run)
    return config.VALIDATION if found is None else found.evaluation_split


def _validation_names(
    settings: EvaluationSettings, sets: list[str], validation: str, predict: Predict
) -> tuple[str, list[str]]:
    """The reason for having no thresholds, and the names of validation predictions; one of the two is empty."""
    names = []
    for run, one in zip(settings.run_dir, sets, strict=True):
        data = settings.data if one == settings.split else None
        name = _name_in(run, validation, settings)
        try:
            predict(run, validation, data)
        except InputError as error:
            if error.setting == "run_dir":  # a damaged run, rather than data that are gone or lack the split
                raise
            return f"no threshold: {error}", []
        if not all(path.is_file() for path in (predictions.file(run, name), predictions.labels_file(run, name))):
            return f"no threshold: {predictions.file(run, name)} or its labels are missing", []
        names.append(name)
    return "", names


def _predictions_of(run: pathlib.Path, name: str) -> Table:
    path = predictions.file(run, name)
    if not path.is_file():
        present = predictions.predicted_sets(run)
        if not present:
            layout.check(run)
        raise InputError(
            f"expected {path}; the run has predictions for {', '.join(present) or 'no split'}",
            "split" if present else "run_dir",
        )
    return prediction_files.read(path)


def _groups_of(settings: EvaluationSettings, run: pathlib.Path, name: str) -> Table | None:
    """Of one run, since all have the same images."""
    if not settings.subgroups:
        return None
    path = settings.groups or predictions.groups_file(run, name)
    if not path.is_file():
        raise InputError(f"expected sex, age and views in {path}, or --groups=FILE; there is none", "groups")
    return prediction_files.read(path)


def _labels_of(runs: tuple[pathlib.Path, ...], names: list[str]) -> Table:
    """Ground truth as runs wrote it beside their predictions; all runs must have the same."""
    paths = [predictions.labels_file(run, name) for run, name in zip(runs, names, strict=True)]
    for path in paths:
        if not path.is_file():
            raise InputError(f"expected ground truth in {path}, or --labels=FILE; there is none")
    first = paths[0].read_bytes()
    for path in paths[1:]:
        if path.read_bytes() != first:
            raise InputError(f"expected one ground truth for all runs; {paths[0]} and {path} differ")
    return prediction_files.read(paths[0])
