"""The figures of a study: what each shows of which films, and its caption."""

from collections.abc import Mapping, Sequence

import numpy as np

from chex_tf.amounts import counted
from chex_tf.statistics.bootstrap import percentile_interval
from chex_tf.study import correlations, tables
from chex_tf.study.claim_statistics import NO_LOSS
from chex_tf.study.correlations import Related
from chex_tf.study.outcomes import PRETRAINED, SCRATCH, Member, Outcomes
from chex_tf.study.report import curves_figure, scatter, summary_figure, truncation_figure
from chex_tf.study.report.appearance import Drawn
from chex_tf.study.report.curves_figure import Curve
from chex_tf.study.report.scatter import Mark, Panel

BARS = "Error bars are one standard deviation of the bootstrap's replicates."
MARKS = (
    "Colour and marker say the family, a label what the model's name has beside it; a point without a label is alone "
    "in its family or had no room."
)


def all_of(outcomes: Outcomes, related: Sequence[Related], curves: Sequence[Curve]) -> tuple[Drawn, ...]:
    """Those for which there are results."""
    by_key = {(one.series.of, one.series.attribute): one for one in related}
    found = [
        _summary(outcomes),
        _against(outcomes, by_key, "imagenet", "imagenet_top1", 1, "ImageNet top-1 (%)", is_log=False),
        _against(outcomes, by_key, "size", "parameters", 1e-6, "Parameters (millions)", is_log=True),
        _boosts(outcomes, by_key),
        _truncations(outcomes),
        _curves(outcomes, curves),
    ]
    return tuple(one for one in found if one is not None)


def _in_order(outcomes: Outcomes) -> list[str]:
    """Scratch on the left as in the paper, then pretrained, then arms of the grid's own."""
    arms = dict.fromkeys(one.arm for one in outcomes.members)
    return [
        *(arm for arm in (SCRATCH, PRETRAINED) if arm in arms),
        *(a for a in arms if a not in (SCRATCH, PRETRAINED)),
    ]


def _mark(member: Member, x: float) -> Mark:
    deviation = float(np.nanstd(member.auroc.replicates))
    value = member.auroc.value
    return Mark(member.arch, member.facts.family, x, value, value - deviation, value + deviation)


def _against(
    outcomes: Outcomes,
    related: Mapping[tuple[str, str], Related],
    name: str,
    attribute: str,
    scale: float,
    across: str,
    is_log: bool,
) -> Drawn | None:
    """Figures 2 and 3."""
    panels = []
    for arm in _in_order(outcomes):
        members = [one for one in outcomes.whole(arm) if getattr(one.facts, attribute) is not None]
        if members:
            marks = tuple(_mark(one, scale * getattr(one.facts, attribute)) for one in members)
            words = correlations.in_words(related[f"AUROC, {arm}", attribute])
            panels.append(Panel(arm, marks, words))
    if not panels:
        return None
    what = {"imagenet_top1": "ImageNet top-1 accuracy", "parameters": "model size"}[attribute]
    said = "; ".join(f"{panel.title}: {panel.words}" for panel in panels)
    caption = f"The paper's Figure {2 if name == 'imagenet' else 3}. {BARS} {MARKS}"
    return Drawn(
        name,
        f"AUROC against {what}",
        f"{caption} {tables.described(outcomes)}",
        f"Scatter of mean AUROC over {what}, a panel an arm. {said}.",
        scatter.draw(panels, across, "Mean AUROC", is_log),
    )


def _boosts(outcomes: Outcomes, related: Mapping[tuple[str, str], Related]) -> Drawn | None:
    """Figure 4."""
    pairs = outcomes.boosted()
    if not pairs:
        return None
    marks = []
    for one, other in pairs:
        interval = percentile_interval(one.auroc.replicates - other.auroc.replicates)
        value = one.auroc.value - other.auroc.value
        ends = (value, value) if np.isnan(interval.low) else (interval.low, interval.high)
        marks.append(Mark(one.arch, one.facts.family, one.facts.parameters / 1e6, value, *ends))
    words = correlations.in_words(related[correlations.BOOST, "parameters"])
    caption = f"The paper's Figure 4. Bars are paired 95% intervals. {MARKS}"
    return Drawn(
        "boost",
        "Boost by pretraining against model size",
        f"{caption} {tables.described(outcomes)}",
        f"Scatter of the AUROC gained by pretraining over model size: {words}.",
        scatter.draw(
            [Panel("pretrained − scratch", tuple(marks), words)],
            "Parameters (millions)",
            "Boost of mean AUROC",
            is_log=True,
            has_zero=True,
        ),
    )


def _lines(outcomes: Outcomes) -> dict[str, list[Mark]]:
    """Of the pretrained arm, as in the paper; of whichever arm has truncated networks if that has none."""
    pairs = outcomes.truncated()
    arm = PRETRAINED if any(one.arm == PRETRAINED for one, _ in pairs) else next((one.arm for one, _ in pairs), "")
    lines: dict[str, list[Mark]] = {}
    for one, whole in sorted(pairs, key=lambda pair: pair[0].facts.times_smaller):
        if one.arm == arm:
            interval = percentile_interval(one.auroc.replicates - whole.auroc.replicates)
            value = one.auroc.value - whole.auroc.value
            ends = (value, value) if np.isnan(interval.low) else (interval.low, interval.high)
            lines.setdefault(whole.arch, []).append(
                Mark(one.arch, one.facts.family, one.facts.times_smaller, value, *ends)
            )
    return lines


def _truncations(outcomes: Outcomes) -> Drawn | None:
    lines = _lines(outcomes)
    if not lines:
        return None
    caption = (
        "Change of mean AUROC against how many times smaller the network became. Bars are paired 95% "
        f"intervals; the grey band is a loss of less than {NO_LOSS:g}; −1 has lost its last block, −2 its last two, "
        "and so on."
    )
    cuts = sum(map(len, lines.values()))
    return Drawn(
        "truncation",
        "What truncation costs and saves",
        f"{caption} {tables.described(outcomes)}",
        f"{counted(cuts, 'truncated network')} of {counted(len(lines), 'architecture')}: change of AUROC over size.",
        truncation_figure.draw(lines, "Change of mean AUROC"),
    )


def _summary(outcomes: Outcomes) -> Drawn | None:
    """Figure 1."""
    models = [one for one in outcomes.whole(PRETRAINED) if one.facts.imagenet_top1 is not None]
    if not models and not outcomes.boosted() and not outcomes.truncated():
        return None
    given = summary_figure.Summary(
        tuple(_mark(one, float(one.facts.imagenet_top1 or 0)) for one in models),
        {one.arch: (_mark(other, 0), _mark(one, 1)) for one, other in outcomes.boosted()},
        _lines(outcomes),
    )
    caption = (
        "The paper's Figure 1: pretrained models by ImageNet accuracy with the line of least squares; the "
        "same by family; AUROC from scratch and pretrained, the thick line being the mean of the models; truncation. "
        f"{BARS} Those of truncation are paired 95% intervals."
    )
    return Drawn(
        "summary",
        "In short",
        f"{caption} {tables.described(outcomes)}",
        "Four panels: AUROC by ImageNet accuracy, by family, from scratch and pretrained, and after truncation.",
        summary_figure.draw(given),
    )


def _curves(outcomes: Outcomes, curves: Sequence[Curve]) -> Drawn | None:
    if not curves:
        return None
    return Drawn(
        "curves",
        "Training curves",
        "AUROC on the images that rank checkpoints, over steps; a line each of "
        f"{counted(len(curves), 'run')}, finished or not. These images chose the checkpoints: curves are no result.",
        "Small multiples by architecture: validation AUROC over training steps, a line a run, coloured by arm.",
        curves_figure.draw(curves),
    )
