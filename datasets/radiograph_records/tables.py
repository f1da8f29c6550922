"""Reading a source's tables by column name, with the file and line in every complaint."""

import csv
import difflib
import gzip
import pathlib
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from .errors import SourceError
from .row import NEGATIVE, NOT_MENTIONED, POSITIVE, PROJECTIONS, SEXES, UNCERTAIN, UNKNOWN_AGE

# A report's text stands in one field of CheXpert Plus; the csv module's own limit is 131,072 characters.
LONGEST_FIELD = 10_000_000

Read = TypeVar("Read")

_LABELS = {
    "1.0": POSITIVE,
    "0.0": NEGATIVE,
    "-1.0": UNCERTAIN,
    "": NOT_MENTIONED,
    "1": POSITIVE,
    "0": NEGATIVE,
    "-1": UNCERTAIN,
}
_OTHER = 9  # not in the dictionary above: another spelling of one of the values, or none of them
_SEXES = {"female": "female", "f": "female", "male": "male", "m": "male", "unknown": "unknown", "": "unknown"}
_DAYS_OR_MONTHS_A_YEAR = {"Y": 1, "M": 12, "W": 52, "D": 365}


class Table:
    """A CSV's rows as (line, mapping from the wanted columns that it has); raises SourceError for what is malformed.

    `required` columns must be there, `optional` ones may; `aliases` maps another spelling onto a wanted column.
    """

    def __init__(
        self,
        file: pathlib.Path,
        required: Sequence[str],
        optional: Sequence[str] = (),
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        self.file = file
        self._required, self._optional, self._aliases = tuple(required), tuple(optional), dict(aliases or {})

    def error(self, line: int, message: str) -> SourceError:
        return SourceError(f"{self.file}, line {line}: {message}")

    def header(self) -> list[str]:
        """The names of all columns, in their order."""
        return next(self._lines())[1]

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        lines = self._lines()
        places = self._places(next(lines)[1])
        for line, cells in lines:
            yield line, {name: cells[place].strip() for name, place in places}

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """The header, then each row that is not empty."""
        line = 1
        csv.field_size_limit(LONGEST_FIELD)
        try:
            opened = gzip.open if self.file.suffix.lower() == ".gz" else open
            with opened(self.file, "rt", encoding="utf-8-sig", newline="") as text:
                reader = csv.reader(text, strict=True)
                header = next(reader, None)
                if not header:
                    raise SourceError(f"{self.file}: expected a table with a header line; received an empty file")
                yield line, [name.strip() for name in header]
                for cells in reader:
                    line = reader.line_num
                    if not cells:
                        continue
                    if len(cells) != len(header):
                        raise self.error(
                            line, f"expected {len(header)} columns as in the header; received {len(cells)}"
                        )
                    yield line, cells
                    line = reader.line_num + 1
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise SourceError(f"{self.file}: expected a whole gzip file; received another ({error})") from error
        except csv.Error as error:
            raise self.error(line, f"expected comma-separated values; received a malformed row ({error})") from error
        except UnicodeDecodeError as error:
            raise SourceError(
                f"{self.file}, at or after line {line}: expected UTF-8 text; received the byte "
                f"0x{error.object[error.start]:02x}"
            ) from error

    def _places(self, header: Sequence[str]) -> list[tuple[str, int]]:
        names = [self._aliases.get(name, name) for name in header]
        wanted = [*self._required, *self._optional]
        for name in wanted:
            if names.count(name) > 1:
                raise self.error(1, f"expected one column {name!r}; received {names.count(name)}")
        missing = [name for name in self._required if name not in names]
        if missing:
            close = difflib.get_close_matches(missing[0], names, n=1)
            hint = f"; did you mean the column {close[0]!r}?" if close else f"; it has {few(names)}"
            raise self.error(1, f"expected a column {missing[0]!r}; received none{hint}")
        return [(name, names.index(name)) for name in wanted if name in names]


def cell(cells: Mapping[str, str], column: str, read: Callable[[str], Read]) -> Read:
    """What `read` makes of a column, an absent one counting as blank; ValueError names the column."""
    try:
        return read(cells.get(column, ""))
    except ValueError as error:
        raise ValueError(f"column {column!r}: {error}") from None


def labels(cells: Mapping[str, str], names: Sequence[str]) -> tuple[int, ...]:
    """The values of these columns; ValueError names the first that has none."""
    values = tuple(_LABELS.get(cells[name], _OTHER) for name in names)
    return tuple(cell(cells, name, label) for name in names) if _OTHER in values else values


def label(text: str) -> int:
    """1, 0, -1 or -2 (blank); ValueError for anything else."""
    value = _LABELS.get(text)
    if value is not None:
        return value
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if number not in (1.0, 0.0, -1.0):
        raise ValueError(f"expected 1.0, 0.0, -1.0 or nothing; received {text!r}")
    return int(number)


def sex(text: str) -> int:
    known = _SEXES.get(text.lower())
    if known is None:
        raise ValueError(f"expected Female, Male, Unknown or nothing; received {text!r}")
    return SEXES.index(known)


def projection(text: str) -> int:
    name = text.upper() or "none"
    if name not in PROJECTIONS:
        raise ValueError(f"expected AP, PA, LL, RL or nothing; received {text!r}")
    return PROJECTIONS.index(name)


def age(text: str) -> int:
    """Whole years. Older tables of ChestX-ray14 write 058Y, 013M (months) or 002D (days)."""
    if not text:
        return UNKNOWN_AGE
    divisor = _DAYS_OR_MONTHS_A_YEAR.get(text[-1].upper())
    digits = text[:-1] if divisor else text
    try:
        years = float(digits)
    except ValueError:
        years = -1.0
    if not 0 <= years < 1_000 or years != int(years):
        raise ValueError(f"expected an age in whole years or nothing; received {text!r}")
    return int(years) // (divisor or 1)


def few(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name[:40]) for name in names[:6])
    return shown + (f" and {len(names) - 6} more" if len(names) > 6 else "")
