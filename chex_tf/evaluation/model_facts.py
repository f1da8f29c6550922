"""Known facts about the evaluated models, and how they correlate with their AUROC."""

import csv
import dataclasses
import pathlib
from collections.abc import Callable

import numpy as np

from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.results import Evaluation
from chex_tf.prediction_files import first_few
from chex_tf.settings import InputError
from chex_tf.statistics.measure import MEAN
from chex_tf.statistics.rank_correlation import Correlation, FamilySpread, correlate, family_spread

FEWEST_MODELS = 4  # three models are in perfect order one time in three by chance alone

COLUMNS = ("model", "family", "parameters", "imagenet_top1")


@dataclasses.dataclass(frozen=True)
class Entry:
    """A row of the catalogue; a missing number is NaN."""

    family: str
    parameters: float
    imagenet_top1: float


def read(path: pathlib.Path) -> dict[str, Entry]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    absent = [name for name in COLUMNS if not rows or name not in rows[0]]
    if absent:
        raise InputError(f"{path}: expected columns {', '.join(COLUMNS)}; received none named {first_few(absent)}")
    return {
        row["model"]: Entry(
            row["family"],
            _number(path, row, "parameters"),
            _number(path, row, "imagenet_top1"),
        )
        for row in rows
    }


def _number(path: pathlib.Path, row: dict[str, str], column: str) -> float:
    try:
        return float(row[column]) if row[column] else float("nan")
    except ValueError:
        raise InputError(f"{path}: expected a number as {column} of {row['model']}; received {row[column]!r}") from None


def relate(
    evaluation: Evaluation, entries: dict[str, Entry], say: Callable[[str], None]
) -> tuple[dict[str, Correlation], FamilySpread | None]:
    """Correlations with the mean AUROC over the models in the catalogue; where pairs are compared by name, also between
    the first model's parameters and its boost over the second (such as pretrained over the same from scratch)."""
    names = [model.name for model in evaluation.models]
    known = [place for place, name in enumerate(names) if name in entries]
    unknown = [name for name in names if name not in entries]
    if unknown:
        say(f"rank correlation leaves out {first_few(unknown)}: not in the catalogue")
    areas = [evaluation.sampled[name, AUROC, MEAN] for name in names]
    values = np.array([area.value for area in areas])
    replicates = np.array([area.replicates for area in areas]).reshape(len(areas), evaluation.settings.replicates).T
    seed = evaluation.settings.seed
    found: dict[str, Correlation] = {}

    def add(name: str, attribute: list[float], over: np.ndarray, resampled: np.ndarray) -> None:
        given = np.flatnonzero(~np.isnan(attribute))
        if given.size < FEWEST_MODELS:
            say(f"no rank correlation of {name}: it needs {FEWEST_MODELS} models or pairs, {given.size} are known")
            return
        found[name] = correlate(np.array(attribute)[given], over[given], resampled[:, given], seed=seed)

    for column, label in (("parameters", "parameters and AUROC"), ("imagenet_top1", "ImageNet accuracy and AUROC")):
        attribute = [float(getattr(entries[names[place]], column)) for place in known]
        add(label, attribute, values[known], replicates[:, known])
    pairs = [tuple(names.index(name) for name in pair.split(":")) for pair in evaluation.settings.compare]
    pairs = [pair for pair in pairs if names[pair[0]] in entries]
    if pairs:
        first, second = (list(side) for side in zip(*pairs, strict=True))
        add(
            "parameters and boost",
            [entries[names[place]].parameters for place in first],
            values[first] - values[second],
            replicates[:, first] - replicates[:, second],
        )
    spread = None
    if len(known) > 1:
        rows = [entries[names[place]] for place in known]
        spread = family_spread(
            [row.family for row in rows], [row.parameters for row in rows], values[known], replicates[:, known]
        )
    return found, spread
