"""The figures of a study: what each shows of which films, and its caption."""

from collections.abc import Mapping, Sequence

import numpy as np

from chex_tf.amounts import counted
from chex_tf.evaluation.scarcity import SEVERAL
from chex_tf.study import contrasts, correlations, tables
from chex_tf.study.cell import SOURCE, within_group
from chex_tf.study.claim_statistics import NO_LOSS
from chex_tf.study.contrasts import Contrast
from chex_tf.study.correlations import Related
from chex_tf.study.outcomes import PRETRAINED, SCRATCH, Member, Outcomes, no_interval
from chex_tf.study.report import arms_figure, curves_figure, scatter, starts_figures, summary_figure, truncation_figure
from chex_tf.study.report.appearance import Drawn
from chex_tf.study.report.arms_figure import Beside
from chex_tf.study.report.curves_figure import Curve
from chex_tf.study.report.scatter import Mark, Panel

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
        _arms(outcomes),
        *starts_figures.all_of(outcomes),
        *_curves(curves),
    ]
    return tuple(one for one in found if one is not None)


def _in_order(arms: Sequence[str]) -> list[str]:
    """Scratch on the left as in the paper, then pretrained, then arms of the grid's own."""
    return [
        *(arm for arm in (SCRATCH, PRETRAINED) if arm in arms),
        *(a for a in arms if a not in (SCRATCH, PRETRAINED)),
    ]


def _mark(member: Member, x: float) -> Mark:
    """With a bar where the number has an interval: what is too uncertain for one is so for the other."""
    deviation = 0.0 if member.no_interval else float(np.nanstd(member.auroc.replicates))
    value = member.auroc.value
    return Mark(member.arch, member.facts.family, x, value, value - deviation, value + deviation)


def _difference(name: str, one: Member, other: Member, x: float, drawn: list[Contrast]) -> Mark:
    """With a bar where there is an interval; `drawn` takes what it was made from."""
    found = contrasts.difference(one, other)
    drawn.append(found)
    low, high = (found.value if np.isnan(end) else end for end in (found.interval.low, found.interval.high))
    return Mark(name, one.facts.family, x, found.value, low, high)


def _bars(outcomes: Outcomes) -> str:
    assert outcomes.evaluation is not None  # there are members
    withheld = no_interval(outcomes.evaluation)
    if withheld:
        return f"No error bars: {withheld}."
    cohort, replicates = outcomes.evaluation.cohort, outcomes.evaluation.settings.replicates
    return (
        f"Error bars are one standard deviation of {counted(replicates, 'bootstrap replicate')} of the "
        f"{SEVERAL[cohort.unit]}."
    )


def _paired_bars(drawn: Sequence[Contrast]) -> str:
    return "" if all(np.isnan(one.interval.low) for one in drawn) else "Bars are paired 95% intervals. "


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
    for arm in _in_order(outcomes.related_arms()):
        members = [one for one in outcomes.whole(arm) if getattr(one.facts, attribute) is not None]
        if members:
            marks = tuple(_mark(one, scale * getattr(one.facts, attribute)) for one in members)
            words = correlations.in_words(related[f"AUROC, {arm}", attribute])
            panels.append(Panel(arm, marks, words))
    if not panels:
        return None
    what = {"imagenet_top1": "ImageNet top-1 accuracy", "parameters": "model size"}[attribute]
    said = "; ".join(f"{panel.title}: {panel.words}" for panel in panels)
    caption = f"CheXtransfer's Figure {2 if name == 'imagenet' else 3}. {_bars(outcomes)} {MARKS}"
    if name == "imagenet":
        caption += f" {correlations.whose_accuracy(outcomes)}"
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
    marks: list[Mark] = []
    drawn: list[Contrast] = []
    for one, other in pairs:
        marks.append(_difference(one.arch, one, other, one.facts.parameters / 1e6, drawn))
    words = correlations.in_words(related[correlations.BOOST, "parameters"])
    caption = f"CheXtransfer's Figure 4. {_paired_bars(drawn)}{tables.intervals(outcomes, drawn)} {MARKS}"
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


def _lines(outcomes: Outcomes) -> tuple[dict[str, list[Mark]], list[Contrast]]:
    """Of the pretrained arm, as in the paper; of whichever arm has truncated networks if that has none. Also what they
    were drawn from."""
    pairs = outcomes.truncated()
    arm = PRETRAINED if any(one.arm == PRETRAINED for one, _ in pairs) else next((one.arm for one, _ in pairs), "")
    lines: dict[str, list[Mark]] = {}
    drawn: list[Contrast] = []
    for one, whole in pairs:
        if one.arm == arm:
            mark = _difference(one.arch, one, whole, one.facts.times_smaller, drawn)
            lines.setdefault(whole.arch, []).append(mark)
    return {whole: sorted(marks, key=lambda mark: mark.x) for whole, marks in lines.items()}, drawn


def _truncations(outcomes: Outcomes) -> Drawn | None:
    lines, drawn = _lines(outcomes)
    if not lines:
        return None
    caption = (
        f"Change of mean AUROC against how many times smaller the network became. {_paired_bars(drawn)}The grey band "
        f"is a loss of less than {NO_LOSS:g}; −1 has lost its last block, −2 its last two, and so on. "
        f"{tables.intervals(outcomes, drawn)}"
    )
    cuts = sum(map(len, lines.values()))
    return Drawn(
        "truncation",
        "What truncation costs and saves",
        f"{caption} {tables.described(outcomes)}",
        f"{counted(cuts, 'truncated network')} of {counted(len(lines), 'architecture')}: change of AUROC over size.",
        truncation_figure.draw(lines, "Change of mean AUROC"),
    )


def _arms(outcomes: Outcomes) -> Drawn | None:
    """The table of arms as a picture."""
    compared = []
    for one, other in outcomes.of_arms():
        if other is not None:
            found = contrasts.difference(one, other)
            runs = zip(one.runs, other.runs, strict=True) if found.by_subset else ()
            compared.append(Beside(one, found, tuple(mine.value - theirs.value for mine, theirs in runs)))
    if not compared:
        return None
    with_intervals = "" if all(np.isnan(one.found.interval.low) for one in compared) else " with 95% intervals"
    names = {within_group(other.arm) for _, other in outcomes.of_arms() if other is not None}
    reference = names.pop() if len(names) == 1 else "the one that it is compared with"
    return Drawn(
        "arms",
        "Arms of each architecture",
        "How much the mean AUROC of an arm is above that of the one that it is compared with, as in the table. "
        f"{tables.intervals(outcomes, [one.found for one in compared])} {tables.described(outcomes)}",
        f"Differences of mean AUROC{with_intervals} around a line at 0, a row each of "
        f"{counted(len(compared), 'model')} by architecture and group.",
        arms_figure.draw(compared, reference),
    )


def _summary(outcomes: Outcomes) -> Drawn | None:
    """Figure 1."""
    models = [one for one in outcomes.whole(PRETRAINED) if one.facts.imagenet_top1 is not None]
    if not models and not outcomes.boosted() and not outcomes.truncated():
        return None
    lines, of_lines = _lines(outcomes)
    given = summary_figure.Summary(
        tuple(_mark(one, float(one.facts.imagenet_top1 or 0)) for one in models),
        {one.arch: (_mark(other, 0), _mark(one, 1)) for one, other in outcomes.boosted()},
        lines,
    )
    shown: list[str] = []
    if models:
        shown += ["pretrained models by ImageNet accuracy with the line of least squares", "the same by family"]
    if given.boosted:
        shown.append("AUROC from scratch and pretrained, the thick line being the mean of the models")
    if given.lines:
        shown.append(f"truncation{', with paired 95% intervals' if _paired_bars(of_lines) else ''}")
    absent = [
        *([] if models else ["ImageNet accuracy and families, for which no pretrained model is finished"]),
        *([] if given.boosted else ["pretraining, for which no architecture is finished in both arms"]),
        *([] if given.lines else ["truncation, for which no truncated network is finished beside its whole one"]),
    ]
    without = f" Without the panel on {'; '.join(absent)}." if absent else ""
    accuracy = f" {correlations.whose_accuracy(outcomes)}" if models else ""
    caption = f"CheXtransfer's Figure 1: {'; '.join(shown)}. {_bars(outcomes)}{without}{accuracy}"
    return Drawn(
        "summary",
        "In short",
        f"{caption} {tables.described(outcomes)}",
        f"{counted(len(shown), 'panel')}: {'; '.join(shown)}.",
        summary_figure.draw(given),
    )


def _curves(curves: Sequence[Curve]) -> list[Drawn]:
    """AUROC, and losses as in Figures 2 to 4 of In-domain Model Pre-training for Chest X-Rays; sources with names of
    their own have figures of their own."""
    named = [one for one in curves if one.is_source and one.arm != SOURCE]
    rest = [one for one in curves if not one.is_source or one.arm == SOURCE]
    found = []
    for shown, prefix, of in ((rest, "", ""), (named, "source_", " of sources")):
        if shown:
            found.append(_scores(shown, prefix, of))
        with_loss = [one for one in shown if not np.isnan(one.loss).all()]
        if with_loss:
            found.append(_losses(with_loss, prefix, of))
    return found


def _scores(curves: Sequence[Curve], prefix: str, of: str) -> Drawn:
    sources = (
        " A source's line is of the films and findings that it was given, which may be others; without findings, of "
        "sex, view and projection."
        if any(one.is_source for one in curves)
        else ""
    )
    return Drawn(
        f"{prefix}curves",
        f"Training curves{of}",
        "AUROC on the images that rank checkpoints, over steps; a line each of "
        f"{counted(len(curves), 'run')}, finished or not. These images chose the checkpoints: curves are no result."
        f"{sources}",
        "Small multiples by architecture and group: validation AUROC over training steps, a line a run, coloured by "
        "arm.",
        curves_figure.draw(curves),
    )


def _losses(curves: Sequence[Curve], prefix: str, of: str) -> Drawn:
    return Drawn(
        f"{prefix}losses",
        f"Losses of training and validation images{of}",
        f"Over steps; a line each of {counted(len(curves), 'run')}. A validation loss that rises while the training "
        "loss falls is overfitting. Sex, age, view and projection beside observations count in the training loss only.",
        "Small multiples by architecture and group: validation loss over training steps, and training loss as a "
        "thinner, paler line.",
        curves_figure.draw_losses(curves),
    )
