"""From one line of a CheXpert table to rows: every value checked, every complaint with its line and column."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping

from chex_tf_datasets.radiograph_records import tables
from chex_tf_datasets.radiograph_records.errors import MissingImage, SourceError
from chex_tf_datasets.radiograph_records.missing import Missing
from chex_tf_datasets.radiograph_records.row import VIEWS, Row
from chex_tf_datasets.radiograph_records.tables import Table

from .paths import ImagePath, Locator


@dataclasses.dataclass(frozen=True)
class Columns:
    """What a table calls the columns that it may lack."""

    sex: str
    age: str
    view: str
    projection: str

    @property
    def names(self) -> tuple[str, ...]:
        return self.sex, self.age, self.view, self.projection


class Rows:
    """Collects a table's rows, and its images that are not there."""

    def __init__(self, table: Table, columns: Columns, locator: Locator, missing: Missing) -> None:
        self._table, self._columns, self._locator, self._missing = table, columns, locator, missing
        self._first_lines: dict[str, int] = {}
        self.of_split: dict[str, list[Row]] = {}

    def add(
        self,
        split: str,
        line: int,
        cells: Mapping[str, str],
        images: Iterable[tuple[str, ImagePath]],
        values: tuple[int, ...],
    ) -> None:
        """Raises ValueError or SourceError without a line, for `reading` to complete."""
        view = tables.cell(cells, self._columns.view, _view)
        projection = tables.cell(cells, self._columns.projection, tables.projection)
        sex = tables.cell(cells, self._columns.sex, tables.sex)
        age = tables.cell(cells, self._columns.age, tables.age)
        for path, parsed in images:
            first = self._first_lines.setdefault(parsed.key, line)
            if first != line:
                raise ValueError(f"expected each image once; received {path} again, first in line {first}")
            rows = self.of_split.setdefault(split, [])
            try:
                place, size = self._locator.image(split, path, parsed)
            except MissingImage as error:
                self._missing.add(split, path, self._table.error(line, str(error)))
                continue
            rows.append(
                Row(
                    key=parsed.key,
                    path=path,
                    file=place,
                    size=size,
                    patient=parsed.patient,
                    study=path.rpartition("/")[0],
                    view=VIEWS.index(view or parsed.view),
                    projection=projection,
                    sex=sex,
                    age=age,
                    labels=values,
                )
            )


def each_line(table: Table, use: Callable[[int, dict[str, str]], None]) -> None:
    """use(line, cells) for every line; what it raises gets the file and line."""
    for line, cells in table.rows():
        try:
            use(line, cells)
        except (SourceError, ValueError) as error:
            raise table.error(line, str(error)) from error


def _view(text: str) -> str:
    """frontal, lateral, or nothing where the table does not say: the file's name does."""
    if text.lower() not in ("", *VIEWS):
        raise ValueError(f"expected Frontal, Lateral or nothing; received {text!r}")
    return text.lower()
