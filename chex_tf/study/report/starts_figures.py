"""The figures on how networks begin: steps to an AUROC, and pretrained weights stage by stage."""

import math

from chex_tf.amounts import counted
from chex_tf.study import contrasts, steps, tables, transfused
from chex_tf.study.outcomes import Member, Outcomes
from chex_tf.study.report import steps_figure, transfused_figure
from chex_tf.study.report.appearance import Drawn
from chex_tf.study.report.transfused_figure import Panel, Point
from chex_tf.study.transfused import Transfused


def all_of(outcomes: Outcomes) -> tuple[Drawn, ...]:
    """Those for which there are results."""
    found = [_steps(outcomes, auroc) for auroc in outcomes.study.steps_to]
    by_stage = transfused.all_of(outcomes)
    for first in range(0, len(by_stage), transfused_figure.MOST_COLUMNS):
        found.append(_stages(outcomes, by_stage[first : first + transfused_figure.MOST_COLUMNS], first))
    return tuple(one for one in found if one is not None)


def _steps(outcomes: Outcomes, auroc: float) -> Drawn | None:
    lines = steps.lines(outcomes, auroc)
    if not lines:
        return None
    runs = [run for line in lines for run in line.runs]
    never = sum(run.is_never for run in runs)
    left = len(outcomes.members) - len(lines)
    unread = f" {counted(left, 'model')} without readable evaluations left out." if left else ""
    return Drawn(
        f"steps_to_{auroc:g}",
        f"Steps to an AUROC of {auroc:g}",
        f"A row a model, a dot a run, a triangle at the last step of a run that ended below: {never} of "
        f"{counted(len(runs), 'run')}. {steps.note(auroc)}{unread}",
        f"Dots over steps, a row each of {counted(len(lines), 'model')} by architecture.",
        steps_figure.draw(lines),
    )


def _stages(outcomes: Outcomes, shown: tuple[Transfused, ...], number: int) -> Drawn:
    """Columns of one figure; `number` is that of its first panel."""
    panels = [_panel(outcomes, one) for one in shown]
    drawn = [contrasts.auroc(member) for one in shown for line in one.lines.values() for _, member in line]
    steps_to = outcomes.study.steps_to
    of_steps = f" {steps.note(steps_to[-1])} Steps without a bar have no interval." if steps_to else ""
    return Drawn(
        "transfused" if number == 0 else f"transfused_{number // transfused_figure.MOST_COLUMNS + 1}",
        "Pretrained stage by stage",
        "Networks with pretrained weights up to the end of a stage, and above it random ones, or such as have the mean "
        f"and variance of the pretrained. {tables.intervals(outcomes, drawn)}{of_steps} {tables.described(outcomes)}",
        f"AUROC{' and steps' if steps_to else ''} over the last pretrained stage, a column each of "
        f"{', '.join(one.title.replace(chr(10), ' ') for one in shown)}.",
        transfused_figure.draw(panels),
    )


def _panel(outcomes: Outcomes, one: Transfused) -> Panel:
    rows = {"Mean AUROC": {name: tuple(_auroc(*pair) for pair in line) for name, line in one.lines.items()}}
    if outcomes.study.steps_to:
        auroc = outcomes.study.steps_to[-1]  # the highest
        rows[f"Steps to {auroc:g}"] = {
            name: tuple(point for pair in line if (point := _steps_of(*pair, auroc)) is not None)
            for name, line in one.lines.items()
        }
    return Panel(one.title, one.places, rows)


def _auroc(place: int, member: Member) -> Point:
    found = contrasts.auroc(member)
    return Point(place, found.value, found.interval.low, found.interval.high)


def _steps_of(place: int, member: Member, auroc: float) -> Point | None:
    found = steps.of(member, auroc)
    if math.isnan(found.value):
        return None
    return Point(place, found.value, found.interval.low, found.interval.high, found.never > 0)
