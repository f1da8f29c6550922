"""Sex and age of MIMIC's patients, from the table of MIMIC-IV that has them: patients.csv of its module hosp.

MIMIC-IV gives every age above 89 as 91; such ages are stored as they are.
"""

import dataclasses
import pathlib

from chex_tf_datasets.radiograph_records import tables
from chex_tf_datasets.radiograph_records.errors import SourceError
from chex_tf_datasets.radiograph_records.row import SEXES, UNKNOWN_AGE
from chex_tf_datasets.radiograph_records.tables import Table

TABLE = "patients.csv"
_PATIENT, _SEX, _AGE, _YEAR = "subject_id", "gender", "anchor_age", "anchor_year"


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """Dates are shifted, by the same for all of one patient's: `age` was reached in the year `year`."""

    sex: int
    age: int
    year: int

    def age_on(self, study_date: str) -> int:
        """In the year of a study, YYYYMMDD; unknown without a date, or where the two tables contradict each other."""
        if len(study_date) != 8 or not study_date.isdigit() or self.age == UNKNOWN_AGE:
            return UNKNOWN_AGE
        age = self.age + int(study_date[:4]) - self.year
        return age if age >= 0 else UNKNOWN_AGE


NOBODY = Person(SEXES.index("unknown"), UNKNOWN_AGE, 0)


def read_people(file: pathlib.Path) -> dict[str, Person]:
    """By the patient's number."""
    table = Table(file, (_PATIENT, _SEX, _AGE, _YEAR))
    people: dict[str, Person] = {}
    for line, cells in table.rows():
        try:
            year = cells[_YEAR]
            if not year.isdigit():
                raise ValueError(f"column {_YEAR!r}: expected a year; received {year[:80]!r}")
            person = Person(tables.cell(cells, _SEX, tables.sex), tables.cell(cells, _AGE, tables.age), int(year))
            if people.setdefault(cells[_PATIENT], person) != person:
                raise ValueError(f"expected each patient once; received another row of {cells[_PATIENT][:80]}")
        except (SourceError, ValueError) as error:
            raise table.error(line, str(error)) from error
    return people
