"""Pre-trains an encoder: by view prediction, Barlow Twins or VICReg; launch.train --weights=RUN_DIR goes on from it."""

import dataclasses

from chex_tf.data.settings import DataSettings
from chex_tf.models.settings import ModelSettings
from chex_tf.pretraining.settings import VIEW, PretrainingSettings
from chex_tf.training.observations.settings import ObservationsSettings
from chex_tf.training.settings import TrainSettings
from launch import train as training_verb
from launch.command import run
from launch.console import console
from launch.progress import Progress


def main(
    training: TrainSettings,
    pretraining: PretrainingSettings,
    observations: ObservationsSettings,
    data: DataSettings,
    model: ModelSettings,
) -> int:
    if not pretraining.compares_views:
        if pretraining.objective == VIEW:
            from chex_tf.pretraining.view import of_view

            observations, data, lines = of_view(observations, data)
            for line in lines:
                console.say(line)
        return training_verb.main(training, observations, data, model)
    from chex_tf.runs import recovery

    if training.recover:
        recovery.recover(training.run_dir, console.say)
        return 0
    from chex_tf.pretraining.objective import open_views
    from chex_tf.runs.checkpoints import CheckpointError
    from chex_tf.training.guards import Collapsed, NonFinite
    from chex_tf.training.joining import WorkerLost
    from chex_tf.training.train import train

    if given := _given(observations):
        console.say(f"note: {pretraining.objective} learns no observation; --{', --'.join(given)} decide nothing")
    try:
        done = train(
            training,
            model,
            lambda settings, machine: open_views(pretraining, data, settings, machine),
            say=console.say,
            progress=Progress("images"),
        )
    except (Collapsed, NonFinite, WorkerLost, CheckpointError) as error:
        console.complain("pretrain", str(error))
        return training_verb.FAILED
    if done.plan:
        console.show(done.plan)
    elif done.best:
        console.result(
            done.run_dir,
            f"{done.run_dir}: {done.state} at step {done.step:,}, {done.said_score}; its encoder: launch.train "
            f"--weights={done.run_dir}",
        )
    return done.exit_code


def _given(settings: ObservationsSettings) -> list[str]:
    """Names of the settings that are not at their defaults."""
    return [field.name for field in dataclasses.fields(settings) if getattr(settings, field.name) != field.default]


if __name__ == "__main__":
    run(main, TrainSettings, PretrainingSettings, ObservationsSettings, DataSettings, ModelSettings)
