"""What launch.study does. Apart from the verb itself, whose help need not wait for numpy."""

import dataclasses
import functools
import os
import pathlib
import shlex
import sys
from collections.abc import Container, Mapping, Sequence
from typing import TextIO

from chex_tf import amounts, software
from chex_tf.data.settings import DataSettings
from chex_tf.files import free_space
from chex_tf.models.settings import ModelSettings
from chex_tf.pretraining.settings import PretrainingSettings
from chex_tf.settings import InputError, Settings, nearest
from chex_tf.study import adopting, controller, executor, folder, overview, plan, ray, slurm, state
from chex_tf.study.folder import Study
from chex_tf.study.identity import PACKAGE
from chex_tf.study.state import Condition, State
from chex_tf.training.observations.settings import ObservationsSettings
from chex_tf.training.settings import TrainSettings
from launch.console import console
from launch.live_table import LiveTable
from launch.study_settings import StudySettings

# Verb -> the settings that its runs record. Pre-training by view prediction is a run of train.
KINDS: dict[str, tuple[type[Settings], ...]] = {
    "train": (TrainSettings, ObservationsSettings, DataSettings, ModelSettings),
    "pretrain": (TrainSettings, PretrainingSettings, DataSettings, ModelSettings),
}
INCOMPLETE = 1  # exit code of a study that ended without all of its cells


_STANDS_FOR = {
    Condition.RUNNING: "going on",
    Condition.FINISHED: "good",
    Condition.TRAINED: "going on",
    Condition.WAITING: "waiting",
    Condition.INTERRUPTED: "doubtful",
    Condition.FOREIGN: "bad",
    Condition.FAILED: "bad",
}


def carry_out(settings: StudySettings) -> int:
    before = folder.read(settings.study, KINDS)
    if settings.status:
        study = _named(settings, _planned(settings, before))
        states = {cell.name: state.of_cell(settings.study, study, cell, KINDS) for cell in study.cells}
        console.show(overview.text(study.cells, states, paint=_painted(sys.stdout)))
        return 0
    if before is None:
        _check_free(settings.study)
    costs: Mapping[str, plan.Cost] = {}
    version = software.version(PACKAGE)
    if settings.grid is None:
        study = _planned(settings, before)
        for line in folder.changed_software(study, version, software.revision()):
            console.say(line)
    else:
        from launch.study_cells import plan_of

        study, costs = plan_of(settings, KINDS, version, console.say)
        study = folder.kept(before, study)
        for line in folder.changes(before, study):
            console.say(line)
    chosen = _with_needed(settings, study)
    states = {cell.name: state.of_cell(settings.study, study, cell, KINDS) for cell in study.cells}
    foreign = [name for name, one in states.items() if one.condition is state.Condition.FOREIGN]
    if foreign:
        raise InputError(
            f"{study.cell(foreign[0]).run_dir(settings.study)} holds another experiment than its cell: "
            f"{states[foreign[0]].why}; move it away",
            "study",
        )
    rates = plan.read_rates(settings.study)
    if settings.measure:
        from launch.study_rates import measure

        rates = measure(settings.study, chosen, costs, rates, console.say)
    rates |= plan.rates_of_runs(settings.study, study.cells, costs) if costs else {}
    if costs:
        expected, free = plan.estimate(chosen.cells, states, costs, rates), free_space(settings.study)
        for line in plan.describe(expected, max(1, settings.workers), free):
            console.show(line, kept_in=None if settings.plan else settings.study)
        plan.check(expected, free, settings.study)
    if settings.plan:
        for cell in chosen.cells:
            console.show(f"  {cell.name:<34} {_cost(costs.get(cell.name), rates)}")
        return 0
    folder.write(settings.study, study)
    for line in adopting.adopt(settings.study, study, KINDS, settings.adopt):
        console.say(line)
    return _run(settings, chosen)


def _check_free(place: pathlib.Path) -> None:
    """Raises InputError for a folder that holds other things than what a study's measured rates leave there."""
    mine = {plan.RATES, ".measuring", ".measuring.log"}
    found = sorted(path.name for path in place.iterdir() if path.name not in mine) if place.is_dir() else []
    if found:
        some = ", ".join(found[:4]) + (f" and {len(found) - 4} more" if len(found) > 4 else "")
        raise InputError(f"expected a new or an empty folder, or one with a study; {place} holds {some}", "study")


def _planned(settings: StudySettings, before: Study | None) -> Study:
    if before is None:
        raise InputError(f"expected a folder with a study, or --grid to begin one; received {settings.study}", "study")
    return before


def _named(settings: StudySettings, study: Study) -> Study:
    """The study with the cells of --only alone, with all where it is not given."""
    names = [cell.name for cell in study.cells]
    for name in settings.only:
        if name not in names:
            raise InputError(f"expected names of cells; received {name}{nearest(name, names)}", "only")
    return _of(study, set(settings.only)) if settings.only else study


def _with_needed(settings: StudySettings, study: Study) -> Study:
    """The same with those from which these cells start."""
    more, needed = {cell.name for cell in _named(settings, study).cells}, set[str]()
    while more:
        needed |= more
        more = {one for cell in study.cells if cell.name in more for one in cell.needs} - needed
    return _of(study, needed)


def _of(study: Study, names: Container[str]) -> Study:
    return dataclasses.replace(study, cells=tuple(cell for cell in study.cells if cell.name in names))


def _run(settings: StudySettings, study: Study) -> int:
    """`study` has the cells to be done."""
    carrier = _executor(settings)
    console.say(
        f"{amounts.counted(len(study.cells), 'cell')} on {carrier.describe()}; --status in another terminal shows them"
    )
    live, shown, paint = LiveTable(), [""], _painted(sys.stderr)

    def show(states: Mapping[str, State]) -> None:
        line = overview.counted(states)
        if not live.on_terminal and line != shown[0]:
            console.say(line)
            shown[0] = line
        live.show(functools.partial(overview.fitting, study.cells, states, paint=paint))

    extra = [] if not settings.shared_cache else ["--cache=disk", f"--cache_dir={settings.study / 'cache'}"]
    rules = controller.Rules(settings.retries, settings.failures, settings.keep_going)
    command = functools.partial(controller.command_of, settings.study, study, extra=extra)
    try:
        outcome = controller.Controller(settings.study, study, KINDS, carrier, rules, live.say, show, command).run()
    finally:
        live.close()
    console.result(settings.study, overview.text(study.cells, outcome.states, paint=_painted(sys.stdout)))
    if outcome.stopped:
        console.complain("study", f"ended after {outcome.stopped}; --keep_going would go on")
    if not outcome.is_complete:
        return INCOMPLETE
    console.say(f"its report: launch.report --study={shlex.quote(str(settings.study))}")
    return 0


def _painted(stream: TextIO) -> overview.Paint:
    """Each state in a colour of its own, where the stream is a terminal with colours."""
    return lambda word, condition: console.coloured(word, _STANDS_FOR[condition], stream)


def _executor(settings: StudySettings) -> executor.Executor:
    if settings.executor == "slurm":
        return slurm.SlurmExecutor(settings.study.absolute(), settings.sbatch, settings.setup, settings.workers)
    if settings.executor == "ray":
        return ray.RayExecutor(settings.ray_address, settings.ray_cpus, settings.ray_gpus, settings.workers)
    return executor.LocalExecutor(executor.slots_of(settings.workers, gpus(), sorted(os.sched_getaffinity(0))))


def _cost(cost: plan.Cost | None, rates: Mapping[str, float]) -> str:
    if cost is None:
        return ""
    rate = rates.get(cost.rate_key)
    hours = "rate not measured" if rate is None else f"{cost.seconds(rate, 0) / 3600:.2f} h"
    return f"{cost.steps:>9,} steps  {amounts.size(cost.disk):>8}  {hours}"


def gpus() -> Sequence[int]:
    """Numbers of this machine's NVIDIA GPUs, without starting TensorFlow, which would take their memory."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [int(one) for one in visible.split(",") if one.strip().isdigit()]
    devices = pathlib.Path("/proc/driver/nvidia/gpus")
    return list(range(len(list(devices.iterdir())))) if devices.is_dir() else []
