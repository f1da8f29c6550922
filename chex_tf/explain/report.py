"""launch.explain's report: outcomes at the threshold, and localisation as a table and as JSON."""

import dataclasses
import math
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np

from chex_tf.evaluation.tables.columns import NOTE_WIDTH, NOTHING, lines, p_text, signed, with_interval
from chex_tf.explain.gallery import outcome
from chex_tf.explain.localisation import MEASURES, Localisation
from chex_tf.explain.scoring import Protocol, shown_cut
from chex_tf.explain.settings import ExplainSettings
from chex_tf.statistics import comparison
from chex_tf.statistics.measure import MEAN, Estimate
from chex_tf.trained.thresholds import decimals

HOLM_FAMILY = (
    "all pairs of runs on all tasks and their mean, without those that are withheld and a mean of one task, by one "
    "measure; significant means p_holm < 0.05"
)


@dataclasses.dataclass(frozen=True)
class Result:
    """What to print, and what was written into the folder."""

    text: str
    written: list[str]


def outcomes(
    runs: Sequence[str],
    tasks: Sequence[str],
    truth: np.ndarray,
    probable: np.ndarray,
    thresholds: Sequence[np.ndarray],
) -> str:
    """The number of films with each outcome; `probable` is (runs, films, tasks)."""
    rows = []
    for column, task in enumerate(tasks):
        for run, name in enumerate(runs):
            cut = float(thresholds[run][column])
            found = [outcome(*pair, cut) for pair in zip(truth[:, column], probable[run, :, column], strict=True)]
            counts = [str(found.count(kind)) for kind in ("TP", "FP", "FN", "TN")]
            digits = decimals(cut, probable[run, :, column])
            shown = [f"{cut:.{digits}f}", *counts] if not math.isnan(cut) else [NOTHING] * 5
            rows.append([task, name, *shown])
    header = ["Task", "Run", "Threshold", "True pos.", "False pos.", "False neg.", "True neg."]
    return lines(header, rows, 2)


def localisation(
    settings: ExplainSettings,
    protocol: Protocol,
    where: str,
    found: Localisation,
    grids: Sequence[str],
    patients: np.ndarray | None,
) -> str:
    """The measures, with runs next to each other within a task, then the paired differences of the means; `patients`
    is each film's, where it is known."""
    several = {"patient": "patients", "study": "studies", "image": "images"}[settings.unit]
    head = (
        f"Localisation on {where}: films with a true region of {found.units:,} {several}; 95% intervals by Wilson, of "
        f"means by {settings.replicates:,} replicates (seed {settings.seed}) of these, of paired differences by Bonett "
        "and Price (pointing game) and Student's t (IoU). "
        f"{_repeats(settings.unit, patients)}"
    )
    rows = []
    whole = found.tasks[0] if len(found.tasks) == 1 else MEAN  # a mean of one task is that task
    for task in (*found.tasks, *([MEAN] if whole == MEAN else [])):
        for network, grid in zip(found.networks, grids, strict=True):
            rows.append(
                [
                    "Mean" if task == MEAN else task,
                    network.name,
                    grid,
                    "" if task == MEAN else str(found.films[task]),
                    f"{found.chance[task]:.3f}",
                    *(with_interval(network.of(measure)[task]) for measure in MEASURES),
                    "" if task == MEAN else "/".join(map(shown_cut, network.cuts[task])),
                ]
            )
    header = ["Task", "Run", "Grid", "Films", "Chance", *(measure.title for measure in MEASURES), protocol.cut_title]
    parts = [textwrap.fill(head, NOTE_WIDTH) + "\n" + lines(header, rows, 3)]
    means = [difference for difference in found.differences if difference.task == whole]
    if means:
        words = {measure.key: measure.words for measure in MEASURES}
        table = [
            [
                f"{one.a} − {one.b}",
                words[one.measure],
                signed(one.value, one.interval, digits=3),
                p_text(one.p),
                p_text(one.p_holm),
                "yes" if one.is_significant else "no",
            ]
            for one in means
        ]
        header = [
            f"Difference {'of means' if whole == MEAN else f'on {whole}'}, paired",
            "Measure",
            "Value [95% interval]",
            "p",
            "p Holm",
            "significant",
        ]
        rule = comparison.rule(means[0].family, f"the pairs of runs on {_tested(found)}, by one measure")
        parts.append(lines(header, table, 2) + "\n" + textwrap.fill(rule, NOTE_WIDTH))
    note = f"Chance: the share of a film that its region covers. {protocol.cut_note}"
    if any(len(cuts) > 1 for network in found.networks for cuts in network.cuts.values()):
        note += ", chosen on other films (two: each half by the other)."
    else:
        note += ", chosen on other films." if protocol.chooses else "."
    left_out = {network.name: sum(network.left_out.values()) for network in found.networks}
    if any(left_out.values()):
        counts = ", ".join(f"{name} {count}" for name, count in left_out.items())
        note += (
            f" A map that marks nothing has no IoU under this protocol and is left out of it: {counts}. Differences of "
            "IoU then compare means over different films."
        )
    parts.append("\n".join(textwrap.fill(one, NOTE_WIDTH) for one in (note, *_withheld(settings, found, several))))
    return "\n\n".join(parts)


def _tested(found: Localisation) -> str:
    count = len(found.tasks) - len(found.withheld)
    mean = " and their mean" if len(found.tasks) > 1 and not found.mean_is_withheld else ""
    return f"{count} task{'s' * (count != 1)}{mean}"


def _withheld(settings: ExplainSettings, found: Localisation, several: str) -> list[str]:
    if not found.withheld:
        return []
    counts = ", ".join(f"{task} {count}" for task, count in found.withheld.items())
    note = (
        f"No interval and no test, because fewer than {settings.fewest} {several} have a region (--fewest): {counts}."
    )
    if len(found.tasks) == 1:
        return [note]
    if found.mean_is_withheld:
        return [f"{note} Nor for the mean: a task of a single unit, or all tasks, have none."]
    return [f"{note} The mean rests on them."]


def _repeats(unit: str, patients: np.ndarray | None) -> str:
    if patients is None:
        return "Which films are of one patient is not known; where several are, the intervals are too narrow."
    films = np.bincount(patients)
    if not (films > 1).any():
        return "No patient has several films."
    several = f"{np.sum(films > 1):,} of {np.sum(films > 0):,} patients have several films"
    if unit == "patient":
        return f"{several}."
    return f"{several}: these are alike, so the intervals are too narrow; --unit=patient draws patients."


def to_json(
    settings: ExplainSettings, about: dict[str, Any], described: Sequence[str], found: Localisation
) -> dict[str, Any]:
    """The content of localisation.json; `about` says what was measured."""
    cuts = "shares_of_peak" if settings.protocol == "peak" else "thresholds"
    return {
        **about,
        "protocol": settings.protocol,
        "unit": settings.unit,
        "units": found.units,
        "replicates": settings.replicates,
        "seed": settings.seed,
        "films": found.films,
        "fewest": settings.fewest,
        "withheld": dict(found.withheld),
        "chance": {task: _number(value) for task, value in found.chance.items()},
        "runs": {
            network.name: {
                "model": words,
                cuts: {
                    task: ["otsu" if math.isnan(cut) else cut for cut in chosen]
                    for task, chosen in network.cuts.items()
                },
                "left_out_of_iou": network.left_out,
                **{
                    measure.key: {task: _estimate(each) for task, each in network.of(measure).items()}
                    for measure in MEASURES
                },
            }
            for network, words in zip(found.networks, described, strict=True)
        },
        "differences": [
            {
                "a": one.a,
                "b": one.b,
                "measure": one.measure,
                "task": one.task,
                **_estimate(Estimate(one.value, one.interval)),
                "p": _number(one.p),
                "p_holm": _number(one.p_holm),
                "significant": one.is_significant,
            }
            for one in found.differences
        ],
        "holm_family": HOLM_FAMILY,
    }


def _estimate(estimate: Estimate) -> dict[str, Any]:
    found = dataclasses.asdict(estimate.interval)
    return {"value": _number(estimate.value), "low": _number(found["low"]), "high": _number(found["high"])}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
