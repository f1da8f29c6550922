"""Label policies: the training target that an uncertain label, or an observation not mentioned, becomes.

A policy is written as one rule for all tasks (`ones`) or a rule per task with `*` for the rest
(`Atelectasis:ones,Edema:ones,*:zeros`). A rule may have arguments: `smooth_ones(0.55,0.85)`.
"""

import dataclasses
import re
from collections.abc import Sequence

from chex_tf.settings import InputError, closest, nearest


@dataclasses.dataclass(frozen=True)
class RuleKind:
    """A row of the table: which labels a rule is for, and the interval that it draws from by default."""

    meaning: str
    applies_to: tuple[str, ...]
    interval: tuple[float, float] | None = None


_BOTH = ("uncertain", "blank")

RULE_KINDS: dict[str, RuleKind] = {
    "ignore": RuleKind("weight 0", _BOTH),
    "zeros": RuleKind("0", _BOTH),
    "ones": RuleKind("1", _BOTH),
    # Label smoothing of Pham et al. 2019 (arXiv:1911.06475), section 3.2: U(0.55, 0.85) and U(0, 0.3).
    "smooth_ones": RuleKind("drawn from {0:g} to {1:g}", _BOTH, (0.55, 0.85)),
    "smooth_zeros": RuleKind("drawn from {0:g} to {1:g}", _BOTH, (0.0, 0.3)),
    # Irvin et al. 2019, section 3.1: a class of its own (U-MultiClass); an earlier model's prediction (U-SelfTrained).
    "multiclass": RuleKind("third class", ("uncertain",)),
    "self_trained": RuleKind("as predicted earlier", ("uncertain",)),
}


@dataclasses.dataclass(frozen=True)
class Rule:
    name: str
    low: float = 0.0
    high: float = 0.0

    @property
    def meaning(self) -> str:
        return RULE_KINDS[self.name].meaning.format(self.low, self.high)

    def __str__(self) -> str:
        return self.name if RULE_KINDS[self.name].interval is None else f"{self.name}({self.low:g},{self.high:g})"


def names(applies_to: str) -> tuple[str, ...]:
    """Rules for "uncertain" or "blank" labels, as a user writes them."""
    return tuple(
        f"{name}(a,b)" if kind.interval else name for name, kind in RULE_KINDS.items() if applies_to in kind.applies_to
    )


def check(text: str, applies_to: str) -> None:
    """Raises InputError for a policy that is wrong whatever the tasks are."""
    _entries(text, applies_to)


def rule_names(text: str, applies_to: str) -> frozenset[str]:
    return frozenset(rule.name for _, rule in _entries(text, applies_to))


def parse(text: str, tasks: Sequence[str], applies_to: str) -> tuple[Rule, ...]:
    """One rule per task, in the order of `tasks`."""
    by_task = dict(_entries(text, applies_to))
    unknown = [task for task in by_task if task != "*" and task not in tasks]
    if unknown:
        raise InputError(f"{unknown[0]} is not one of the tasks{nearest(unknown[0], tasks)}", applies_to)
    missing = [task for task in tasks if task not in by_task and "*" not in by_task]
    if missing:
        raise InputError(
            f"expected a rule for every task, or *:rule for the rest; none for {', '.join(missing)}", applies_to
        )
    return tuple(by_task[task] if task in by_task else by_task["*"] for task in tasks)


def _entries(text: str, applies_to: str) -> list[tuple[str, Rule]]:
    entries = []
    for part in re.split(r",(?![^(]*\))", text):
        task, colon, rule = part.rpartition(":")
        if colon and not task.strip():
            raise InputError(f"expected TASK:rule; received {part.strip()!r}", applies_to)
        entries.append((task.strip() or "*", _rule(rule.strip(), applies_to)))
    tasks = [task for task, _ in entries]
    repeated = [task for task in tasks if tasks.count(task) > 1]
    if repeated:
        raise InputError(f"expected one rule per task; received several for {repeated[0]}", applies_to)
    return entries


def _rule(text: str, applies_to: str) -> Rule:
    match = re.fullmatch(r"([a-z_]+)(?:\(([^()]*)\))?", text)
    known = [name for name, kind in RULE_KINDS.items() if applies_to in kind.applies_to]
    if match is None or match[1] not in known:
        raise InputError(
            f"expected one of {', '.join(names(applies_to))}; received {text!r}"
            + closest(match[1] if match else text, known),
            applies_to,
        )
    name, numbers = match[1], match[2]
    interval = RULE_KINDS[name].interval
    if interval is None:
        if numbers is not None:
            raise InputError(f"expected {name} without numbers; received {text!r}", applies_to)
        return Rule(name)
    if numbers is not None:
        try:
            low, high = (float(number) for number in numbers.split(","))
        except ValueError:
            raise InputError(f"expected {name}(a,b); received {text!r}", applies_to) from None
        interval = low, high
    if not 0 <= interval[0] <= interval[1] <= 1:
        raise InputError(f"expected {name}(a,b) with 0 <= a <= b <= 1; received {text!r}", applies_to)
    return Rule(name, *interval)
