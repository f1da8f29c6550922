"""The loop, to be read from top to bottom: resume, check, then step, evaluate, save, until the last step."""

import dataclasses
import math
import pathlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from chex_tf.runs import checkpoints, directory, metrics_file
from chex_tf.training import guards, network, schedules
from chex_tf.training.distribution import Machine, agree
from chex_tf.training.feed import Feed, distributed, one_pass
from chex_tf.training.network import Network
from chex_tf.training.observations import validation
from chex_tf.training.settings import TrainSettings
from chex_tf.training.step import REPORTED, make_steps
from chex_tf.training.stopping import Request

Say = Callable[[str], None]
Progress = Callable[[int, int, str], None]


@dataclasses.dataclass(frozen=True)
class Evaluated:
    """What a callback is told after an evaluation. `board` writes to TensorBoard; None where none is wanted."""

    step: int
    metrics: dict[str, float]
    scores: validation.Scores
    model: keras.Model
    normalisation: Any
    run_dir: pathlib.Path
    board: Any
    classes: int
    workers: int


Callback = Callable[[Evaluated], None]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How far it came, and the signal's exit code if one ended it."""

    step: int
    steps: int
    exit_code: int


def total_steps(settings: TrainSettings, steps_per_epoch: float) -> int:
    return settings.steps if settings.steps is not None else max(1, math.ceil(settings.epochs * steps_per_epoch))


def run(
    settings: TrainSettings,
    machine: Machine,
    feed: Feed,
    net: Network,
    seed: int,
    board_settings: dict[str, Any],
    stop: Request,
    say: Say,
    progress: Progress,
    callbacks: Sequence[Callback] = (),
) -> Outcome:
    """Goes on from the last checkpoint, or begins; returns at the last step or when asked to stop."""
    run_dir, chief = settings.run_dir, machine.is_chief
    steps = total_steps(settings, feed.steps_per_epoch)
    scored = validation.scored_tasks(settings.score_tasks, feed.tasks)

    # ---- where the run stands -----------------------------------------------------------------------------------
    step, rows, tally = 0, [], metrics_file.Tally()
    state_variables = net.state()
    found = checkpoints.load(run_dir, say)
    if found is not None:
        state, arrays = found
        network.restore(state_variables, arrays)
        step, rows, tally = state.step, list(state.note["rows"]), metrics_file.Tally(**state.note["tally"])
        say(f"going on from step {step:,} of {steps:,}")
    agree(machine, step, "checkpoints")
    known = tuple(known for known in checkpoints.read_index(run_dir) if known.step <= step)
    if chief:
        header = metrics_file.header(_columns(feed.tasks))
        metrics_file.write(run_dir, [header, *rows])
    writer = checkpoints.Writer(run_dir, settings.keep, known) if chief else None
    saved_at = step if found is not None else -1

    # ---- data, step, validation ----------------------------------------------------------------------------------
    schedule = schedules.learning_rate(settings, steps, feed.steps_per_epoch)
    train_steps = make_steps(machine.strategy, settings, net, feed.prior, schedule, seed)
    dataset = feed.training(step, machine)
    if step < steps:
        first = {name: value.numpy() for name, value in next(iter(dataset.take(1))).items()}
        for line in guards.check_first_batch(first, feed.tasks, net.normalisation):
            say(line)
    batches = iter(distributed(machine.strategy, dataset))
    held_out = one_pass(machine.strategy, feed.evaluation(machine))
    validate = validation.make_validate(machine.strategy, net, held_out, feed.tasks, scored, feed.blank_is_negative)
    board = None
    if settings.tensorboard and chief:
        from chex_tf.training.tensorboard import TensorBoard

        board = TensorBoard(run_dir, board_settings, step)
        if step < steps and settings.sample_images:
            board.images(step, "inputs", first["image"][: settings.sample_images])
    best = max((one.score for one in writer.best()), default=math.nan) if writer else math.nan
    a_call = settings.steps_per_call or (8 if tf.config.list_physical_devices("GPU") else 1)
    profiled, profiling = settings.profiled_steps(), False
    overflow_is_fine = settings.precision == "mixed_float16"

    saved_time = time.monotonic()

    def save(score: float | None) -> None:
        nonlocal saved_at, saved_time
        saved_time = time.monotonic()
        if writer is None:
            return
        arrays = network.snapshot(state_variables)
        weights = {name: arrays[name] for name in arrays if name.startswith("weight/")} if score is not None else None
        note = {"rows": list(rows), "tally": dataclasses.asdict(tally), "normalisation": net.normalisation.to_json()}
        writer.save(step, arrays, note, weights, score)
        saved_at = step

    # ---- the loop --------------------------------------------------------------------------------------------------
    logged_at, logged_time, waited = step, time.monotonic(), 0.0
    loss = math.nan
    try:
        while step < steps and stop.signal is None:
            to_evaluation = settings.evaluate_steps - step % settings.evaluate_steps
            count = min(a_call, to_evaluation, steps - step)
            if profiled and board is not None:
                profiling = _profile(run_dir, profiled, step, profiling)
            reports = train_steps(batches, tf.constant(step, tf.int64), tf.constant(count)).numpy()
            guards.check_finite(reports, step, _last_checkpoint(writer, run_dir), overflow_is_fine)
            step += count
            losses, norms, rates, waits = (reports[:, REPORTED.index(name)] for name in REPORTED)
            tally.add(losses, norms)
            loss = float(losses[-1])
            waited += float(waits.sum())

            # -- watch
            if board is not None and (step // settings.log_every > logged_at // settings.log_every):
                now = time.monotonic()
                board.scalars(
                    step,
                    {
                        "train/loss": loss,
                        "train/learning_rate": float(rates[-1]),
                        "train/gradient_norm": float(norms[-1]),
                        "speed/images_per_second": (step - logged_at) * settings.batch / max(1e-9, now - logged_time),
                        "speed/input_wait": waited / max(1e-9, now - logged_time),
                    },
                )
                logged_at, logged_time, waited = step, now, 0.0

            # -- evaluate
            if step % settings.evaluate_steps == 0 or step == steps:
                scores = validate()
                if not np.isfinite(scores.loss):
                    raise guards.NonFinite(
                        f"validation loss is {scores.loss} at step {step}; last good checkpoint: "
                        f"{_last_checkpoint(writer, run_dir)}"
                    )
                metrics = _metrics(step, settings, feed, tally, float(str(rates[-1])), scores)
                tally = metrics_file.Tally()
                best = scores.mean if not best >= scores.mean else best
                rows.append(metrics_file.row(metrics))
                if chief:
                    metrics_file.write(run_dir, [header, *rows])
                save(scores.mean)
                if chief:
                    directory.write_status(
                        run_dir, "running", step=step, steps=steps, best_auroc=None if math.isnan(best) else best
                    )
                    _show(board, step, metrics, best, scores, feed.tasks)
                    told = (net.model, net.normalisation, run_dir, board, feed.classes, machine.workers)
                    for callback in callbacks:
                        callback(Evaluated(step, metrics, scores, *told))
                logged_at, logged_time, waited = step, time.monotonic(), 0.0
            elif time.monotonic() - saved_time >= 60 * settings.checkpoint_minutes > 0:
                save(None)
            done, total = step * settings.batch, steps * settings.batch
            progress(done, total, f"loss {loss:.4f}" + ("" if math.isnan(best) else f", best AUROC {best:.4f}"))

        # ---- the end, or a stop --------------------------------------------------------------------------------
        if saved_at != step:
            save(None)
        if writer is not None:
            writer.wait()
    finally:
        if profiling:
            tf.profiler.experimental.stop()
        if writer is not None:
            writer.close()
        if board is not None:
            board.finish(succeeded=step == steps)
    return Outcome(step, steps, 0 if step == steps else stop.exit_code)


def _columns(tasks: Sequence[str]) -> tuple[str, ...]:
    fixed = ("step", "epoch", "images", "learning_rate", "train_loss", "gradient_norm", "validation_loss", "auroc")
    return (*fixed, *(f"auroc/{task}" for task in tasks))


def _metrics(
    step: int, settings: TrainSettings, feed: Feed, tally: metrics_file.Tally, rate: float, scores: validation.Scores
) -> dict[str, float]:
    loss, norm = tally.means()
    values = (step, step / feed.steps_per_epoch, step * settings.batch, rate, loss, norm, scores.loss, scores.mean)
    return dict(zip(_columns(feed.tasks), (*values, *(scores.auroc[task] for task in feed.tasks)), strict=True))


def _show(board: Any, step: int, metrics: dict[str, float], best: float, scores: validation.Scores, tasks: Any) -> None:
    if board is None:
        return
    named = {f"validation/{name}": metrics[name] for name in metrics if name.startswith("auroc")}
    means = {"validation/loss": scores.loss, "validation/best_auroc": best, "train/mean_loss": metrics["train_loss"]}
    board.scalars(step, named | means)
    for column, task in enumerate(tasks):
        board.precision_recall(step, task, scores.truth[:, column], scores.probabilities[:, column])
    board.flush()


def _last_checkpoint(writer: checkpoints.Writer | None, run_dir: pathlib.Path) -> str:
    states = writer.states if writer is not None else checkpoints.read_index(run_dir)
    return f"step {states[0].step} ({run_dir / checkpoints.FOLDER / states[0].file})" if states else "none yet"


def _profile(run_dir: pathlib.Path, steps: tuple[int, int], step: int, profiling: bool) -> bool:
    """Starts and stops TensorFlow's profiler around the steps asked for, as near as calls begin and end."""
    if not profiling and steps[0] <= step < steps[1]:
        tf.profiler.experimental.start(str(run_dir))
        return True
    if profiling and step >= steps[1]:
        tf.profiler.experimental.stop()
        return False
    return profiling
