"""External validation as a section of an evaluation: tables, entries in evaluation.json, and external.csv."""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

from chex_tf.csv_text import csv_text
from chex_tf.evaluation.calibration_section import estimate_entry
from chex_tf.evaluation.external import Compared, OfModel, Side
from chex_tf.evaluation.json_numbers import number
from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.tables.columns import NOTHING, PLURAL, filled, lines, signed, with_interval
from chex_tf.evaluation.tables.tasks_shown import once
from chex_tf.files import write_text
from chex_tf.runs.predictions import External
from chex_tf.statistics.contrast import Contrast
from chex_tf.statistics.measure import MEAN

CSV = "external.csv"
_WORDS = {
    "same": "",
    "with": "and its kinds",
    "union": "any of them",
    "wider": "wider",
    "narrower": "narrower",
}
_SIDE = ("rows", "positives", "prevalence", "auroc", "low", "high")


@dataclasses.dataclass(frozen=True)
class ExternalSection:
    """Of each model its own set and the other, which is the same for all."""

    evaluation: Evaluation
    models: tuple[OfModel, ...]
    key: str = "external"

    @property
    def _split(self) -> str:
        return self.models[0].external["split"]

    def table(self) -> str:
        parts = [self._heading(), self._scores(), self._labels()]
        return "\n\n".join(parts)

    def _heading(self) -> str:
        external = self.models[0].external
        trained = "; ".join(dict.fromkeys(f"{one.name} on {one.external['own']}" for one in self.models))
        said = f"External validation on {external['other']}, split {self._split}; trained: {trained}."
        learned = [one.name for one in self.models if external["other"] in one.external["own"].split(" + ")]
        if learned:
            said += f" For {', '.join(learned)}, which learned from that set's training split, it is not external."
        return filled(said)

    def _scores(self) -> str:
        one_model = len(self.models) == 1  # whose name is in the heading
        header = ["Task", *([] if one_model else ["Model"]), "Own", "AUROC [95% interval]", "Other", "AUROC"]
        header += ["Own: pos.", "Other: pos.", "Other - own"]
        rows = []
        tasks = dict.fromkeys(one.task for model in self.models for one in model.compared)
        for task in tasks:
            for model in self.models:
                for one in model.compared:
                    if one.task == task:
                        rows.append([_task(one), *([] if one_model else [model.name]), *_cells(one)])
        shown = [[first, *rest] for first, (_, *rest) in zip(once(row[0] for row in rows), rows, strict=True)]
        rows_are = PLURAL["study" if self.evaluation.cohort.key == "Study" else "image"]
        notes = [
            f"Own, other: share of positives, and pos. these of the {rows_are} that are scored. Of two sets without a "
            "patient in common, the interval of the difference is DeLong's, from the sum of the two variances."
        ]
        notes += [f"No difference for {one.name}: {one.no_difference}." for one in self.models if one.no_difference]
        notes += [f"Nothing on the own set for {one.name}: {one.no_own}." for one in self.models if one.no_own]
        left = 1 if one_model else 2
        return "\n".join([lines(header, shown, left, [left + 4]), *map(filled, notes)])  # AUROCs stay side by side

    def _labels(self) -> str:
        external = self.models[0].external
        rows = []
        for task, read in external["tasks"].items():
            labels = read["labels"]
            named = labels[0] if len(labels) == 1 else f"{labels[0]} + {len(labels) - 1}"
            counts = [f"{read[key]:,}" for key in ("positive", "negative", "uncertain", "not_mentioned")]
            rows.append([task, named, _WORDS.get(read["relation"], read["relation"]), *counts])
        header = ["Task", "Read there from", "", "Positive", "Negative", "Uncertain", "Not mentioned"]
        notes = [_blanks(external)]
        notes += [f"{task}: {text}." for task, read in external["tasks"].items() if (text := _lost(read))]
        left: dict[str, list[str]] = {}
        for one in self.models:
            for task, why in one.external["left_out"].items():
                left.setdefault(f"{task}: {why}", []).append(one.name)
        notes += [f"Left out, {why}." for why in left]
        return "\n".join([lines(header, rows, 3), *map(filled, notes)])

    def as_json(self) -> dict[str, Any]:
        return {
            "interval_of_differences": "DeLong's, of two sets without a patient in common",
            "models": {
                one.name: {
                    **one.external,
                    "no_own": one.no_own or None,
                    "no_difference": one.no_difference or None,
                    "compared": {compared.task: _entry(compared) for compared in one.compared},
                }
                for one in self.models
            },
        }

    def write_csv(self, folder: pathlib.Path) -> str:
        """A row for each model and task, those that are left out with the reason; the file's name."""
        header = ["model", "trained_on", "evaluated_on", "split", "task", "labels", "relation", "policy", "blank"]
        header += [*(f"own_{name}" for name in _SIDE), *(f"other_{name}" for name in _SIDE)]
        header += ["difference", "difference_low", "difference_high", "left_out"]
        rows: list[list[Any]] = [header]
        for model in self.models:
            external = model.external
            sets = [model.name, external["own"], external["other"], external["split"]]
            rule = [self.evaluation.policy or "", external["blank"]]
            for one in model.compared:
                read = external["tasks"].get(one.task)
                how = ["|".join(read["labels"]), read["relation"]] if read else ["", ""]
                numbers = [*_numbers(one.own), *_numbers(one.other), *_differing(one.difference)]
                rows.append([*sets, one.task, *how, *rule, *numbers, ""])
            for task, why in external["left_out"].items():
                rows.append([*sets, task, "", "", *rule, *[""] * (2 * len(_SIDE) + 3), why])
        write_text(folder / CSV, csv_text(rows))
        return CSV


def section_of(evaluation: Evaluation, models: Sequence[OfModel]) -> ExternalSection | None:
    return ExternalSection(evaluation, tuple(models)) if models else None


def _task(one: Compared) -> str:
    return f"Mean of {len(one.over)} tasks" if one.task == MEAN else one.task


def _cells(one: Compared) -> list[str]:
    difference = NOTHING
    if one.difference is not None:
        difference = signed(one.difference.value, one.difference.interval, 3)
    own, other = _shown(one.own), _shown(one.other)
    return [*own[:2], *other[:2], own[2], other[2], difference]


def _shown(side: Side | None) -> tuple[str, str, str]:
    """The share of positives, the AUROC and the counts; a mean has an AUROC alone."""
    if side is None:
        return NOTHING, NOTHING, NOTHING
    share, counts = (f"{side.prevalence:.1%}", f"{side.positives:,}/{side.rows:,}") if side.rows else ("", "")
    return share, with_interval(side.auroc), counts


def _lost(read: Any) -> str:
    named = f"positive there where any is of {', '.join(read['labels'])}" if len(read["labels"]) > 1 else ""
    lost = f"lost or different: {read['lost']}" if read["lost"] else ""
    return "; ".join(filter(None, (named, lost)))


def _blanks(external: External) -> str:
    """What became of labels that are neither positive nor negative, in images."""
    uncertain = sum(one["uncertain"] for one in external["tasks"].values())
    blank = sum(one["not_mentioned"] for one in external["tasks"].values())
    images = f"Labels of {external['images']:,} images. Uncertain, {uncertain:,}: not scored. "
    if not blank:
        return f"{images}Not mentioned: none."
    rule = external["blank"]
    if rule == "ignore":
        return f"{images}Not mentioned, {blank:,}: not scored; --blank=zeros would count them as negative."
    became = "counted as negative" if rule == "zeros" else f"by the rule {rule}"
    return f"{images}Not mentioned, {blank:,}: {became}, as --blank={rule} asks."


def _entry(one: Compared) -> dict[str, Any]:
    entry: dict[str, Any] = {"own": _side(one.own), "other": _side(one.other), "difference": None}
    if one.over:
        entry["over"] = list(one.over)
    if one.difference is not None:
        interval = one.difference.interval
        entry["difference"] = {
            "value": number(one.difference.value),
            "low": number(interval.low),
            "high": number(interval.high),
            "p": number(one.difference.p),
        }
    return entry


def _side(side: Side | None) -> dict[str, Any] | None:
    if side is None:
        return None
    counts = {"rows": side.rows, "positives": side.positives, "prevalence": number(side.prevalence)}
    return {**(counts if side.rows else {}), "auroc": estimate_entry(side.auroc)}


def _numbers(side: Side | None) -> list[Any]:
    if side is None:
        return [""] * len(_SIDE)
    counts = [side.rows, side.positives, side.prevalence] if side.rows else ["", "", ""]
    found = side.auroc.value, side.auroc.interval.low, side.auroc.interval.high
    return [*counts, *("" if number(value) is None else value for value in found)]


def _differing(difference: Contrast | None) -> list[Any]:
    if difference is None:
        return ["", "", ""]
    return [difference.value, difference.interval.low, difference.interval.high]
