"""A table for a paper: the same cells as CSV, Markdown and LaTeX (booktabs), and as text on a terminal."""

import dataclasses
import pathlib
import re
from collections.abc import Sequence

from chex_tf.csv_text import lines, quoted
from chex_tf.evaluation.tables import columns
from chex_tf.files import write_text

_SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_SPECIAL |= {sign: f"\\{sign}" for sign in "&%$#_{}"}
NOTHING = "–"  # in a cell that has no number
# Begins like a formula and is none: an interval, or a number with another in brackets.
_NUMBERS = re.compile(r"[+-][\d.][\d.,%()*e +-]*( to [\d.,%()*e +-]+)?")
_SIGNS = {"×": r"$\times$", "−": "$-$", "–": "--", "ρ": r"$\rho$"}


def minus(text: str) -> str:
    """Numbers with the sign that print has for them."""
    return text.replace("-", "−")


@dataclasses.dataclass(frozen=True)
class Table:
    """`rows` hold text as it is shown; `left` columns from the left are text, the others numbers. `note` says which
    set, how many, single or ensemble, and which label policy: it goes wherever the table goes."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str
    left: int = 1

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"expected rows of {len(self.columns)} cells in {self.name}; received {row}")

    def as_csv(self) -> str:
        """For programs: a minus that they read as one, and nothing where there is nothing."""
        rows = [[_plain(cell, place >= self.left) for place, cell in enumerate(row)] for row in self.rows]
        return lines([[*map(quoted, self.columns)], *rows])

    def as_markdown(self) -> str:
        def line(cells: Sequence[str]) -> str:
            return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"

        places = [":--" if place < self.left else "--:" for place in range(len(self.columns))]
        return "\n".join(
            [f"**{self.title}**", "", line(self.columns), line(places), *map(line, self.rows), "", self.note, ""]
        )

    def as_text(self) -> str:
        """For a terminal: columns, or a paragraph a row where the text columns alone would fill half of a line."""
        wide = sum(max(len(row[place]) for row in (self.columns, *self.rows)) for place in range(self.left))
        if wide <= columns.TABLE_WIDTH // 2:
            body = columns.lines(self.columns, self.rows, self.left)
        else:
            body = "\n".join(line for row in self.rows for line in self._paragraph(row))
        return f"{self.title}\n{body}\n{columns.filled(self.note)}\n"

    def _paragraph(self, row: Sequence[str]) -> list[str]:
        pairs = zip(self.columns[self.left :], row[self.left :], strict=True)
        numbers = "; ".join(f"{name} {cell}" for name, cell in pairs if cell not in (NOTHING, ""))
        text = "  ".join(row[: self.left])
        return (
            [columns.filled(text, "", "  "), columns.filled(numbers, "  ", "  ")] if numbers else [columns.filled(text)]
        )

    def as_latex(self) -> str:
        places = "l" * self.left + "r" * (len(self.columns) - self.left)

        def line(cells: Sequence[str]) -> str:
            return " & ".join(map(latex, cells)) + r" \\"

        body = [line(self.columns), r"\midrule", *map(line, self.rows)]
        return "\n".join(
            [
                r"\begin{table}",
                r"\centering",
                rf"\caption{{{latex(self.title)}. {latex(self.note)}}}",
                rf"\begin{{tabular}}{{{places}}}",
                r"\toprule",
                *body,
                r"\bottomrule",
                r"\end{tabular}",
                r"\end{table}",
                "",
            ]
        )


def _plain(cell: str, holds_numbers: bool) -> str:
    text = "" if cell == NOTHING else cell.replace("−", "-")
    return text if holds_numbers and _NUMBERS.fullmatch(text) else quoted(text)


def latex(text: str) -> str:
    escaped = re.sub(r"[\\~^&%$#_{}]", lambda found: _SPECIAL[found[0]], text)
    for sign, written in _SIGNS.items():
        escaped = escaped.replace(sign, written)
    return escaped


def write(folder: pathlib.Path, tables: Sequence[Table]) -> list[str]:
    """Three files a table; returns their names."""
    written = []
    for table in tables:
        for ending, text in (("csv", table.as_csv()), ("md", table.as_markdown()), ("tex", table.as_latex())):
            write_text(folder / f"{table.name}.{ending}", text)
            written.append(f"{table.name}.{ending}")
    return written
