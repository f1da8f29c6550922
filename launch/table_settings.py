"""Settings of launch.prepare --dataset=table: the table that lists one's own films, its columns and its splits."""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

from chex_tf.observations import ALIASES, TASK_SETS
from chex_tf.settings import InputError, Settings, setting

TABLE = "table"
GROUP = "Only with --dataset=table"
# What stands beside the labels in files of predictions and evaluations.
_NO_LABELS = ("mean", "Path", "Study", "Patient", "Sex", "Age", "Frontal/Lateral", "AP/PA")


def _column(what: str, otherwise: str) -> Any:
    return setting(None, help=f"column {what}; by default one of the name {otherwise}", group=GROUP)


@dataclasses.dataclass(frozen=True, kw_only=True)
class TableSettings(Settings):
    """All of these change the records."""

    table: pathlib.Path | None = setting(
        None, help="CSV file with a row for each film: path, patient and labels", existing="file", group=GROUP
    )
    images: pathlib.Path | None = setting(
        None, help="folder that the table's paths begin in", existing="folder", group=GROUP
    )
    path_column: str | None = _column("of paths", "path")
    patient_column: str | None = _column("of patients", "patient")
    study_column: str | None = _column(
        "of examinations, whose films are evaluated together", "study; without it each film is a study of its own"
    )
    view_column: str | None = _column("of views: frontal, lateral, AP, PA, LL or RL", "view; without it unknown")
    sex_column: str | None = _column("of sexes: F, M, female, male or nothing", "sex, if there is one")
    age_column: str | None = _column("of ages in whole years", "age, if there is one")
    label_columns: tuple[str, ...] = setting(
        (),
        help="columns of labels: 1, 0, -1 for uncertain, blank for not mentioned; by default every other column that "
        "holds only such values",
        group=GROUP,
    )
    split_column: str | None = _column(
        "of splits: train, valid, test or other names", "split; without it patients are drawn"
    )
    valid_patients: float | None = setting(
        None,
        help="share of the patients drawn for valid, by --seed, where no column says the split; else 0.1",
        low=0,
        high=0.9,
        group=GROUP,
    )
    test_patients: float | None = setting(None, help="likewise for test; else 0.1", low=0, high=0.9, group=GROUP)

    def check(self) -> None:
        if self.split_column is not None and (self.valid_patients is not None or self.test_patients is not None):
            raise InputError(
                "expected a column of splits, or --valid_patients and --test_patients; received both", "split_column"
            )

    def check_with(self, dataset: str) -> None:
        """Raises InputError where a table is needed and not given, or given and not read."""
        if dataset == TABLE:
            for name in ("table", "images"):
                if getattr(self, name) is None:
                    raise InputError(f"--dataset={TABLE} needs it: {_help(name)}", name)
            return
        for field in dataclasses.fields(self):
            if getattr(self, field.name) != field.default:
                raise InputError(f"only --dataset={TABLE} reads it; received --dataset={dataset}", field.name)

    def columns(self) -> dict[str, Any]:
        """All but the two paths, by the names that the builder's configuration has."""
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name not in ("table", "images")
        }


def _help(name: str) -> str:
    return str(TableSettings.__dataclass_fields__[name].metadata["meaning"].help)


def check_labels(names: Sequence[str]) -> None:
    """Raises InputError for labels that mean something else to training and evaluation, or one thing twice."""
    for name in names:
        if name in TASK_SETS or name in _NO_LABELS:
            raise InputError(
                f"expected labels of other names than {', '.join((*TASK_SETS, *_NO_LABELS))}, which stand for "
                f"something else in training and evaluation; received {name}: rename the column",
                "label_columns",
            )
        if ALIASES.get(name) in names:
            raise InputError(
                f"{name} and {ALIASES[name]} are two names of one finding to training and evaluation: rename one of "
                "the columns, or leave one out with --label_columns",
                "label_columns",
            )
