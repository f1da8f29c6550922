"""What a run would do, in words: data, model, steps, evaluations, disk and memory."""

import math

from chex_tf.amounts import counted, size
from chex_tf.data import cache, splits
from chex_tf.files import free_space
from chex_tf.models import batch_normalisation, initialisers, stochastic_depth
from chex_tf.models.build import Built
from chex_tf.models.counting import trainable_parameters
from chex_tf.models.inputs import STATISTICS
from chex_tf.settings import InputError
from chex_tf.training import disk, freezing, processor
from chex_tf.training.distribution import Machine
from chex_tf.training.objective import Objective
from chex_tf.training.schedules import first_steps
from chex_tf.training.settings import TrainSettings

# A step goes forward once and back twice: through each layer to its inputs and to its weights.
FORWARDS = 3
MUCH = 0.25  # share of the time from which it is said how to lower it


def describe(settings: TrainSettings, objective: Objective, built: Built, machine: Machine) -> str:
    state = disk.state_bytes(settings, built)
    activations = _part(settings, machine) * sum(_outputs(layer) for layer in built.model.layers) * 4
    lines = [
        *describe_run(settings, objective, built, machine),
        disk.need(settings, objective, built).describe(),
        f"memory: {size(state + 4 * trainable_parameters(built.model))} for weights, gradients and slots, up to about "
        f"{size(activations)} for activations, on each device",
        f"free: {size(free_space(settings.run_dir))} of disk for {settings.run_dir}{_free_memory()}",
    ]
    return "\n".join(lines)


def describe_run(settings: TrainSettings, objective: Objective, built: Built, machine: Machine) -> list[str]:
    """What a run too says when it begins: all but what it needs of disk and memory."""
    steps = settings.total_steps(objective.steps_per_epoch)
    where, *of_processor = describe_machine(settings, machine)
    return [
        *objective.describe(),
        *objective.remarks(),
        *batch_normalisation.remarks(built.model, steps * settings.accumulate * objective.passes),
        *describe_splits(objective),
        *describe_evaluation_split(settings),
        *describe_model(settings, built),
        f"machine: {where}; {settings.precision}; {counted(_part(settings, machine), 'image')} per replica at a time",
        *of_processor,
        *describe_optimizer(settings, objective.steps_per_epoch),
        f"steps: {steps:,} of {counted(settings.batch, 'image')}, {steps / objective.steps_per_epoch:.2f} epochs of "
        f"{counted(objective.training_images, 'image')}",
        describe_evaluations(settings, objective),
    ]


def _part(settings: TrainSettings, machine: Machine) -> int:
    """Images that pass through a replica's network at a time."""
    return settings.batch // machine.replicas // settings.accumulate


def describe_splits(objective: Objective) -> list[str]:
    """Patients and studies that are in several splits of the folders that are read."""
    lines = []
    for mixture in (source.mixture for source in objective.sources if source.mixture is not None):
        for source in objective.sources:
            lines += mixture.shared_with(source.records) if source.mixture is None else []
    for folder in dict.fromkeys(folder for source in objective.sources for folder in source.folders):
        try:
            lines += splits.look(folder).describe()
        except InputError as error:  # of a split that this run does not need
            lines.append(f"note: not known whether patients are in several splits: {error}")
    return lines


def describe_evaluations(settings: TrainSettings, objective: Objective) -> str:
    """How many there are, and about what share of the time they take."""
    steps = settings.total_steps(objective.steps_per_epoch)
    evaluations = math.ceil(steps / settings.evaluate_steps)
    images = objective.evaluation_images
    share = evaluations * images / (evaluations * images + FORWARDS * steps * settings.batch)
    rarer = f"; a larger --evaluate_every, which counts {settings.evaluate_unit}, makes it less"
    return (
        f"evaluations: {evaluations:,}, every {settings.evaluate_steps:,} steps; the best "
        f"{min(settings.keep, evaluations)} are kept; {counted(images, 'image')} each, about {share:.0%} of the time "
        f"if an image costs a third of what it does in training{rarer if share >= MUCH else ''}"
    )


def describe_evaluation_split(settings: TrainSettings) -> list[str]:
    """A warning, where what ranks checkpoints is by its name a test set."""
    split = settings.evaluation_split
    if "test" not in split.lower():
        return []
    return [
        f"note: checkpoints are ranked on the split {split}; the run's scores on {split} are then too high, and are no "
        "test result"
    ]


def describe_machine(settings: TrainSettings, machine: Machine) -> list[str]:
    """The devices and, where the network computes on processors, what this one does with bfloat16."""
    devices = machine.strategy.extended.worker_devices
    said = None if any("GPU" in device for device in devices) else processor.describe(settings.precision)
    return [machine.describe(), *([said] if said is not None else [])]


def describe_model(settings: TrainSettings, built: Built) -> list[str]:
    """Which weights were loaded, what became of them and what they expect, how the rest begins, what is frozen, what
    learns and what regularises it."""
    lines = [f"weights: {built.loaded if built.loaded is not None else 'random'}"]
    if built.loaded is not None or built.settings.gabor:
        lines.append(f"start: {', '.join(map(str, built.parts))}")
    lines += [
        initialisers.describe(built.settings, built.row, built.shared_up_to),
        batch_normalisation.describe(built.model, built.settings),
        f"normalisation of the input by {built.normalisation}{_whose(built)}",
    ]
    if settings.freeze != "none" or settings.freeze_batch_norm:
        lines.append(freezing.describe(built.model))
    total = built.model.count_params()
    lines.append(f"{built.row.name}: {total:,} parameters, {trainable_parameters(built.model):,} of them learn")
    parts = [_dropout(built), _depth(built), _weight_decay(settings)]
    if settings.optimizer == "pesg":
        parts.append(f"pesg draws weights to their mean over the stage before, by {settings.epoch_decay:g}")
    return [*lines, f"regularisation: {'; '.join(parts)}"]


def _whose(built: Built) -> str:
    """Whose statistics, where they are not those of the data that are learned now."""
    of_earlier = built.loaded is not None and built.normalisation is not None and built.normalisation.name == STATISTICS
    return "; those that the loaded weights were trained with" if of_earlier else ""


def describe_optimizer(settings: TrainSettings, steps_per_epoch: float) -> list[str]:
    """The update rule with its constants, the learning rate over the steps, and the seed of what training draws."""
    rules = {
        "adam": f"adam, beta {settings.beta_1:g} and {settings.beta_2:g}, epsilon {settings.epsilon:g}",
        "sgd": f"sgd, momentum {settings.momentum:g}",
        "lars": f"lars, momentum {settings.momentum:g}, trust {settings.trust:g}; biases and norms neither adapt nor "
        f"decay, at {settings.bias_rate:g} times the learning rate",
        "pesg": f"pesg, epoch decay {settings.epoch_decay:g}",
    }
    clipped = "not clipped" if settings.clip_norm is None else f"clipped to a norm of {settings.clip_norm:g}"
    parts = f", batches in {settings.accumulate} parts" if settings.accumulate > 1 else ""
    return [
        f"optimizer: {rules[settings.optimizer]}; gradient {clipped}{parts}",
        f"learning rate: {settings.learning_rate:g}{_schedule(settings, steps_per_epoch)}",
        f"seed of random weights and dropout: {settings.seed}",
    ]


def _schedule(settings: TrainSettings, steps_per_epoch: float) -> str:
    warmup = f"; linear warm-up of {settings.warmup_steps:,} steps" if settings.warmup_steps else "; no warm-up"
    if settings.schedule == "constant":
        return f", constant{warmup}"
    if settings.schedule == "cosine":
        return f", by a cosine to 0 at the last step{warmup}"
    epochs = ", ".join(f"{epoch:g}" for epoch in settings.decay_epochs)
    steps = ", ".join(f"{step:,}" for step in first_steps(settings, steps_per_epoch))
    stages = ", where a stage of pesg ends" if settings.optimizer == "pesg" else ""
    return f", times {settings.decay_factor:g} after epochs {epochs} (steps {steps}){stages}{warmup}"


def _dropout(built: Built) -> str:
    found = [f"{layer.rate:g} in {layer.name}" for layer in stochastic_depth.plain_dropout(built.model)]
    return f"dropout {', '.join(found)}" if found else "no dropout"


def _depth(built: Built) -> str:
    rates = [layer.rate for layer in stochastic_depth.dropping(built.model)]
    if not rates:
        return "no stochastic depth"
    return f"stochastic depth in {len(rates)} blocks, at rates from {min(rates):g} to {max(rates):g}"


def _weight_decay(settings: TrainSettings) -> str:
    if not settings.weight_decay:
        return "no weight decay"
    coupled = "coupled, added to the gradient of every weight"
    if settings.optimizer == "lars":
        return f"weight decay {settings.weight_decay:g}, added to the gradient, biases and norms left out"
    decoupled = "decoupled, times the learning rate, biases and norms left out"
    return f"weight decay {settings.weight_decay:g}, {coupled if settings.weight_decay_coupled else decoupled}"


def _free_memory() -> str:
    free = cache.free_memory()
    return "" if free is None else f", {size(free)} of this machine's memory"


def _outputs(layer: object) -> int:
    """How many numbers a layer outputs for one image."""
    output = getattr(layer, "output", None)
    shape = getattr(output, "shape", None)
    return math.prod(side for side in shape[1:] if side) if shape else 0
