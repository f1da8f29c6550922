"""After how many steps the models of a study reached an AUROC on the images that rank checkpoints, with the table."""

import dataclasses
import math
from collections.abc import Sequence

from chex_tf.evaluation.tables.columns import p_text
from chex_tf.statistics import steps_to_score
from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.steps_to_score import Reached, Steps
from chex_tf.study.outcomes import Member, Outcomes
from chex_tf.study.table import NOTHING, Table, minus

NAN = math.nan


def reached(member: Member, auroc: float) -> tuple[Reached | None, ...]:
    """By run; None where its evaluations are not known."""
    return tuple(
        None if one is None else steps_to_score.first_reached(one.steps, one.auroc, auroc) for one in member.evaluations
    )


def of(member: Member, auroc: float) -> Steps:
    return contrast([(1.0, member)], auroc)


def difference(first: Member, second: Member, auroc: float) -> Steps:
    """Of the first less of the second; subset by subset where both learned from the same subsets."""
    sides = [_known(reached(one, auroc)) for one in (first, second)]
    if any(side is None for side in sides):
        return _unread([first, second], auroc)
    return steps_to_score.difference(sides[0] or (), sides[1] or (), _same_subsets([first, second]))


def contrast(terms: Sequence[tuple[float, Member]], auroc: float) -> Steps:
    """The sum of members' means with these weights; a member may stand in several terms."""
    weights: dict[str, float] = {}
    members = {one.name: one for _, one in terms}
    for weight, one in terms:
        weights[one.name] = weights.get(one.name, 0.0) + weight
    sides = []
    for name, weight in weights.items():
        known = _known(reached(members[name], auroc))
        if known is None:
            return _unread(list(members.values()), auroc)
        sides.append((weight, known))
    return steps_to_score.contrast(sides, _same_subsets(list(members.values())))


def _known(runs: Sequence[Reached | None]) -> list[Reached] | None:
    known = [run for run in runs if run is not None]
    return known if known and len(known) == len(runs) else None


def _unread(members: Sequence[Member], auroc: float) -> Steps:
    count = sum(max(1, len(one.cells)) for one in members)
    unread = sum(run is None for one in members for run in reached(one, auroc)) or count
    return Steps(NAN, Interval(NAN, NAN, 0, f"of {unread} of {count} runs no evaluation can be read"), count)


def _same_subsets(members: Sequence[Member]) -> bool:
    return bool(members[0].subsets) and len({one.subsets for one in members}) == 1


def of_run(found: Reached | None) -> str:
    """For a table of runs: `120`, `>300` for one that ended below the AUROC, nothing where evaluations are unknown."""
    if found is None:
        return ""
    return f"{'>' if found.is_never else ''}{found.steps:.0f}"


def of_mean(found: Steps) -> str:
    return "" if math.isnan(found.value) else f"{'>' if found.never else ''}{found.value:.1f}"


def table(outcomes: Outcomes, auroc: float) -> Table:
    """Every model beside the one that it is compared with."""
    rows = []
    for one in outcomes.members:
        other, alone = outcomes.reference(one), of(one, auroc)
        names = (one.arch, one.arm, NOTHING if other is None else other.arm)
        own = (NOTHING, NOTHING, span(alone.interval))
        if not math.isnan(alone.value):
            number = f"{'>' if alone.never else ''}{alone.value:,.0f}"
            own = (f"{alone.runs - alone.never} of {alone.runs}", number, span(alone.interval))
        beside = None if other is None else difference(one, other, auroc)
        compared: tuple[str, ...] = (NOTHING,) * 3
        if beside is not None and other is not None:
            compared = (_bound(beside, one, other, auroc), span(beside.interval), p_text(beside.p))
        rows.append((*names, *own, *compared))
    columns = ("Architecture", "Arm", "Compared with", "Reached it", "Steps", "95% interval", "Difference")
    return Table(
        f"steps_to_{auroc:g}",
        f"Steps to an AUROC of {auroc:g}",
        (*columns, "95% interval of it", "p of ranks"),
        tuple(rows),
        note(auroc),
        3,
    )


def note(auroc: float) -> str:
    return (
        f"The first evaluation at which a run's mean AUROC on the images that rank its checkpoints is {auroc:g} or "
        "more; a mean over runs. 95% intervals are over seeds (Student's t), widened by the steps between evaluations, "
        "within which a run got there; the images are taken as they are. Runs that ended below are counted at their "
        "last step: the mean is then a lower bound (>), a difference a bound or unknown, and there is no interval; p "
        "is then that of an exact test of ranks, where these are known."
    )


def _bound(found: Steps, first: Member, second: Member, auroc: float) -> str:
    """A difference, as a bound where one side has runs that never got there."""
    if math.isnan(found.value):
        return NOTHING
    never = [of(one, auroc).never > 0 for one in (first, second)]
    if all(never):
        return NOTHING
    return f"{'>' if never[0] else '<' if never[1] else ''}{signed(found.value)}"


def signed(value: float) -> str:
    return minus(f"{value:+,.0f}")


def span(interval: Interval) -> str:
    if math.isnan(interval.low):
        return interval.reason or NOTHING
    return minus(f"{interval.low:,.0f} to {interval.high:,.0f}")


@dataclasses.dataclass(frozen=True)
class Line:
    """Of a member for the figure: its runs, and their mean."""

    member: Member
    runs: tuple[Reached, ...]
    mean: Steps


def lines(outcomes: Outcomes, auroc: float) -> tuple[Line, ...]:
    """Members of whose runs all evaluations are known."""
    found = []
    for one in outcomes.members:
        known = _known(reached(one, auroc))
        if known is not None:
            found.append(Line(one, tuple(known), of(one, auroc)))
    return tuple(found)
