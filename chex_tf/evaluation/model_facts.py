"""Known facts about the evaluated models, and how they correlate with their AUROC, as CheXtransfer does it.

Only whole models count (section 4.1). Runs are told apart by their configuration: those pretrained on ImageNet are
correlated apart from those from scratch, and an architecture that has both has a boost, the difference of the two.
Models given as files go by their names, and have a boost where --compare names a pair.
"""

import csv
import dataclasses
import pathlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.results import Evaluation
from chex_tf.prediction_files import first_few
from chex_tf.runs.trained_model import TrainedModel
from chex_tf.settings import InputError
from chex_tf.statistics.family_spread import FamilySpread, family_spread
from chex_tf.statistics.measure import MEAN
from chex_tf.statistics.rank_correlation import Correlation, correlate

FEWEST_MODELS = 4  # three models are in perfect order one time in three by chance alone
FEWEST_TO_COMPARE = 2  # for the largest model beside the smallest

COLUMNS = ("model", "family", "parameters", "imagenet_top1")
# Columns that may be there. The last holds NAME=ACCURACY of every released checkpoint.
PAPER_PARAMETERS, TIMES_SMALLER = "paper_parameters_millions", "times_smaller"
PAPER_TOP1, CHECKPOINTS_TOP1 = "paper_imagenet_top1", "weights_imagenet_top1"
# Attribute of an entry, and its words. The paper's counts differ from the built models' for some architectures.
SIZES = (("parameters", "parameters"), ("paper_parameters_millions", "the paper's parameters"))
OF_IMAGENET, OF_LOADED = "ImageNet accuracy of --weights=imagenet", "ImageNet accuracy of the weights loaded"
IN_PAPER = "ImageNet accuracy in the paper's source"
ATTRIBUTES = (*SIZES, ("imagenet_top1", OF_IMAGENET), (PAPER_TOP1, IN_PAPER))
ATTRIBUTES_LOADED = (*SIZES, ("imagenet_top1", OF_LOADED), (PAPER_TOP1, IN_PAPER))  # of entries as `loaded` gives them
OPTIONAL = {PAPER_PARAMETERS, PAPER_TOP1}  # a catalogue may do without them
FILES = ""  # in place of an arm, for models given as files
NAN = float("nan")

Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Entry:
    """A row of the catalogue; a missing number is NaN.

    imagenet_top1         of the checkpoint that --weights=imagenet loads
    paper_imagenet_top1   of the same network in the package from which CheXtransfer took it
    checkpoints_top1      by the name that --weights takes
    """

    family: str
    parameters: float
    imagenet_top1: float
    paper_parameters_millions: float
    is_truncated: bool
    paper_imagenet_top1: float = NAN
    checkpoints_top1: Mapping[str, float] = dataclasses.field(default_factory=dict)

    def loaded(self, weights: str) -> "Entry":
        """The same with the accuracy of these weights in place of that of --weights=imagenet."""
        top1 = self.imagenet_top1 if weights == "imagenet" else self.checkpoints_top1.get(weights, NAN)
        return dataclasses.replace(self, imagenet_top1=top1)


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
            _number(path, row, PAPER_PARAMETERS),
            _number(path, row, TIMES_SMALLER) > 1,  # launch.zoo gives 1 for a whole network
            _number(path, row, PAPER_TOP1),
            _by_checkpoint(path, row),
        )
        for row in rows
    }


def _number(path: pathlib.Path, row: dict[str, str], column: str) -> float:
    try:
        return float(row[column]) if row.get(column) else NAN
    except ValueError:
        raise InputError(f"{path}: expected a number as {column} of {row['model']}; received {row[column]!r}") from None


def _by_checkpoint(path: pathlib.Path, row: dict[str, str]) -> dict[str, float]:
    pairs = [pair.strip().rpartition("=") for pair in (row.get(CHECKPOINTS_TOP1) or "").split(";") if pair.strip()]
    try:
        return {name: float(number) for name, _, number in pairs}
    except ValueError:
        raise InputError(
            f"{path}: expected NAME=NUMBER, with ; between, as {CHECKPOINTS_TOP1} of {row['model']}; received "
            f"{row[CHECKPOINTS_TOP1]!r}"
        ) from None


@dataclasses.dataclass(frozen=True)
class _Side:
    """Mean AUROCs of some models, or differences of two models': `values` [models], `replicates` [replicates,
    models]."""

    entries: tuple[Entry, ...]
    values: np.ndarray
    replicates: np.ndarray

    def minus(self, other: "_Side") -> "_Side":
        return _Side(self.entries, self.values - other.values, self.replicates - other.replicates)


def relate(
    evaluation: Evaluation, entries: Mapping[str, Entry], trained: Mapping[str, TrainedModel], say: Say
) -> tuple[dict[str, Correlation], dict[str, FamilySpread]]:
    """Correlations with the mean AUROC over the catalogue's whole models, and with the boost; and the spread over
    families. `trained` has what runs are, by the model's name.

    Runs and their spread go by arm (`pretrained`, `scratch`), files under FILES. Several runs of one architecture in an
    arm count as one model, with the mean of their AUROCs.
    """
    arms = _arms([model.name for model in evaluation.models], entries, trained, say)
    found: dict[str, Correlation] = {}
    spread: dict[str, FamilySpread] = {}
    for arm, members in arms.items():
        of_arm = f", {arm}" if arm != FILES else ""
        known, attributes = entries, ATTRIBUTES
        if arm == "pretrained":
            known, attributes = _loaded(entries, members, trained, say), ATTRIBUTES_LOADED
        side = _side(evaluation, known, list(members.items()))
        found |= _correlations(side, attributes, f"AUROC{of_arm}", evaluation.settings.seed, say)
        if len(members) > 1:
            families, parameters = [one.family for one in side.entries], [one.parameters for one in side.entries]
            seed = evaluation.settings.seed
            spread[arm] = family_spread(families, parameters, side.values, side.replicates, seed)
    pairs = _pairs(evaluation, entries, trained, arms, say)
    if pairs:
        first = _side(evaluation, entries, [(row, names) for row, names, _ in pairs])
        boost = first.minus(_side(evaluation, entries, [(row, names) for row, _, names in pairs]))
        found |= _correlations(boost, SIZES, "boost", evaluation.settings.seed, say)
    return found, spread


Members = dict[str, list[str]]  # from a row of the catalogue to names of models that are evaluated


def expect_several(names: Sequence[str], entries: Mapping[str, Entry], trained: Mapping[str, TrainedModel]) -> None:
    """Refuses models of which nothing could be correlated or compared, before any number is computed."""
    arms = _arms(names, entries, trained, lambda message: None)
    most = max(map(len, arms.values()), default=0)
    if most < FEWEST_TO_COMPARE:
        raise InputError(
            f"expected {FEWEST_TO_COMPARE} or more whole models of the catalogue, {FEWEST_MODELS} for a rank "
            f"correlation, where files are sought by their names and runs by their --arch; received {most}; it has "
            f"{first_few(list(entries))}",
            "catalogue",
        )


def _arms(
    names_of_models: Sequence[str], entries: Mapping[str, Entry], trained: Mapping[str, TrainedModel], say: Say
) -> dict[str, Members]:
    arms: dict[str, Members] = {}
    left_out: dict[str, list[str]] = {}
    for model in names_of_models:
        run, row = trained.get(model), _row(model, trained)
        arm = FILES if run is None else run.arm
        if row not in entries:
            left_out.setdefault("not in the catalogue", []).append(model)
        elif _is_truncated(model, entries, trained):
            left_out.setdefault("truncated", []).append(model)
        elif arm is None:
            left_out.setdefault("neither from scratch nor whole from ImageNet", []).append(model)
        else:
            arms.setdefault(arm, {}).setdefault(row, []).append(model)
    for arm, members in arms.items():
        for row, names in list(members.items()):
            if len({trained[name].weights for name in names if name in trained}) > 1:
                left_out.setdefault("one architecture from different weights", []).extend(members.pop(row))
            elif len(names) > 1:
                say(f"rank correlation takes {row}, {arm}, as the mean of {first_few(names)}")
    for reason, names in left_out.items():
        say(f"rank correlation leaves out {first_few(names)}: {reason}")
    return arms


def _loaded(
    entries: Mapping[str, Entry], members: Members, trained: Mapping[str, TrainedModel], say: Say
) -> dict[str, Entry]:
    """The entries of pretrained runs, each with the accuracy of the checkpoint from which its runs started."""
    weights = {row: trained[names[0]].weights for row, names in members.items()}
    found = {row: entries[row].loaded(name) for row, name in weights.items()}
    named = [
        f"{row} {_known(found[row].imagenet_top1)} ({name})" for row, name in weights.items() if name != "imagenet"
    ]
    if named:
        say(f"{OF_LOADED} is that of other weights than --weights=imagenet for {first_few(named)}")
    return found


def _known(number: float) -> str:
    return "unknown" if np.isnan(number) else f"{number:g}"


def _row(name: str, trained: Mapping[str, TrainedModel]) -> str:
    """The model's name in the catalogue."""
    return trained[name].arch if name in trained else name


def _is_truncated(name: str, entries: Mapping[str, Entry], trained: Mapping[str, TrainedModel]) -> bool:
    row = _row(name, trained)
    cut = name in trained and trained[name].truncate_at is not None
    return cut or (row in entries and entries[row].is_truncated)


def _side(evaluation: Evaluation, entries: Mapping[str, Entry], members: Sequence[tuple[str, Sequence[str]]]) -> _Side:
    """Rows of the catalogue with their models; the AUROC is the mean of theirs."""
    sampled = [[evaluation.sampled[name, AUROC, MEAN] for name in names] for _, names in members]
    replicates = [np.mean([one.replicates for one in group], axis=0) for group in sampled]
    return _Side(
        tuple(entries[row] for row, _ in members),
        np.array([np.mean([one.value for one in group]) for group in sampled]),
        np.array(replicates).reshape(len(sampled), evaluation.settings.replicates).T,
    )


def _correlations(
    side: _Side, attributes: Sequence[tuple[str, str]], with_what: str, seed: int, say: Say
) -> dict[str, Correlation]:
    found = {}
    for attribute, words in attributes:
        name = f"{words} and {with_what}"
        over = np.array([getattr(entry, attribute) for entry in side.entries], np.float64)
        given = np.flatnonzero(~np.isnan(over))
        if attribute in OPTIONAL and not given.size:
            continue
        if given.size < FEWEST_MODELS:
            say(f"no rank correlation of {name}: it needs {FEWEST_MODELS} models or pairs, {given.size} are known")
            continue
        families = [side.entries[place].family for place in given]
        found[name] = correlate(over[given], side.values[given], families, side.replicates[:, given], seed)
    return found


def _pairs(
    evaluation: Evaluation,
    entries: Mapping[str, Entry],
    trained: Mapping[str, TrainedModel],
    arms: Mapping[str, Members],
    say: Say,
) -> list[tuple[str, list[str], list[str]]]:
    """Row of the catalogue, models whose boost it is, and models over which it is."""
    scratch, pretrained = arms.get("scratch", {}), arms.get("pretrained", {})
    pairs = [(row, names, scratch[row]) for row, names in pretrained.items() if row in scratch]
    left_out: dict[str, list[str]] = {}
    pools = {pool.name for pool in evaluation.pooled.pools}
    for pair in evaluation.settings.compare:
        first, second = pair.split(":")
        reason = "pools of runs" if first in pools else _no_boost(first, second, entries, trained)
        if reason:
            left_out.setdefault(reason, []).append(pair)
        elif first not in trained and second not in trained:
            pairs.append((first, [first], [second]))
    for reason, named in left_out.items():
        say(f"boost leaves out {first_few(named)}: {reason}")
    return pairs


def _no_boost(first: str, second: str, entries: Mapping[str, Entry], trained: Mapping[str, TrainedModel]) -> str:
    """Why a compared pair is not one architecture's pretrained and scratch model; empty if it may be.

    Of a file that the catalogue does not know, it is taken on trust that it is the same architecture from scratch.
    """
    if _is_truncated(first, entries, trained) or _is_truncated(second, entries, trained):
        return "not whole models"
    rows = [_row(name, trained) for name in (first, second)]
    if (first in trained) != (second in trained):
        return "not two runs"
    if first in trained and second in trained:
        if rows[0] != rows[1]:
            return "two architectures"
        same = {trained[name].arm for name in (first, second)} == {"pretrained", "scratch"}
        return "" if same else "not one from scratch and one pretrained"
    if rows[0] not in entries:
        return f"{first} is not in the catalogue"
    return "two architectures" if rows[1] in entries else ""
