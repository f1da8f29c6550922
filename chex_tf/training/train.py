"""Training from beginning to end: `train(...)` is what `python -m launch.train` calls, and a notebook may."""

import dataclasses
import importlib.metadata
import os
import pathlib
import subprocess
from collections.abc import Callable, Sequence
from typing import Any

import keras

from chex_tf.data.failures import reader_errors
from chex_tf.data.settings import DataSettings
from chex_tf.models.build import Built, build_model
from chex_tf.models.heads import Heads, names
from chex_tf.models.inputs import Statistics
from chex_tf.models.settings import ModelSettings
from chex_tf.runs import checkpoints, directory
from chex_tf.runs import encoder as encoder
from chex_tf.settings import InputError
from chex_tf.training import distribution, loop, network, plan, stopping
from chex_tf.training.observations.prepared_feed import PreparedFeed, open_feed
from chex_tf.training.settings import FREE_TO_CHANGE, TrainSettings


@dataclasses.dataclass(frozen=True)
class Run:
    """What a run directory holds. `best` are the ensemble's members, the best first; `rows` those of metrics.csv."""

    run_dir: pathlib.Path
    state: str
    step: int
    steps: int
    best: tuple[checkpoints.Best, ...]
    plan: str
    exit_code: int = 0

    @property
    def best_auroc(self) -> float | None:
        """Of the best single checkpoint on the validation set."""
        return self.best[0].score if self.best else None


def train(
    settings: TrainSettings,
    data: DataSettings,
    model: ModelSettings,
    *,
    say: loop.Say = lambda line: None,
    progress: loop.Progress = lambda done, total, note: None,
    callbacks: Sequence[loop.Callback] = (),
) -> Run:
    """Begins a run, or goes on with it where it stopped; one that is finished is left alone."""
    model = _sized(model, data)
    distribution.prepare(settings)
    machine = distribution.machine(settings)
    feed = open_feed(data, settings.batch)
    config = configuration(settings, data, model, feed, machine)
    if settings.dry_run:
        with machine.strategy.scope():
            built = _build(settings, data, model, feed, machine)
        return Run(settings.run_dir, "planned", 0, 0, (), plan.describe(settings, feed, built, machine))
    run_dir = settings.run_dir
    if not machine.is_chief:
        return _carry_out(settings, data, model, feed, machine, config, say, progress, callbacks)
    with directory.locked(run_dir):
        before = directory.read_config(run_dir)
        if before is not None and _holds_nothing(run_dir):
            say(f"{run_dir} failed before its first checkpoint; it begins anew with these settings")
            before = None
        if before is not None:
            _refuse_changes(run_dir, before, config, say)
        if directory.read_status(run_dir)["state"] == "finished":
            say(f"{run_dir} is finished; nothing to do")
            return _found(run_dir, "finished", 0)
        if before is None:
            directory.write_config(run_dir, config)
        try:
            return _carry_out(settings, data, model, feed, machine, config, say, progress, callbacks)
        except BaseException as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            directory.write_status(run_dir, "failed", why=reason)
            raise


def _holds_nothing(run_dir: pathlib.Path) -> bool:
    """Whether a command with a mistake in it, a misspelt weights file perhaps, left no more than its settings."""
    kept = (run_dir / checkpoints.FOLDER / checkpoints.INDEX).exists()
    return directory.read_status(run_dir)["state"] == "failed" and not kept


def _carry_out(
    settings: TrainSettings,
    data: DataSettings,
    model: ModelSettings,
    feed: PreparedFeed,
    machine: distribution.Machine,
    config: dict[str, Any],
    say: loop.Say,
    progress: loop.Progress,
    callbacks: Sequence[loop.Callback],
) -> Run:
    run_dir, chief = settings.run_dir, machine.is_chief
    with stopping.heard() as stop:
        if chief:
            directory.write_status(run_dir, "running")
        with machine.strategy.scope():
            built = _build(settings, data, model, feed, machine)
            for line in _about_model(settings, built):
                say(line)
            assert built.normalisation is not None
            net = network.make(settings, built.model, built.normalisation, len(feed.tasks))
        say(machine.describe())
        shown = {**config["training"], **config["data"], **config["model"]}
        with distribution.watched(machine), reader_errors(feed.train, feed.valid):
            outcome = loop.run(settings, machine, feed, net, data.seed, shown, stop, say, progress, callbacks)
        if not chief:
            return Run(run_dir, "worker", outcome.step, outcome.steps, (), "", outcome.exit_code)
        if outcome.step < outcome.steps:
            say(f"stopped at step {outcome.step:,} of {outcome.steps:,} by a signal; all is saved")
            directory.write_status(run_dir, "stopped", step=outcome.step, steps=outcome.steps)
            return _found(run_dir, "stopped", outcome.exit_code)
        _keep_encoder(run_dir, built)
        best = checkpoints.read_index(run_dir)[0].best
        directory.write_status(
            run_dir, "finished", step=outcome.step, steps=outcome.steps, best_auroc=best[0].score if best else None
        )
        return _found(run_dir, "finished", 0)


def configuration(
    settings: TrainSettings,
    data: DataSettings,
    model: ModelSettings,
    feed: PreparedFeed,
    machine: distribution.Machine,
) -> dict[str, Any]:
    """What config.json holds: every setting as resolved, and what else decides the outcome."""
    packages = ("tensorflow", "keras", "numpy", "tensorflow-datasets")
    return {
        "training": directory.as_json(settings),
        "data": directory.as_json(data),
        "model": directory.as_json(model),
        "records": feed.record(),
        "replicas": machine.replicas,
        "versions": {name: importlib.metadata.version(name) for name in packages},
        "revision": _revision(),
    }


POOLED = "features"  # the heads' common layer: see chex_tf.models.heads

# Kept in config.json and not compared: another revision or another place of the same data is no other run. Data are
# compared by their fingerprints.
_NOT_COMPARED = FREE_TO_CHANGE | {"versions", "revision", "data_dir", "cache", "cache_dir", "readers", "weights_dir"}


def _refuse_changes(
    run_dir: pathlib.Path, before: dict[str, Any], now: dict[str, Any], say: Callable[[str], None]
) -> None:
    compared = [{**config, "data": {**config["data"], "data": ""}} for config in (before, now)]
    changed = directory.differences(compared[0], compared[1], _NOT_COMPARED)
    if changed:
        raise InputError(
            f"{run_dir} is a run with other settings ({'; '.join(changed)}); take another folder", "run_dir"
        )
    for name in ("versions", "revision"):
        if before.get(name) != now[name]:
            say(f"note: {name} changed since this run began ({before.get(name)} -> {now[name]}): bits may differ")


def _sized(model: ModelSettings, data: DataSettings) -> ModelSettings:
    """The model takes what the data give."""
    unasked = next(field.default for field in dataclasses.fields(model) if field.name == "size")
    if model.size not in (unasked, data.image_size):
        raise InputError(f"the model's size is the images' ({data.image_size}); received {model.size}", "size")
    return dataclasses.replace(model, size=data.image_size)


def heads_of(settings: TrainSettings, tasks: int, classes: int) -> Heads:
    return Heads(tasks, classes, tuple(settings.auxiliary), settings.dropout)


def _build(
    settings: TrainSettings, data: DataSettings, model: ModelSettings, feed: PreparedFeed, machine: distribution.Machine
) -> Built:
    synchronised = settings.synchronise_batch_norm and machine.replicas > 1
    if synchronised:
        model = dataclasses.replace(model, fused=False)  # the fused kernel sees one replica's images alone
    statistics = None
    if model.weights == "none":
        measured = feed.train.statistics()
        statistics = Statistics(measured.mean, measured.deviation)
    heads = heads_of(settings, len(feed.tasks), feed.classes)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(settings.precision)
    try:
        built = build_model(model, heads, data.seed, statistics)
    finally:
        keras.config.set_dtype_policy(policy)
    if synchronised:
        for layer in built.model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.synchronized = True
    return built


def _about_model(settings: TrainSettings, built: Built) -> list[str]:
    """Freezes what is to be frozen, and says which weights were loaded and what learns."""
    heads = names(Heads(extra=tuple(settings.auxiliary)))
    lines = [f"weights: {built.loaded}" if built.loaded is not None else "weights: random"]
    if settings.freeze != "none" or settings.freeze_batch_norm:
        lines.append(network.freeze(built.model, settings.freeze, settings.freeze_batch_norm, heads))
    learning = sum(variable.shape.num_elements() for variable in (v.value for v in built.model.trainable_variables))
    lines.append(f"{built.row.name}: {built.model.count_params():,} parameters, {learning:,} of them learn")
    return lines


def _keep_encoder(run_dir: pathlib.Path, built: Built) -> None:
    """The last weights below the head, for runs that start from this one with --weights=RUN_DIR."""
    assert built.normalisation is not None
    below = keras.Model(built.model.input, built.model.get_layer(POOLED).input)
    beside = run_dir / f".new.{encoder.ENCODER_WEIGHTS}"  # Keras goes by the ending of the name
    below.save_weights(beside)
    os.replace(beside, run_dir / encoder.ENCODER_WEIGHTS)
    encoder.write_encoder(run_dir, built.row.name, built.normalisation)


def _found(run_dir: pathlib.Path, state: str, exit_code: int) -> Run:
    states = checkpoints.read_index(run_dir)
    status = directory.read_status(run_dir)
    return Run(
        run_dir,
        state,
        states[0].step if states else 0,
        int(status.get("steps", 0)),
        states[0].best if states else (),
        "",
        exit_code,
    )


def _revision() -> str | None:
    """The git commit of this source tree; None for an installed package."""
    here = pathlib.Path(__file__).parent
    try:
        done = subprocess.run(
            ["git", "-C", str(here), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
