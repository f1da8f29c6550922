"""The claims of a paper as a table: statement, section, printed value, statistic, and the rule of its verdict."""

import csv
import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Self

from chex_tf.settings import InputError, closest, nearest

CHEXTRANSFER = pathlib.Path(__file__).with_name("claims.csv")
COLUMNS = ("id", "section", "statement", "paper", "statistic", "arguments", "rule")
# Properties of models with which a claim may correlate AUROC.
ATTRIBUTES = ("imagenet_top1", "paper_imagenet_top1", "parameters", "paper_parameters_millions")
# Rule -> how many numbers follow its words.
RULES = ("above", "below", "within", "no loss", "at least")


@dataclasses.dataclass(frozen=True)
class Rule:
    """How an interval decides about a claim.

    above X, below X   the interval lies there: supported; on the other side: contradicted
    within X           the interval lies between -X and X: supported; outside of it: contradicted
    no loss X          the interval lies above -X: supported; below -X, or below 0 without lying above -X: contradicted
    at least N         of a count that is between `low` and `high`
    """

    kind: str
    number: float

    @classmethod
    def parse(cls, text: str) -> Self:
        kind, _, number = text.strip().rpartition(" ")
        if kind not in RULES:
            raise ValueError(f"expected {', '.join(RULES)} and a number; received {text!r}{nearest(kind, RULES)}")
        return cls(kind, float(number))

    def __str__(self) -> str:
        return f"{self.kind} {self.number:g}"


@dataclasses.dataclass(frozen=True)
class Claim:
    """`paper` is the printed value, None where the paper prints none; `arguments` are the statistic's."""

    id: str
    section: str
    statement: str
    paper: float | None
    statistic: str
    arguments: Mapping[str, str]
    rule: Rule

    def to_row(self) -> dict[str, str]:
        arguments = " ".join(f"{name}={value}" for name, value in self.arguments.items())
        paper = "" if self.paper is None else repr(self.paper)
        return dict(
            zip(
                COLUMNS,
                (self.id, self.section, self.statement, paper, self.statistic, arguments, str(self.rule)),
                strict=True,
            )
        )


def read(path: pathlib.Path, statistics: Mapping[str, tuple[str, ...]]) -> tuple[Claim, ...]:
    """`statistics` has those that are known, with the names of their arguments."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    claims = tuple(of_row(row, f"{path}, row {number}", statistics) for number, row in enumerate(rows, start=1))
    ids = [claim.id for claim in claims]
    for one in ids:
        if ids.count(one) > 1:
            raise InputError(f"{path}: expected every id once; received {one} {ids.count(one)} times", "claims")
    return claims


def of_row(row: Mapping[str, str], where: str, statistics: Mapping[str, tuple[str, ...]]) -> Claim:
    absent = [column for column in COLUMNS if row.get(column) is None]
    if absent:
        raise InputError(f"{where}: expected columns {', '.join(COLUMNS)}; missing {', '.join(absent)}", "claims")
    statistic = row["statistic"].strip()
    if statistic not in statistics:
        raise InputError(
            f"{where}: expected a statistic that is known; received {statistic!r}{nearest(statistic, statistics)}",
            "claims",
        )
    arguments = dict(part.partition("=")[::2] for part in row["arguments"].split())
    if set(arguments) != set(statistics[statistic]):
        wanted = " ".join(f"{name}=…" for name in statistics[statistic]) or "none"
        raise InputError(f"{where}: expected arguments {wanted}; received {row['arguments'] or 'none'}", "claims")
    _check_values(arguments, where)
    try:
        paper = float(row["paper"]) if row["paper"].strip() else None
        rule = Rule.parse(row["rule"])
    except ValueError as error:
        raise InputError(f"{where}: {error}", "claims") from error
    return Claim(row["id"], row["section"], row["statement"], paper, statistic, arguments, rule)


def _check_values(arguments: Mapping[str, str], where: str) -> None:
    """Raises InputError, before anything is trained, for what no study could have."""
    attribute, auroc = arguments.get("attribute", ATTRIBUTES[0]), arguments.get("auroc", "0.5")
    if attribute not in ATTRIBUTES:
        raise InputError(
            f"{where}: expected attribute={'|'.join(ATTRIBUTES)}; received {attribute}{closest(attribute, ATTRIBUTES)}",
            "claims",
        )
    try:
        float(auroc)
    except ValueError as error:
        raise InputError(f"{where}: expected a number as auroc; received {auroc}", "claims") from error
