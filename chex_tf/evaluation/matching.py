"""Matches predictions and ground truth by key, and reports everything that does not fit in one error."""

import dataclasses
import pathlib
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from chex_tf.evaluation.grouping import groups, patient_of, study_of, tail
from chex_tf.evaluation.remarks import Remarks
from chex_tf.evaluation.units import Patients, count_patients, patients_of, places, say_contradictions, units_of
from chex_tf.observations import ALIASES, CHEST_XRAY14_FINDINGS, OBSERVATIONS, TASK_SETS
from chex_tf.prediction_files import Table, duplicates, first_few
from chex_tf.settings import InputError, closest
from chex_tf.statistics.aggregation import aggregate, disagreeing, positive_if_any
from chex_tf.statistics.thresholds import is_nearly_reader, is_reader

# Columns of the data sets' own tables that are not tasks, and the two that ground truth may have for grouping.
NOT_TASKS = ("Sex", "Age", "Frontal/Lateral", "AP/PA", "Patient", "Study", "Path")
_KNOWN_TASKS = frozenset(OBSERVATIONS) | frozenset(CHEST_XRAY14_FINDINGS)

FEW = 5  # scores that are each named
ENSEMBLE = "ensemble"  # the name of the mean of the models

Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Cohort:
    """Ground truth: `labels` [rows, tasks] of 0, 1 and NaN (not labelled); `units` gives each row's bootstrap unit, a
    `unit` (patient, study or image)."""

    key: str
    keys: tuple[str, ...]
    tasks: tuple[str, ...]
    labels: np.ndarray
    unit: str
    units: np.ndarray
    studies: int
    aggregation: str
    patients: Patients | None = None  # where every row's patient is known

    @property
    def unit_count(self) -> int:
        return int(self.units.max()) + 1


@dataclasses.dataclass(frozen=True)
class Model:
    """One file's scores [rows, tasks], in the order of the cohort's keys and tasks; `made_of` says in words
    whether it is a single model or an ensemble."""

    name: str
    scores: np.ndarray
    made_of: str = ""


def choose_tasks(asked: Sequence[str], truth: Table, tables: Sequence[Table], say: Say) -> tuple[str, ...]:
    """The tasks to evaluate, in the order of `asked` or else of the ground truth; says which columns are ignored."""
    wanted: list[str] = []
    known = [name for name in truth.columns if name not in NOT_TASKS]
    for name in asked:
        wanted += _all(known, tables) if name == "all" else TASK_SETS.get(name, (ALIASES.get(name, name),))
    wanted = list(dict.fromkeys(wanted))
    problems = []
    absent = [name for name in wanted if name not in known]
    if absent:
        meant = _meant(absent, known)
        problems.append(f"{truth.path}: no column for {first_few(absent)}{meant}; its tasks are {first_few(known)}")
    for table in tables:
        absent = [name for name in wanted if name not in table.columns]
        if absent:
            problems.append(f"{table.path}: no column for {first_few(absent)}{_meant(absent, table.columns)}")
        unlabelled = [name for name in table.columns if name in _KNOWN_TASKS and name not in known]
        if unlabelled and not wanted:
            problems.append(
                f"{table.path}: {first_few(unlabelled)} not in the labels {truth.path}; name the tasks to evaluate "
                "with --tasks"
            )
    if problems:
        raise InputError("; ".join(problems))
    shared = [name for name in known if all(name in table.columns for table in tables)]
    tasks = wanted or shared
    if not tasks:
        raise InputError(f"expected a task that all files share; the labels {truth.path} have {first_few(known)}")
    remarks = Remarks()
    for table in tables:
        extra = [name for name in table.columns if name not in known]
        if extra:
            lacking = [name for name in known if name not in table.columns]
            meant = _meant(extra, lacking)
            remarks.add(str(table.path), f"ignored {first_few(extra)}: no such task in the labels{meant}")
        if not wanted:
            left = [name for name in table.columns if name in known and name not in shared]
            if left:
                remarks.add(str(table.path), f"left out {first_few(left)}: not in every file of predictions")
    remarks.say(say)
    return tuple(tasks)


def _all(known: Sequence[str], tables: Sequence[Table]) -> list[str]:
    """CheXpert's observations where the labels have them, and whatever else all files share; else all that the labels
    have, which may be of another data set."""
    if not set(OBSERVATIONS) <= set(known):
        return list(known)
    shared = [name for name in known if all(name in table.columns for table in tables)]
    return [*OBSERVATIONS, *(name for name in shared if name not in OBSERVATIONS)]


def _meant(names: Sequence[str], known: Iterable[str]) -> str:
    """The end of a message: what misspelt names may have meant."""
    listed = list(known)
    found = {name: closest(name, listed) for name in names}
    if len(names) == 1:
        return found[names[0]]
    return "".join(f"; {name}{words.replace(';', ':', 1)}" for name, words in found.items() if words)


def match(
    truth: Table,
    tables: Sequence[Table],
    names: Sequence[str],
    tasks: Sequence[str],
    aggregation: str,
    unit: str,
    say: Say,
) -> tuple[Cohort, list[Model]]:
    """Raises one InputError for all that is missing, repeated, unknown or not a number, in any of the files."""
    labels = np.stack([truth.numbers(task) for task in tasks], axis=1)
    blank = np.stack([[cell.strip() == "" for cell in truth.columns[task]] for task in tasks], axis=1)
    wrong = ~np.isin(labels, (0, 1)) & ~blank
    problems = _bad_cells(truth, tasks, wrong, "expected 0, 1 or nothing")
    twice = duplicates(truth.keys)
    if twice:
        problems.append(f"{truth.path}: {len(twice)} repeated ({first_few(twice)})")
    scores = []
    for table in tables:
        values = np.stack([table.numbers(task) for task in tasks], axis=1)
        problems += _bad_cells(table, tasks, ~np.isfinite(values), "expected finite numbers")
        scores.append(values)
    if problems:
        raise InputError("; ".join(problems))

    by_study = any(table.key == "Study" for table in (truth, *tables)) or aggregation != "none"
    studies_of = _studies_by_key(truth)
    keys: Sequence[str] = truth.keys
    true_labels = labels
    if by_study and truth.key == "Path":
        keys, true_labels = _study_labels(truth, labels, tasks, studies_of)
    models = []
    remarks = Remarks()
    was_aggregated = False
    for table, name, values in zip(tables, names, scores, strict=True):
        table_keys: Sequence[str] = table.keys
        values_of = values
        if table.key == "Path" and by_study:
            if aggregation == "none":
                raise InputError(
                    f"{table.path}: its rows are images, while other files have studies; expected max or mean",
                    "aggregation",
                )
            if truth.key == "Path":
                order = _order(table.path, table_keys, truth.path, truth.keys, "image", remarks)
                table_keys, values_of = truth.keys, values[order]
            table_keys, values_of = _aggregate(table.path, table_keys, values_of, aggregation, studies_of)
            was_aggregated = True
        order = _order(table.path, table_keys, truth.path, keys, "study" if by_study else "image", remarks)
        models.append(Model(name, values_of[order]))
    remarks.say(say)
    key = "Study" if by_study else "Path"
    patients = patients_of(keys, key, truth, studies_of)
    say_contradictions(keys, patients, str(truth.path), say)
    unit, units = units_of(keys, key, truth, patients, unit, studies_of, say)
    cohort = Cohort(
        key,
        tuple(keys),
        tuple(tasks),
        true_labels,
        unit,
        units,
        len(keys) if by_study else len({studies_of(key) or key for key in keys}),
        aggregation if was_aggregated else "none",
        count_patients(patients),
    )
    return cohort, models


def match_by_study(
    where: str,
    studies_of_images: Sequence[str],
    tasks: Sequence[str],
    labels: np.ndarray,
    scores: Mapping[str, np.ndarray],
    patients_of_images: Sequence[str] = (),
) -> tuple[Cohort, list[Model]]:
    """The same for scores [images, tasks] in memory: each model's highest score among a study's images. The
    unit is the patient where each image's is given, or every study names one."""
    studies = list(dict.fromkeys(studies_of_images))
    place_of = {study: place for place, study in enumerate(studies)}
    images = np.array([place_of[study] for study in studies_of_images])
    agreed = _labels_by_study(where, labels, studies, images, tasks)
    named = dict(zip(studies_of_images, patients_of_images, strict=True)) if patients_of_images else {}
    patients = [named.get(study) or patient_of(study) or "" for study in studies]
    known = count_patients(patients)
    unit, units = ("patient", places(patients)) if known else ("study", np.arange(len(studies)))
    cohort = Cohort("Study", tuple(studies), tuple(tasks), agreed, unit, units, len(studies), "max", known)
    return cohort, [
        Model(name, aggregate(np.asarray(values, np.float64), images, len(studies), "max"))
        for name, values in scores.items()
    ]


def _bad_cells(table: Table, tasks: Sequence[str], wrong: np.ndarray, expected: str) -> list[str]:
    places = np.argwhere(wrong)
    if not places.size:
        return []
    cells = [
        f"{table.keys[row]} {tasks[column]}={table.columns[tasks[column]][row] or 'nothing'}" for row, column in places
    ]
    return [f"{table.path}: {expected}; received {first_few(cells)}"]


def _order(
    path: pathlib.Path,
    keys: Sequence[str],
    truth_path: pathlib.Path,
    wanted: Sequence[str],
    noun: str,
    remarks: Remarks,
) -> np.ndarray:
    """Row of `keys` for each of `wanted`."""
    if not set(keys) & set(wanted):
        tails, wanted_tails = [tail(key) for key in keys], [tail(key) for key in wanted]
        if set(tails) & set(wanted_tails):
            remarks.add(str(path), f"matched from patientNNNNN on, because no key begins as in {truth_path}")
            keys, wanted = tails, wanted_tails
    again, known, given = duplicates(keys), set(wanted), set(keys)
    kinds = {
        "missing": [key for key in wanted if key not in given],
        "repeated": again,
        "unknown": [key for key in keys if key not in known],
    }
    found = [f"{len(items)} {kind} ({first_few(items)})" for kind, items in kinds.items() if items]
    if found:
        raise InputError(f"{path}: expected every {noun} of {truth_path} once; received {', '.join(found)}")
    row_of = {key: row for row, key in enumerate(keys)}
    return np.array([row_of[key] for key in wanted])


def _studies_by_key(truth: Table) -> Callable[[str], str | None]:
    """From the ground truth's own column Study where its rows are by Path, otherwise from the path."""
    if truth.key == "Path" and "Study" in truth.columns:
        return dict(zip(truth.keys, truth.columns["Study"], strict=True)).get
    return study_of


def _aggregate(
    path: pathlib.Path,
    keys: Sequence[str],
    values: np.ndarray,
    aggregation: str,
    studies_of: Callable[[str], str | None] = study_of,
) -> tuple[list[str], np.ndarray]:
    if duplicates(keys):
        again = duplicates(keys)
        raise InputError(f"{path}: expected every image once; received {len(again)} repeated ({first_few(again)})")
    studies, places = groups(path, keys, studies_of)
    return studies, aggregate(values, places, len(studies), aggregation)


def _study_labels(
    truth: Table, labels: np.ndarray, tasks: Sequence[str], studies_of: Callable[[str], str | None]
) -> tuple[list[str], np.ndarray]:
    studies, places = groups(truth.path, truth.keys, studies_of)
    return studies, _labels_by_study(str(truth.path), labels, studies, places, tasks)


def _labels_by_study(
    where: str, labels: np.ndarray, studies: Sequence[str], places: np.ndarray, tasks: Sequence[str]
) -> np.ndarray:
    """Labels [studies, tasks] from those of images [images, tasks], which must agree within a study."""
    conflicting = np.argwhere(disagreeing(labels, places, len(studies)))
    if conflicting.size:
        cells = [f"{studies[row]} {tasks[column]}" for row, column in conflicting]
        raise InputError(
            f"{where}: expected one label for all images of a study; received several for {first_few(cells)}; "
            "--aggregation=none evaluates image by image"
        )
    return positive_if_any(labels, places, len(studies))


def match_validation(
    truth: Table, tables: Sequence[Table], cohort: Cohort, models: Sequence[Model], aggregation: str, say: Say
) -> tuple[Cohort, list[Model]]:
    """Validation predictions for the cohort's tasks, of all `models` or of those that are not readers, in their order;
    each gets its model's name. No row may be among those evaluated."""
    names = [model.name for model in models]
    if len(tables) != len(names):
        names = [model.name for model in models if not is_reader(model.scores)]
    if len(tables) != len(names):
        raise InputError(
            f"expected validation predictions for {len(names)} models, in the same order; received {len(tables)}",
            "threshold_predictions",
        )
    choose_tasks(cohort.tasks, truth, tables, say)
    unit = "study" if cohort.key == "Study" else "image"
    validation, found = match(truth, tables, names, cohort.tasks, aggregation, unit, say)
    shared = sorted(set(validation.keys) & set(cohort.keys))
    if shared:
        raise InputError(
            f"{truth.path}: expected thresholds to be chosen on other rows than those evaluated; {len(shared)} are in "
            f"both ({first_few(shared)})"
        )
    return validation, found


def with_ensemble(models: Sequence[Model], validation: Sequence[Model] = ()) -> tuple[list[Model], list[Model]]:
    """Adds the mean of the models' probabilities (CheXpert's three runs of ten checkpoints as one), also to the scores
    on `validation`. Readers give decisions, not probabilities, and are left out."""
    readers = [model.name for model in models if is_reader(model.scores)]
    averaged = [model.name for model in models if model.name not in readers]
    if len(averaged) < 2:
        received = f"{len(averaged)}: {', '.join(averaged)}" if averaged else "none"
        raise InputError(f"expected at least two models that are not readers; received {received}", "ensemble")
    if ENSEMBLE in averaged + readers:
        raise InputError(f"the mean is named {ENSEMBLE}; received a model named {ENSEMBLE} as well", "ensemble")
    made_of = f"mean of the {len(averaged)} models: {', '.join(averaged)}"
    if readers:
        made_of += f"; readers left out: {', '.join(readers)}"
    found = [*models, _mean(models, averaged, made_of)]
    return found, [*validation, _mean(validation, averaged, made_of)] if validation else []


def _mean(models: Sequence[Model], averaged: Sequence[str], made_of: str) -> Model:
    chosen = [model for model in models if model.name in averaged]
    for model in chosen:
        if (model.scores < 0).any() or (model.scores > 1).any():
            raise InputError(f"the mean is of probabilities; {model.name} has scores outside 0 to 1", "ensemble")
    return Model(ENSEMBLE, np.mean([model.scores for model in chosen], axis=0), made_of)


def report_scores(cohort: Cohort, models: Sequence[Model], say: Say) -> None:
    """Says what is unusual: published entries have scores outside 0 to 1, which rank like any others but are no
    probabilities; and one answer that is neither 0 nor 1 makes a model of a reader."""
    outside = []
    for model in models:
        count = int(np.sum((model.scores < 0) | (model.scores > 1)))
        if count:
            at = [
                f"{cohort.keys[row]} {cohort.tasks[column]}={model.scores[row, column]:g}"
                for row, column in np.argwhere((model.scores < 0) | (model.scores > 1))[:FEW]
            ]
            span = f"{model.scores.min():g} to {model.scores.max():g}"
            outside.append(f"{model.name} {count:,} ({span}; {at[0] if count > FEW else ', '.join(at)})")
        other = np.argwhere(~np.isin(model.scores, (0, 1)))
        if is_nearly_reader(model.scores):
            cells = [f"{cohort.keys[row]} {cohort.tasks[at]}={model.scores[row, at]:g}" for row, at in other]
            say(
                f"{model.name}: taken as a model, because {len(cells):,} of {model.scores.size:,} scores "
                f"{'is' if len(cells) == 1 else 'are'} neither 0 nor 1 ({first_few(cells)}); a reader's file holds "
                "nothing else, so if it is one, mend the file"
            )
    if outside:
        say(
            f"scores outside 0 to 1: {first_few(outside)}; they count for AUROC, average precision and decisions at a "
            "threshold, but make none of the model's scores probabilities: no Brier score, calibration or net benefit"
        )
