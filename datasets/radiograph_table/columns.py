"""What each column of a table is: the path, the patient, something else that is known, a label, or nothing of these."""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence

from chex_tf_datasets.radiograph_records import tables
from chex_tf_datasets.radiograph_records.errors import SourceError
from chex_tf_datasets.radiograph_records.tables import Table

from .config import NEEDED, ROLES

_SHOWN = 30  # characters of a value that is no label
# A column is refused, rather than left out, from so many values of a label and so large a share of its filled cells on.
_FEWEST, _MOST = 2, 0.5
# A list of tasks has commas between them, and a label's rule a colon behind it.
_NOT_IN_A_LABEL = (",", ":", '"', "\n")


@dataclasses.dataclass(frozen=True)
class Columns:
    """`roles`: path, patient and so on -> the column of the table; `others`: column -> why it is no label."""

    roles: Mapping[str, str]
    labels: tuple[str, ...]
    others: Mapping[str, str]

    def describe(self) -> list[str]:
        roles = [f"{role} from {column!r}" if column != role else role for role, column in self.roles.items()]
        absent = [role for role in ROLES if role not in self.roles]
        lines = [f"columns: {', '.join(roles)}" + (f"; none for {', '.join(absent)}" if absent else "")]
        lines.append(f"{len(self.labels)} label{'s' * (len(self.labels) != 1)}: {', '.join(self.labels)}")
        if self.others:
            lines.append("no labels: " + ", ".join(f"{column} ({why})" for column, why in self.others.items()))
        return lines


def choose(file: pathlib.Path, named: Mapping[str, str], labels: Sequence[str]) -> Columns:
    """`named`: role -> column, for those that were named. Without `labels` every row is read to find them."""
    header = Table(file, ()).header()
    roles = _roles(Table(file, ()), header, named)
    free = [name for name in header if name and name not in roles.values()]
    if labels:
        _check_named(file, labels, header, roles)
        found, others = tuple(labels), {name: "not among --label_columns" for name in free if name not in labels}
    else:
        found, others = _search(file, free)
    unnamed = header.count("")
    if unnamed:
        others[f"{unnamed} column{'s' * (unnamed != 1)} without a name"] = "left out"
    for name in found:
        wrong = [sign for sign in _NOT_IN_A_LABEL if sign in name]
        if wrong:
            raise SourceError(f"{file}, line 1: expected a label without {wrong[0]!r} in its name; received {name!r}")
    if not found:
        why = "; ".join(f"{name}: {reason}" for name, reason in list(others.items())[:5])
        raise SourceError(
            f"{file}: expected a column that holds only 1, 0, -1 and blanks, a label; received "
            f"{why or 'no other column'}"
        )
    return Columns(roles, found, others)


def _roles(table: Table, header: Sequence[str], named: Mapping[str, str]) -> dict[str, str]:
    roles: dict[str, str] = {}
    for role in ROLES:
        wanted = named.get(role, role)
        found = [name for name in header if name == wanted] or [
            name for name in header if role not in named and name.lower() == role
        ]
        if len(found) > 1:
            raise table.error(1, f"expected one column {wanted!r}; received {' and '.join(map(repr, found))}")
        if found:
            roles[role] = found[0]
        elif role in named or role in NEEDED:
            raise table.error(
                1, f"expected a column {wanted!r}; received {tables.few(header)}; --{role}_column names it"
            )
    taken: dict[str, str] = {}
    for role, column in roles.items():
        if taken.setdefault(column, role) != role:
            raise table.error(1, f"expected a column each for {taken[column]} and {role}; received {column!r} for both")
    return roles


def _check_named(file: pathlib.Path, labels: Sequence[str], header: Sequence[str], roles: Mapping[str, str]) -> None:
    for name in labels:
        role = next((role for role, column in roles.items() if column == name), None)
        if role or labels.count(name) > 1:
            raise SourceError(
                f"{file}: expected each label column once, and no column that is the {role or 'label twice'}; "
                f"received {name!r}"
            )


@dataclasses.dataclass
class _Cells:
    """What one column held so far. `other` is the first cell that is no value of a label, and `line` its line."""

    labels: int = 0
    others: int = 0
    other: str = ""
    line: int = 0

    def add(self, value: str, line: int) -> None:
        try:
            tables.label(value)
        except ValueError:
            if not self.others:
                self.other, self.line = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…", line
            self.others += 1
        else:
            self.labels += bool(value)

    @property
    def filled(self) -> int:
        return self.labels + self.others

    @property
    def nearly_a_label(self) -> bool:
        """Whether the cells that are no values of a label look like slips in a column that is one."""
        return self.others > 0 and self.labels >= max(_FEWEST, _MOST * self.filled)


def _search(file: pathlib.Path, free: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """The columns that hold only values of labels; why each of the others is none."""
    columns = {name: _Cells() for name in free}
    table = Table(file, free)
    for line, cells in table.rows():
        for name, column in columns.items():
            column.add(cells[name], line)
    for name, column in columns.items():
        if column.nearly_a_label:
            raise table.error(
                column.line,
                f"column {name!r}: expected 1, 0, -1 (uncertain) or nothing, as {column.labels:,} of its "
                f"{column.filled:,} filled cells are; received {column.other!r}; if it is no label, --label_columns "
                "names those that are",
            )
    others = {name: f"{column.other!r} in line {column.line}" for name, column in columns.items() if column.others}
    others |= {name: "blank throughout" for name, column in columns.items() if not column.filled}
    return tuple(name for name in free if name not in others), others
