"""The loop, to be read from top to bottom: resume, check, begin to write, then step, evaluate, save, until the last
step."""

import dataclasses
import functools
import math
import pathlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from chex_tf.data.distributed import distributed
from chex_tf.models.heads import Heads
from chex_tf.runs import checkpoints, layout
from chex_tf.runs.checkpoint_writer import Writer
from chex_tf.training import guards, schedules
from chex_tf.training.agreement import check_agreement, on_stopping
from chex_tf.training.distribution import Machine
from chex_tf.training.journal import Journal
from chex_tf.training.network import Network
from chex_tf.training.objective import Evaluation, Objective
from chex_tf.training.periodic import Evaluations, Log, Position, Profile, Saves
from chex_tf.training.settings import TrainSettings
from chex_tf.training.step import REPORTED, make_steps
from chex_tf.training.stopping import Request

Say = Callable[[str], None]
Progress = Callable[[int, int, str], None]


@dataclasses.dataclass(frozen=True)
class Evaluated:
    """What a callback receives after an evaluation. `board` writes to TensorBoard; None without TensorBoard."""

    step: int
    metrics: dict[str, float]
    found: Evaluation
    model: keras.Model
    normalisation: Any
    heads: Heads
    run_dir: pathlib.Path
    board: Any
    workers: int


Callback = Callable[[Evaluated], None]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How far the run got, the signal's exit code if a signal ended it, and the rate of its training steps in images a
    second, without evaluations and without the first call, which compiles; NaN if there was no other."""

    step: int
    steps: int
    exit_code: int
    rate: float


def run(
    settings: TrainSettings,
    machine: Machine,
    objective: Objective,
    net: Network,
    board_settings: dict[str, Any],
    stop: Request,
    say: Say,
    progress: Progress,
    begin: Callable[[], None],
    callbacks: Sequence[Callback] = (),
) -> Outcome:
    """Continues from the last checkpoint, or begins; returns at the last step or when asked to stop. `begin` is called
    once everything that can be refused was accepted, before anything is written into the run's folder."""
    run_dir, chief, clock = settings.run_dir, machine.is_chief, time.monotonic
    steps = settings.total_steps(objective.steps_per_epoch)
    evaluations = Evaluations(settings.evaluate_steps, steps)

    # ---- where the run stands -----------------------------------------------------------------------------------
    step, saved = 0, None
    found = checkpoints.load(run_dir, say)
    if found is not None:
        state, arrays = found
        net.restore(arrays)
        step, saved = state.step, state.note
        say(f"continuing from step {step:,} of {steps:,}")
    check_agreement(machine, step, "checkpoints")
    known = tuple(known for known in checkpoints.read_index(run_dir) if known.step <= step)
    best = max((one.score for state in known[:1] for one in state.best), default=math.nan)

    # ---- data, step, evaluation ---------------------------------------------------------------------------------
    schedule = schedules.learning_rate(settings, steps, objective.steps_per_epoch)
    stages = schedules.stages(settings, objective.steps_per_epoch) if settings.optimizer == "pesg" else None
    train_steps = make_steps(machine.strategy, settings, net, objective, schedule, stages)
    dataset = objective.training(step, machine)
    first: dict[str, np.ndarray] = {}
    if step < steps:
        first = {name: value.numpy() for name, value in next(iter(dataset.take(1))).items()}
        for line in guards.check_first_images(first["image"], net.normalisation):
            say(line)
        for line in objective.check_first_batch(first, net.normalisation):
            say(line)
    batches = iter(distributed(machine.strategy, dataset))
    evaluate = objective.evaluator(machine, net)

    # ---- what is written ----------------------------------------------------------------------------------------
    begin()
    journal = Journal(run_dir if chief else None, objective.columns, settings.batch, objective.steps_per_epoch, saved)
    writer = Writer(run_dir, settings.keep, known, say) if chief else None
    saves = Saves(writer, net, journal, settings.checkpoint_minutes, None if saved is None else step, clock())
    board = None
    if settings.tensorboard and chief:
        from chex_tf.training.tensorboard import TensorBoard

        board = TensorBoard(run_dir, board_settings, step, objective.score_name, objective.score_label)
        if first and settings.sample_images:
            board.images(step, "inputs", first["image"][: settings.sample_images])
    log = Log(board, settings.log_every, settings.batch, step, clock())
    position = Position(run_dir if chief else None, steps, objective.score_name)
    profile = Profile(run_dir, settings.profiled_steps() if chief else None)
    steps_per_call = settings.steps_per_call or (8 if tf.config.list_physical_devices("GPU") else 1)

    # ---- the loop -----------------------------------------------------------------------------------------------
    calls, timed_steps, timed_seconds, beside = 0, 0, 0.0, ""
    stops = on_stopping(machine, stop)
    if step < steps:
        position(step, best, clock())
    try:
        while step < steps and not stops():
            profile(step)
            count = min(steps_per_call, evaluations.steps_to_next(step))
            began = clock()
            reports = train_steps(batches, tf.constant(step, tf.int64), tf.constant(count)).numpy()
            calls += 1
            if calls > 1:
                timed_steps, timed_seconds = timed_steps + count, timed_seconds + clock() - began
            guards.check_finite(reports, step, lambda: _last_checkpoint(writer, run_dir))
            step += count
            journal.add(reports)
            log(step, reports, clock())
            if evaluations.due(step):
                evaluated = evaluate()
                last = functools.partial(_last_checkpoint, writer, run_dir)
                guards.check_evaluation(evaluated.loss, evaluated.fault, step, last)
                metrics = journal.row(step, evaluated.values)
                said = objective.say_beside(evaluated.values)
                beside = f"; {said}" if said else ""
                best = evaluated.score if not best >= evaluated.score else best
                saves(step, clock(), evaluated.score)
                position(step, best, clock())
                if chief:
                    _show_evaluation(objective, step, best, metrics, evaluated, board)
                    about_run = (net.model, net.normalisation, objective.heads, run_dir, board, machine.workers)
                    for callback in callbacks:
                        callback(Evaluated(step, metrics, evaluated, *about_run))
                log.restart(step, clock())
            elif saves.due(clock()):
                saves(step, clock())
            if position.due(clock()):
                position(step, best, clock())
            loss = float(reports[-1, REPORTED.index("loss")])
            best_so_far = "" if math.isnan(best) else f", {objective.say_score(best)}"
            progress(step * settings.batch, steps * settings.batch, f"loss {loss:.4f}{best_so_far}{beside}")
        saves.finish(step, clock())
    finally:
        profile.stop()
        saves.close()
        if board is not None:
            board.finish(succeeded=step == steps)
    rate = timed_steps * settings.batch / timed_seconds if timed_seconds > 0 else math.nan
    return Outcome(step, steps, 0 if step == steps else stop.exit_code, rate)


def _show_evaluation(
    objective: Objective, step: int, best: float, metrics: dict[str, float], found: Evaluation, board: Any
) -> None:
    """In TensorBoard."""
    if board is None:
        return
    named = {f"validation/{name.removeprefix('validation_')}": value for name, value in found.values.items()}
    means = {f"validation/best_{objective.score_name}": best, "train/mean_loss": metrics["train_loss"]}
    board.scalars(step, named | means)
    objective.show(board, step, found)
    board.flush()


def _last_checkpoint(writer: Writer | None, run_dir: pathlib.Path) -> str:
    states = writer.states if writer is not None else checkpoints.read_index(run_dir)
    return f"step {states[0].step} ({run_dir / layout.CHECKPOINTS / states[0].file})" if states else "none yet"
