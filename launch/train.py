"""Trains a model; a run started again continues from its last step. The papers' procedures are in configs/."""

from chex_tf.data.settings import DataSettings
from chex_tf.models.settings import ModelSettings
from chex_tf.training.observations.settings import ObservationsSettings
from chex_tf.training.settings import TrainSettings
from launch.command import run
from launch.console import console
from launch.progress import Progress

FAILED = 1  # exit code of a run that cannot continue; the reason is one line


def main(training: TrainSettings, observations: ObservationsSettings, data: DataSettings, model: ModelSettings) -> int:
    from chex_tf.runs import recovery
    from chex_tf.runs.checkpoints import CheckpointError

    if training.recover:
        recovery.recover(training.run_dir, console.say)
        return 0
    from chex_tf.training.guards import NonFinite
    from chex_tf.training.joining import WorkerLost
    from chex_tf.training.train import train_observations

    callbacks = []
    if training.tensorboard and training.cam_images and observations.learns_observations and not training.dry_run:
        from chex_tf.explain.while_training import callback

        callbacks.append(callback(data, model, training.cam_images, training.evaluation_split))
    try:
        done = train_observations(
            training, data, model, observations, say=console.say, progress=Progress("images"), callbacks=callbacks
        )
    except (NonFinite, WorkerLost, CheckpointError) as error:
        console.complain("train", str(error))
        return FAILED
    if done.plan:
        console.show(done.plan)
    elif done.best:
        members = f"{len(done.best)} checkpoint{'s' * (len(done.best) > 1)}"
        console.result(
            done.run_dir, f"{done.run_dir}: {done.state} at step {done.step:,}, {done.said_score}, {members} kept"
        )
    return done.exit_code


if __name__ == "__main__":
    run(main, TrainSettings, ObservationsSettings, DataSettings, ModelSettings)
