"""What the cells of a study reached: one evaluation of all of them on the same films, by architecture and arm.

Everything is read from the runs' predictions; nothing is predicted here, and a cell without predictions, or whose
folder holds another experiment, is missing and never averaged in.
"""

import dataclasses
import functools
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chex_tf.evaluation import evaluation as evaluating
from chex_tf.evaluation import matching, mean_tasks, sources
from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.runs import from_start, metrics_file
from chex_tf.runs.from_start import FromStart
from chex_tf.settings import InputError
from chex_tf.statistics import bootstrap
from chex_tf.statistics.measure import MEAN, Sampled, mean_of
from chex_tf.study import readable
from chex_tf.study import state as states
from chex_tf.study.cell import Cell, group_of, within_group
from chex_tf.study.folder import Study
from chex_tf.study.identity import RUN, Identity, Kinds, differences
from chex_tf.study.state import State

PRETRAINED, SCRATCH = "pretrained", "scratch"
SUBSET = "subset_seed"  # the setting that draws which patients a run learns from


@dataclasses.dataclass(frozen=True)
class Facts:
    """Of an architecture, as the catalogue had them when the study was planned; a missing number is None. `whole` is
    the network that a truncated one is cut from, its own name if it is whole. `imagenet_top1` is that of the weights
    that --weights=imagenet loads, and of a member's facts that of the weights which it began with (`facts_of`);
    `paper_imagenet_top1` that of the package from which CheXtransfer took them; `weights_imagenet_top1` has that of
    every checkpoint by name, None in a plan of a version that did not note them; `stages` are the last layers of its
    stages, from the image upwards."""

    family: str
    parameters: int
    paper_parameters_millions: float | None
    imagenet_top1: float | None
    times_smaller: float
    whole: str
    paper_imagenet_top1: float | None = None
    weights_imagenet_top1: Mapping[str, float] | None = None
    stages: tuple[str, ...] = ()

    @property
    def is_truncated(self) -> bool:
        return self.times_smaller > 1


@dataclasses.dataclass(frozen=True)
class Evaluations:
    """A run's, on the images that rank its checkpoints: the mean AUROC after so many steps."""

    steps: tuple[float, ...]
    auroc: tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Member:
    """An architecture in an arm: the mean of its `cells`, which differ in nothing but their seed; `runs` has the AUROC
    of each. `weights` is what they began with, as in their identity. `no_interval` says why the evaluation gives its
    numbers no interval, where it gives none. `subsets` has the subset_seed of each run, where each learned from a
    subset of its own; it is empty where all learned from the same images. `evaluations` has those of each run, None
    where its metrics.csv cannot be read; `from_start` says how alike the layers of each are to what it began with, None
    where nobody measured it; `identity` is the first run's."""

    arch: str
    arm: str
    facts: Facts
    cells: tuple[str, ...]
    runs: tuple[Sampled, ...]
    weights: str = "none"
    no_interval: str = ""
    subsets: tuple[int, ...] = ()
    evaluations: tuple[Evaluations | None, ...] = ()
    from_start: tuple[FromStart | None, ...] = ()
    identity: Identity | None = None

    @functools.cached_property
    def auroc(self) -> Sampled:
        """The mean of the runs; what it is sampled over is the test set alone."""
        return self.runs[0] if len(self.runs) == 1 else mean_of(self.runs, self.runs[0].replicates.size)

    @property
    def name(self) -> str:
        return f"{self.arch}, {self.arm}"


@dataclasses.dataclass(frozen=True)
class Outcomes:
    """`members` are of one `variant` of the study; `missing` says by cell of that variant why it is not among them."""

    study: Study
    states: Mapping[str, State]
    evaluation: Evaluation | None
    variant: str
    members: tuple[Member, ...]
    missing: Mapping[str, str]

    def member(self, arch: str, arm: str) -> Member | None:
        return next((one for one in self.members if (one.arch, one.arm) == (arch, arm)), None)

    def whole(self, arm: str) -> tuple[Member, ...]:
        """The members of an arm that are not truncated."""
        return tuple(one for one in self.members if one.arm == arm and not one.facts.is_truncated)

    def related_arms(self) -> tuple[str, ...]:
        """Arms that may be asked how AUROC goes with a property of their models: those of several, in no group."""
        arms = dict.fromkeys(one.arm for one in self.members)
        return tuple(arm for arm in arms if not group_of(arm) and len(self.whole(arm)) > 1)

    def of_arms(self) -> tuple[tuple[Member, Member | None], ...]:
        """Members of architectures, whole or truncated, that are in other arms than these two, each with the one of its
        architecture and group that it is compared with: that from scratch, else the group's first. That one itself has
        None."""
        own = {one.arch for one in self.members if one.arm not in (PRETRAINED, SCRATCH)}
        return tuple((one, self.reference(one)) for one in self.members if one.arch in own)

    def reference(self, one: Member) -> Member | None:
        """What a member is compared with among its architecture and group; None for that one itself."""
        alike = (one.arch, group_of(one.arm))
        beside = [other for other in self.members if (other.arch, group_of(other.arm)) == alike]
        reference = next((other for other in beside if within_group(other.arm) == SCRATCH), beside[0])
        return None if reference is one else reference

    def truncated(self) -> tuple[tuple[Member, Member], ...]:
        """Each truncated member with the whole one of its arm."""
        found = []
        for one in self.members:
            whole = self.member(one.facts.whole, one.arm)
            if one.facts.is_truncated and whole is not None:
                found.append((one, whole))
        return tuple(found)

    def boosted(self) -> tuple[tuple[Member, Member], ...]:
        """Whole architectures that are in both arms: pretrained, then from scratch."""
        pairs = ((one, self.member(one.arch, SCRATCH)) for one in self.whole(PRETRAINED))
        return tuple((one, other) for one, other in pairs if other is not None)


def variants(study: Study) -> tuple[str, ...]:
    """What the dimensions beside the seed add to cells' names, in the grid's order."""
    return tuple(dict.fromkeys(cell.variant for cell in study.cells))


def gather(
    folder: pathlib.Path,
    study: Study,
    kinds: Kinds,
    variant: str,
    split: str,
    replicates: int,
    seed: int,
    say: Callable[[str], None],
    progress: bootstrap.Progress = bootstrap.silent,
) -> Outcomes:
    """Evaluates every finished cell of a variant on `split`; one whose predictions are not there or are damaged is
    missing. Sources predict nothing."""
    cells = [cell for cell in study.cells if cell.variant == variant]
    found = {cell.name: states.of_cell(folder, study, cell, kinds) for cell in cells}
    missing = {name: _why(state) for name, state in found.items() if not state.is_finished}
    for cell in cells:
        unread = "" if cell.name in missing or cell.is_source else readable.why_not(cell.run_dir(folder), split)
        if unread:
            missing[cell.name] = f"its predictions cannot be used: {unread}"
    whole = [cell for cell in cells if cell.name not in missing and not cell.is_source]
    if not whole:
        return Outcomes(study, found, None, variant, (), missing)
    settings = EvaluationSettings(
        run_dir=tuple(cell.run_dir(folder) for cell in whole), split=split, replicates=replicates, seed=seed
    )
    evaluation = _evaluate(settings, [cell.name for cell in whole], say, progress)
    beside = {cell.name: _beside(cell.run_dir(folder), cell.name, say) for cell in whole}
    return Outcomes(study, found, evaluation, variant, _members(study, whole, evaluation, beside), missing)


# What is read of a run beside its predictions.
_Beside = tuple[Evaluations | None, FromStart | None]


def _beside(run_dir: pathlib.Path, name: str, say: Callable[[str], None]) -> _Beside:
    evaluations, kept = None, None
    try:
        columns = metrics_file.read(run_dir)
        evaluations = Evaluations(tuple(columns.get("step", ())), tuple(columns.get("auroc", ())))
    except InputError as error:
        say(f"no steps of {name}: {error}")
    try:
        kept = from_start.read(run_dir)
    except InputError as error:
        say(f"nothing on the start of {name}: {error}")
    return evaluations, kept


def _why(state: State) -> str:
    words = state.condition.value
    at = f" at step {state.step:,} of {state.steps:,}" if state.steps else ""
    return f"{words}{at}{f': {state.why}' if state.why else ''}"


def _evaluate(
    settings: EvaluationSettings, names: Sequence[str], say: Callable[[str], None], progress: bootstrap.Progress
) -> Evaluation:
    source = sources.gather(settings)
    tasks = matching.choose_tasks(settings.tasks, source.truth, source.tables, say)
    averaged = mean_tasks.choose_mean_tasks(settings, tasks, say)
    cohort, models = matching.match(
        source.truth, source.tables, tuple(names), tasks, settings.aggregation, settings.unit, say
    )
    models = [dataclasses.replace(model, made_of=of) for model, of in zip(models, source.made_of, strict=True)]
    found = evaluating.evaluate(
        source.set, cohort, models, settings, policy=source.policy, progress=progress, mean_tasks=averaged
    )
    return dataclasses.replace(found, caution=source.caution)


def _members(
    study: Study,
    cells: Sequence[Cell],
    evaluation: Evaluation,
    beside: Mapping[str, _Beside],
) -> tuple[Member, ...]:
    withheld = no_interval(evaluation)
    by_base: dict[str, list[Cell]] = {}
    for cell in cells:
        by_base.setdefault(cell.base, []).append(cell)
    members: list[Member] = []
    for base, same in by_base.items():
        _check_alike(same)
        first = same[0]
        weights = str(first.identity.settings.get("model", {}).get("weights", "none"))
        facts = facts_of(study, first.arch, weights)
        runs = tuple(evaluation.sampled[cell.name, AUROC, MEAN] for cell in same)
        names = tuple(cell.name for cell in same)
        evaluated, kept = tuple(beside[name][0] for name in names), tuple(beside[name][1] for name in names)
        known = _subsets(same), evaluated, kept, first.identity
        members.append(Member(first.arch, first.arm, facts, names, runs, weights, withheld, *known))
        twin = [one for one in members[:-1] if (one.arch, one.arm) == (first.arch, first.arm)]
        if twin:
            raise InputError(
                f"expected one experiment for {first.arch}, {first.arm}; the study has {twin[0].cells[0]} and "
                f"{base}; an arm of its own in the grid tells them apart",
                "study",
            )
    return tuple(members)


def _subsets(cells: Sequence[Cell]) -> tuple[int, ...]:
    """By run, where each drew its own patients."""
    data = [cell.identity.settings.get("data", {}) for cell in cells]
    if any(one.get("train_patients") is None and one.get("train_images") is None for one in data):
        return ()
    drawn = tuple(int(one[SUBSET]) for one in data)
    return drawn if len(set(drawn)) == len(drawn) > 1 else ()


def no_interval(evaluation: Evaluation) -> str:
    """Why the mean of the tasks has no interval, where it has none; as in the evaluation."""
    scarce = bool(evaluation.mean_over) and all(task in evaluation.withheld for task in evaluation.mean_over)
    return "no task of the mean has an interval: too few positives or negatives" if scarce else ""


def _check_alike(cells: Sequence[Cell]) -> None:
    """Cells of one base may differ in their seeds, that of a subset too, and in nothing else, or their mean would be of
    different things."""
    for other in cells[1:]:
        unlike = [
            line
            for line in differences(cells[0].identity, other.identity)
            if line.partition(":")[0] not in ("seed", "data_seed", SUBSET, "weights")
        ]
        if unlike:
            raise InputError(
                f"expected cells that differ in their seed alone; {cells[0].name} and {other.name} differ in "
                f"{'; '.join(unlike)}",
                "study",
            )


def facts_of(study: Study, arch: str, weights: str) -> Facts:
    """Of an architecture that began with these weights. Without pretraining, and from the encoder of another run, the
    ImageNet accuracy is the architecture's own as published; from other weights than --weights=imagenet it is theirs,
    and None where it is not known."""
    known: Mapping[str, Any] | None = study.models.get(arch)
    if known is None:
        raise InputError(f"expected facts of {arch} in the study's plan; it has none", "study")
    facts = Facts(**{**known, "stages": tuple(known.get("stages", ()))})
    if weights in ("none", "imagenet") or weights.startswith(RUN):
        return facts
    return dataclasses.replace(facts, imagenet_top1=(facts.weights_imagenet_top1 or {}).get(weights))
