"""Training from beginning to end, whatever the objective.

`python -m launch.train` calls `train_observations`; a notebook may do so too.
"""

import contextlib
import dataclasses
import math
import pathlib
from collections.abc import Callable, Sequence

import keras

from chex_tf import software
from chex_tf.data.failures import reader_errors
from chex_tf.data.settings import DataSettings
from chex_tf.files import sha256
from chex_tf.models import batch_normalisation, catalogue
from chex_tf.models import heads as model_heads
from chex_tf.models.build import Built, build_model
from chex_tf.models.heads import POOLED, Heads
from chex_tf.models.inputs import Encoder
from chex_tf.models.layers_within import every_layer
from chex_tf.models.settings import ModelSettings
from chex_tf.runs import checkpoints, encoder, recovery, status
from chex_tf.runs import config as configuration
from chex_tf.runs.config import Config
from chex_tf.runs.lock import locked
from chex_tf.settings import InputError
from chex_tf.training import disk, distribution, freezing, loop, network, plan, stopping
from chex_tf.training.agreement import wait_for_all
from chex_tf.training.joining import WorkerLost
from chex_tf.training.objective import Objective
from chex_tf.training.observations.objective import open_observations
from chex_tf.training.observations.settings import ObservationsSettings
from chex_tf.training.settings import TrainSettings

OpenObjective = Callable[[TrainSettings, distribution.Machine], Objective]
_FORM_OF_PYTORCHS_EPSILON = 3  # of a run's configuration; runs of earlier forms began with the kernel's epsilon
_PACKAGES = ("tensorflow", "keras", "numpy", "tensorflow-datasets", "chex_tf")


@dataclasses.dataclass(frozen=True)
class Result:
    """The state of a run. `best` are the ensemble's members, the best first; `plan` is a dry run's; `score_label` says
    what ranked them, `said_score` the best score in words."""

    run_dir: pathlib.Path
    state: str
    step: int
    steps: int
    best: tuple[checkpoints.Best, ...]
    plan: str = ""
    exit_code: int = 0
    score_label: str = "AUROC"
    said_score: str = ""

    @property
    def best_score(self) -> float | None:
        """The best single checkpoint's, on the validation set."""
        return self.best[0].score if self.best else None


def train_observations(
    settings: TrainSettings,
    data: DataSettings,
    model: ModelSettings,
    observations: ObservationsSettings | None = None,
    *,
    say: loop.Say = lambda line: None,
    progress: loop.Progress = lambda done, total, note: None,
    callbacks: Sequence[loop.Callback] = (),
) -> Result:
    """Learns the observations of a prepared folder's films."""
    asked, model = _as_begun(settings.run_dir, observations or ObservationsSettings(), model, say)
    return train(
        settings,
        model,
        lambda training, machine: open_observations(asked, data, training),
        say=say,
        progress=progress,
        callbacks=callbacks,
    )


def _as_begun(
    run_dir: pathlib.Path, asked: ObservationsSettings, model: ModelSettings, say: loop.Say
) -> tuple[ObservationsSettings, ModelSettings]:
    """What an unfinished run of a former version did where it had no setting; without such a run, what is given."""
    recovery.refuse_damage(run_dir)
    before = configuration.read(run_dir)
    if before is None or _learned_nothing(run_dir):
        return asked, model
    asked, of_objective = configuration.as_begun(before, asked)
    model, of_model = configuration.as_begun(before, model)
    if kept := [*of_objective, *of_model]:
        say(f"{run_dir} was begun by a former version and is continued as that version did: {', '.join(kept)}")
    return asked, model


def train(
    settings: TrainSettings,
    model: ModelSettings,
    open_objective: OpenObjective,
    *,
    say: loop.Say = lambda line: None,
    progress: loop.Progress = lambda done, total, note: None,
    callbacks: Sequence[loop.Callback] = (),
) -> Result:
    """Begins a run, or continues it where it stopped; a finished run is left alone."""
    distribution.prepare(settings)
    machine = distribution.machine(settings, say)
    objective = open_objective(settings, machine)
    if settings.batch > objective.training_images:
        raise InputError(
            f"expected at most the {objective.training_images:,} training images; received {settings.batch:,}", "batch"
        )
    model = batch_normalisation.resolved(model, catalogue.row(model.arch), _encoder(model))
    job = _Job(settings, model, objective, machine, say, progress, callbacks)
    if settings.dry_run:
        with machine.strategy.scope():
            built = job.build()
        disk.check(settings.run_dir, disk.need(settings, objective, built))
        return Result(settings.run_dir, "planned", 0, 0, (), plan.describe(settings, objective, built, machine))
    run_dir = settings.run_dir
    recovery.refuse_damage(run_dir)
    if not machine.is_chief:
        with stopping.listening() as stop:  # to the end: one that left while the chief saves would take it with it
            if status.read(run_dir)["state"] == "finished":
                result = _result(run_dir, "finished", 0, objective)
            else:
                result = job.run(stop, lambda: None)
            with distribution.worker_errors(machine):
                wait_for_all(machine)
        return result
    begun = False

    def begin() -> None:
        nonlocal begun
        if before is None:
            configuration.write(run_dir, job.config())
            checkpoints.write_index(run_dir, ())
        status.write(run_dir, "running")
        begun = True

    with locked(run_dir), stopping.listening() as stop:
        before = configuration.read(run_dir)
        if before is not None and _learned_nothing(run_dir):
            say(f"{run_dir} ended before its first checkpoint; it starts again with these settings")
            before = None
        if before is not None:
            job.refuse_changes(before)
        if status.read(run_dir)["state"] == "finished":
            say(f"{run_dir} is finished; nothing to do")
            _let_go(machine)
            return _result(run_dir, "finished", 0, objective)
        try:
            result = job.run(stop, begin)
        except BaseException as error:
            if begun:  # before, the run's folder is as it was
                reason = " ".join(f"{type(error).__name__}: {error}".split())
                with contextlib.suppress(OSError):  # it was moved away meanwhile, or the disk is full
                    if isinstance(error, Exception):
                        status.write(run_dir, "failed", why=reason)
                    else:  # a second signal
                        status.write(run_dir, "stopped")
            raise
        _let_go(machine)
        return result


def _let_go(machine: distribution.Machine) -> None:
    """Ends the other workers' waiting. All is saved: one that is gone by now takes nothing with it."""
    with contextlib.suppress(WorkerLost), distribution.worker_errors(machine):
        wait_for_all(machine)


@dataclasses.dataclass(frozen=True)
class _Job:
    """A run that is about to be carried out by this process."""

    settings: TrainSettings
    model: ModelSettings
    objective: Objective
    machine: distribution.Machine
    say: loop.Say
    progress: loop.Progress
    callbacks: Sequence[loop.Callback]

    @property
    def heads(self) -> Heads:
        return dataclasses.replace(self.objective.heads, dropout=self.settings.dropout)

    def config(self) -> Config:
        """Every setting as resolved, and whatever else decides the outcome."""
        return configuration.assemble(
            (self.settings, *self.objective.settings, self.model),
            self.heads.to_json(),
            self.objective.records(),
            self.machine.replicas,
            {name: software.version(name) for name in _PACKAGES},
            software.revision(),
            _digest_of_weights(self.model),
        )

    def refuse_changes(self, before: Config) -> None:
        now, run_dir = self.config(), self.settings.run_dir
        changed = configuration.differences(before, now, (self.settings, *self.objective.settings, self.model))
        if changed:
            raise InputError(
                f"{run_dir} is a run with other settings ({'; '.join(changed)}); take another folder", "run_dir"
            )
        if before.versions != now.versions:
            self.say(
                f"note: versions changed since this run began ({before.versions} -> {now.versions}): bits may differ"
            )
        if before.revision != now.revision:
            changed_to = software.change(before.revision, now.revision)
            self.say(f"note: revision changed since this run began ({changed_to}): bits may differ")
        if before.form < _FORM_OF_PYTORCHS_EPSILON and self.settings.optimizer == "adam":
            self.say(
                "note: the version that began this run added Adam's epsilon before the bias correction; from here it "
                "is PyTorch's, which makes early steps with tiny gradients larger"
            )

    def build(self) -> Built:
        """The network, with the requested layers frozen; call it in the strategy's scope."""
        settings, model = self.settings, self.model
        synchronised = settings.synchronise_batch_norm and self.machine.replicas > 1
        if synchronised:
            model = dataclasses.replace(model, fused=False)  # the fused kernel sees only one replica's images
        statistics = self.objective.statistics() if model.weights == "none" else None
        policy = keras.config.dtype_policy()
        keras.config.set_dtype_policy(settings.precision)
        try:
            built = build_model(
                model, self.heads, self.objective.side, settings.seed, statistics, encoder=_encoder(model)
            )
        finally:
            keras.config.set_dtype_policy(policy)
        if synchronised:
            _synchronise(built.model)
        freezing.freeze(built.model, settings.freeze, settings.freeze_batch_norm, model_heads.names(self.heads))
        return built

    def run(self, stop: stopping.Request, begin: Callable[[], None]) -> Result:
        """`begin` is called before anything is written."""
        settings, run_dir, chief = self.settings, self.settings.run_dir, self.machine.is_chief
        with self.machine.strategy.scope():
            built = self.build()
            assert built.normalisation is not None
            net = network.make(settings, built.model, built.normalisation, self.objective.variables())
        if chief:
            disk.check(run_dir, disk.need(settings, self.objective, built))
        for line in plan.describe_run(settings, self.objective, built, self.machine):
            self.say(line)
        board_settings = {
            name: value
            for part in (settings, *self.objective.settings, self.model)
            for name, value in part.to_json().items()
        }
        with distribution.worker_errors(self.machine), reader_errors(*self.objective.sources):
            outcome = loop.run(
                settings,
                self.machine,
                self.objective,
                net,
                board_settings,
                stop,
                self.say,
                self.progress,
                begin,
                self.callbacks,
            )
        if not chief:
            return Result(run_dir, "worker", outcome.step, outcome.steps, (), "", outcome.exit_code)
        if outcome.step < outcome.steps:
            self.say(f"stopped at step {outcome.step:,} of {outcome.steps:,} by a signal; all is saved")
            status.write(run_dir, "stopped", step=outcome.step, steps=outcome.steps)
            return _result(run_dir, "stopped", outcome.exit_code, self.objective)
        best = checkpoints.read_index(run_dir)[0].best
        self._save_encoders(built, net, outcome.step, best)
        score = best[0].score if best and not math.isnan(best[0].score) else None
        named = {f"best_{self.objective.score_name}": score}
        if not math.isnan(outcome.rate):
            named["images_a_second"] = round(outcome.rate, 3)
        status.write(run_dir, "finished", step=outcome.step, steps=outcome.steps, **named)
        return _result(run_dir, "finished", 0, self.objective)

    def _save_encoders(self, built: Built, net: network.Network, last: int, best: Sequence[checkpoints.Best]) -> None:
        """Weights below the head at the last step and at the best checkpoint, for other runs' --weights=RUN_DIR.

        The network is left with those of the best.
        """
        assert built.normalisation is not None
        run_dir, steps = self.settings.run_dir, {encoder.LAST: last}
        below = keras.Model(built.model.input, built.model.get_layer(POOLED).input)
        encoder.write_weights(run_dir, encoder.LAST, below.save_weights)
        if best:
            net.restore_weights(checkpoints.read_weights(run_dir, best[0]))
            encoder.write_weights(run_dir, encoder.BEST, below.save_weights)
            steps[encoder.BEST] = best[0].step
        epsilon = built.settings.batch_norm_epsilon
        encoder.write_facts(run_dir, built.row.name, built.normalisation.to_json(), steps, epsilon)


def _synchronise(model: keras.Model) -> None:
    """Lets every batch normalisation, nested ones included, average over the images of all replicas."""
    for layer in every_layer(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True


def _is_released(model: ModelSettings) -> bool:
    """Whether --weights is a name, none among them; names come before files that are called so."""
    return model.weights in {"none", *(checkpoint.name for checkpoint in catalogue.row(model.arch).checkpoints)}


def _encoder(model: ModelSettings) -> Encoder | None:
    """The encoder of the run whose folder, or file in it, --weights names."""
    return None if _is_released(model) else encoder.at(pathlib.Path(model.weights), model.encoder)


def _digest_of_weights(model: ModelSettings) -> str | None:
    path = pathlib.Path(model.weights)
    return None if _is_released(model) or not path.is_file() else sha256(path)


def _learned_nothing(run_dir: pathlib.Path) -> bool:
    """Whether it was killed or ended before its first checkpoint, as by a misspelt file of weights: its settings bind
    nobody."""
    return not checkpoints.read_index(run_dir)


def _result(run_dir: pathlib.Path, state: str, exit_code: int, objective: Objective) -> Result:
    states = checkpoints.read_index(run_dir)
    best = states[0].best if states else ()
    return Result(
        run_dir,
        state,
        states[0].step if states else 0,
        int(status.read(run_dir).get("steps", 0)),
        best,
        "",
        exit_code,
        objective.score_label,
        objective.say_score(best[0].score) if best else "",
    )
