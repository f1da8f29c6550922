"""Where a study's numbers are from: the command of each run, its training curve, its software."""

import dataclasses
import math
import pathlib
import shlex
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from chex_tf.runs import config, metrics_file
from chex_tf.runs.config import Config
from chex_tf.settings import InputError, Settings, meaning_of
from chex_tf.software import UNKNOWN
from chex_tf.study.cell import SOURCE, Cell, group_of, within_group
from chex_tf.study.controller import flags_of
from chex_tf.study.folder import Study
from chex_tf.study.identity import Kinds
from chex_tf.study.outcomes import Outcomes
from chex_tf.study.report.curves_figure import Curve
from chex_tf.study.table import NOTHING, Table

# In a command, for the folder in which runs are made, each under its cell's name; and for that of launch.prepare.
RUNS, DATA_DIR = "RUNS", "DATA_DIR"
# Columns of metrics.csv that training curves show: the first score that there is, and two losses.
SCORES, LOSS, TRAINING_LOSS = ("auroc", "auxiliary_auroc"), "validation_loss", "train_loss"

Configs = Mapping[str, Config]  # by cell that has begun


@dataclasses.dataclass(frozen=True)
class Run:
    """A cell as the list of runs shows it; `why` says what is wrong with one that is not finished."""

    name: str
    arch: str
    arm: str
    seed: int
    state: str
    step: int
    steps: int
    key: str
    why: str
    command: str


def configs(folder: pathlib.Path, outcomes: Outcomes) -> Configs:
    """Of the runs that are their cell's; those of another experiment under a cell's name are left out."""
    from chex_tf.study.state import Condition

    found = {}
    for cell in _cells(outcomes):
        if outcomes.states[cell.name].condition not in (Condition.FOREIGN, Condition.WAITING):
            one = config.read_if_trained(cell.run_dir(folder))
            if one is not None:
                found[cell.name] = one
    return found


def _cells(outcomes: Outcomes) -> list[Cell]:
    return [cell for cell in outcomes.study.cells if cell.variant == outcomes.variant]


def runs(folder: pathlib.Path, outcomes: Outcomes, found: Configs, kinds: Kinds) -> tuple[Run, ...]:
    made = []
    for cell in _cells(outcomes):
        state = outcomes.states[cell.name]
        command = command_of(cell, folder, outcomes.study, found.get(cell.name), kinds)
        why = outcomes.missing.get(cell.name, "")
        first = (cell.name, cell.arch, cell.arm, cell.seed, state.condition.value, state.step, state.steps)
        made.append(Run(*first, cell.identity.key, why, command))
    return tuple(made)


def command_of(cell: Cell, folder: pathlib.Path, study: Study, begun: Config | None, kinds: Kinds) -> str:
    """What trains a cell's run again. From its configuration once it has begun, so that no flagfile that was edited
    since, or is not at hand, is needed, with names in the place of this machine's folders; else as the controller
    would start it."""
    command = ["python", "-m", f"launch.{cell.verb}"]
    if begun is None:
        return shlex.join([*command, *flags_of(cell, folder, study), f"--run_dir={RUNS}/{cell.name}"])
    flags = [flag for kind in kinds[cell.verb] for flag in _flags(begun.settings(kind))]
    data = f"{DATA_DIR}/{begun.records('train').get('name', '')}".rstrip("/")
    named = {"data": data, "run_dir": f"{RUNS}/{cell.name}"}
    if cell.needs:
        named["weights"] = f"{RUNS}/{cell.needs[0]}"
    flags = [flag for flag in flags if flag.partition("=")[0].removeprefix("--") not in named]
    return shlex.join([*command, *flags, *(f"--{name}={place}" for name, place in named.items())])


def _flags(settings: Settings) -> list[str]:
    """Of the settings that decide, those that are not the default."""
    found = []
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if value == field.default or not meaning_of(field).decides:
            continue
        if isinstance(value, bool):
            found.append(f"--{field.name}" if value else f"--no{field.name}")
        elif isinstance(value, tuple) and meaning_of(field).repeated:
            found += [f"--{field.name}={one}" for one in value]
        else:
            text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
            found.append(f"--{field.name}={text}")
    return found


def curves(folder: pathlib.Path, outcomes: Outcomes, found: Configs, say: Callable[[str], None]) -> list[Curve]:
    """Of every run that has evaluated and whose score is an AUROC; a damaged file is named and left out."""
    made = []
    sources = Counter(cell.arch for cell in _cells(outcomes) if cell.is_source)
    for cell in _cells(outcomes):
        if cell.name not in found:
            continue
        try:
            columns = metrics_file.read(cell.run_dir(folder))
        except InputError as error:
            say(f"no training curve of {cell.name}: {error}")
            continue
        score = next((name for name in SCORES if columns.get(name)), "")
        if score and not all(map(math.isnan, columns[score])):
            none = [math.nan] * len(columns["step"])
            steps, auroc, loss, training_loss = (
                np.array(columns.get(name, none)) for name in ("step", score, LOSS, TRAINING_LOSS)
            )
            panel, line = _place(cell, sources[cell.arch] > 1)
            made.append(Curve(panel, line, steps, auroc, loss, training_loss, cell.is_source))
    return made


def _place(cell: Cell, has_other_sources: bool) -> tuple[str, str]:
    """Panel and line of a run's curve: arms of one group beside each other, and each of several sources by its name."""
    if cell.is_source and has_other_sources:
        return cell.arch, cell.base.removesuffix(f"-{SOURCE}").removesuffix(f"-{cell.arch}")
    group = group_of(cell.arm)
    return f"{cell.arch}\n{group}" if group else cell.arch, within_group(cell.arm)


def environment(study: Study, found: Configs) -> Table:
    """A row for each set of versions that runs have in common."""
    names = list(dict.fromkeys(name for one in found.values() for name in one.versions))
    by_versions: dict[tuple[str, ...], list[str]] = {}
    for cell, one in found.items():
        versions = tuple(one.versions.get(name, NOTHING) for name in names)
        row = (*versions, one.revision or UNKNOWN, str(one.content.get("replicas", NOTHING)))
        by_versions.setdefault(row, []).append(cell)
    rows = tuple((named(cells, len(found)), *row) for row, cells in by_versions.items())
    if len(rows) > 1:
        differing = [
            name
            for place, name in enumerate((*names, "revision", "replicas"))
            if len({row[place + 1] for row in rows}) > 1
        ]
        note = f"Runs differ in {', '.join(differing)}: their numbers are not of one piece of software."
    else:
        note = "All runs have the same versions."
    note += f" The study was planned by chex_tf {study.version}, revision {study.revision or UNKNOWN}."
    since = sorted({one.revision or UNKNOWN for one in found.values()} - {study.revision or UNKNOWN})
    if since and study.revision:
        note += f" Runs at another revision than the plan's: {', '.join(since)}."
    return Table("environment", "Software", ("Runs", *names, "Revision", "Replicas"), rows, note)


def named(cells: Sequence[str], total: int) -> str:
    if len(cells) == total and total > 1:
        return f"all {total}"
    return ", ".join(cells)
