"""Which table lists the films, what its columns are called, and how its films are split."""

import dataclasses
import pathlib
import re
from collections.abc import Mapping
from typing import Any

from chex_tf_datasets.radiograph_records.config import SOURCE_LABELS, RadiographConfig
from chex_tf_datasets.radiograph_records.errors import SourceError
from chex_tf_datasets.radiograph_records.splits import DRAWN

NEEDED = ("path", "patient")
ROLES = (*NEEDED, "study", "view", "sex", "age", "split")


@dataclasses.dataclass
class TableConfig(RadiographConfig):
    """`table` is a CSV file. A column that is not named has its usual name, that of its role, in upper or lower case;
    without `label_columns`, every other column is a label that holds only 1, 0, -1 and blanks, and one that does so but
    for a few cells is refused.

    `valid_patients` and `test_patients` are shares of all patients, for a table without a column of splits.
    """

    table: str = ""
    path_column: str | None = None
    patient_column: str | None = None
    study_column: str | None = None
    view_column: str | None = None
    sex_column: str | None = None
    age_column: str | None = None
    split_column: str | None = None
    label_columns: tuple[str, ...] = ()
    valid_patients: float | None = None
    test_patients: float | None = None

    def __post_init__(self) -> None:
        if not self.table:
            raise SourceError("table: expected a CSV file that lists the films; received none")
        if self.labels != SOURCE_LABELS:
            raise SourceError(f"labels: expected {SOURCE_LABELS}, the only ones here; received {self.labels!r}")
        for name, share in (("valid_patients", self.valid_patients), ("test_patients", self.test_patients)):
            if share is not None and not 0 <= share < 1:
                raise SourceError(f"{name}: expected a share from 0 to below 1; received {share}")
        if self.shares["train"] <= 0:
            raise SourceError(
                "valid_patients and test_patients: expected shares that leave patients to train on; received "
                f"{self.shares['valid']:g} and {self.shares['test']:g}"
            )
        if self.split_column is not None and self.gives_shares:
            raise SourceError("split_column: expected a column of splits or shares of patients; received both")
        self.collection = self.collection or re.sub(r"\W+", "_", pathlib.Path(self.table).stem)
        super().__post_init__()

    @property
    def gives_shares(self) -> bool:
        return self.valid_patients is not None or self.test_patients is not None

    @property
    def shares(self) -> dict[str, float]:
        """Split -> its share of the patients."""
        valid = DRAWN["valid"] if self.valid_patients is None else self.valid_patients
        test = DRAWN["test"] if self.test_patients is None else self.test_patients
        return {"train": 1 - valid - test, "valid": valid, "test": test}

    @property
    def named_columns(self) -> dict[str, str]:
        """Role -> the column that was named for it."""
        named: Mapping[str, Any] = {role: getattr(self, f"{role}_column") for role in ROLES}
        return {role: column for role, column in named.items() if column is not None}

    def name_from_settings(self) -> str:
        name = super().name_from_settings()
        if self.gives_shares:
            name += f"_valid_{self.shares['valid']:g}_test_{self.shares['test']:g}"
            if not self.holdout_patients:  # whose name ends in the seed already
                name += f"_seed_{self.seed}"
        return name
