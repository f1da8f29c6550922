"""What a run would do, in words: data, model, steps, evaluations, disk and memory."""

import math

from chex_tf.models.build import Built
from chex_tf.training.distribution import Machine
from chex_tf.training.loop import total_steps
from chex_tf.training.observations.prepared_feed import PreparedFeed
from chex_tf.training.observations.validation import scored_tasks
from chex_tf.training.settings import TrainSettings


def describe(settings: TrainSettings, feed: PreparedFeed, built: Built, machine: Machine) -> str:
    steps = total_steps(settings, feed.steps_per_epoch)
    evaluations = math.ceil(steps / settings.evaluate_steps)
    parameters = built.model.count_params()
    slots = 2 if settings.optimizer == "adam" else 1
    learning = sum(math.prod(variable.shape) for variable in built.model.trainable_variables)
    state, weights = 4 * (parameters + slots * learning), 4 * parameters
    kept = min(settings.keep, evaluations)
    share = settings.batch // machine.replicas // settings.accumulate
    activations = share * sum(_outputs(layer) for layer in built.model.layers) * 4
    policy = feed.train.describe()
    lines = [
        *policy,
        f"validation: {feed.evaluation_images:,} images, ranked by mean AUROC over "
        + ", ".join(scored_tasks(settings.score_tasks, feed.tasks)),
        f"model: {built.row.name}, {parameters:,} parameters, {learning:,} of them learn; "
        f"{built.loaded or 'random weights'}",
        f"machine: {machine.describe()}; {settings.precision}; {share} images a replica at a time",
        f"steps: {steps:,} of {settings.batch} images, {steps / feed.steps_per_epoch:.2f} epochs of "
        f"{feed.training_images:,} images",
        f"evaluations: {evaluations:,}, every {settings.evaluate_steps:,} steps; the best {kept} are kept",
        f"disk: {_size(2 * state + kept * weights)} of checkpoints",
        f"memory: {_size(state + 4 * learning)} for weights, gradients and slots, up to about {_size(activations)} for "
        "activations, on each device",
    ]
    return "\n".join(lines)


def _outputs(layer: object) -> int:
    """Numbers that a layer gives for one image."""
    output = getattr(layer, "output", None)
    shape = getattr(output, "shape", None)
    return math.prod(size for size in shape[1:] if size) if shape else 0


def _size(count: float) -> str:
    for unit in ("bytes", "KB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
