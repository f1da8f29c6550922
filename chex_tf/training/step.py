"""One training step, as every replica runs it, and several of them in one call."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from chex_tf.training.network import Network
from chex_tf.training.objective import Batch, Objective
from chex_tf.training.proximal import Stage
from chex_tf.training.schedules import Schedule, Stages
from chex_tf.training.settings import TrainSettings

# What a step reports, in this order. `loss_scale` is float16's, and 1 for other arithmetic; `waited` is the time spent
# waiting for its batch, in seconds, NaN in deterministic runs.
REPORTED = ("loss", "gradient_norm", "learning_rate", "loss_scale", "waited")

# Dynamic scaling of float16's loss: doubled after HOLD_STEPS without overflow, halved at one (Micikevicius et al.
# 2018, section 3.2, gives factors of 2 and an interval of 2000).
HOLD_STEPS, LARGEST_SCALE = 2000.0, 2.0**24

Steps = Callable[[Any, tf.Tensor, tf.Tensor], tf.Tensor]


def make_steps(
    strategy: tf.distribute.Strategy,
    settings: TrainSettings,
    network: Network,
    objective: Objective,
    schedule: Schedule,
    stages: Stages | None = None,
) -> Steps:
    """A function (iterator, steps done, how many) -> (how many, len(REPORTED)) float32; traced once for all counts.

    `stages` is for the optimizer pesg, which needs it.
    """
    replicas = strategy.num_replicas_in_sync
    learned = {name: network.own[name] for name in objective.learned}

    def forward(images: tf.Tensor) -> dict[str, tf.Tensor]:
        return network.outputs(images, training=True)

    def replica_step(batch: Batch, step: tf.Tensor) -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        batch = objective.prepare(batch)
        totals = objective.totals(batch)
        if replicas > 1 and totals:
            totals = context.all_reduce(tf.distribute.ReduceOp.SUM, totals)
        sources = [variable.value for variable in network.model.trainable_variables] + list(learned.values())
        scale = network.scaling[0] if settings.precision == "mixed_float16" else None
        moving_before = [] if scale is None else [tf.identity(variable.value) for variable in network.moving]

        # -- forward and backward, part by part -------------------------------------------------------------------
        gradients: list[tf.Tensor] = []
        loss = tf.constant(0.0)
        for part in range(settings.accumulate):
            piece = {name: _part(value, part, settings.accumulate) for name, value in batch.items()}
            with tf.control_dependencies(gradients):  # one part at a time; otherwise no memory would be saved
                _seed_dropout(network, context, settings.seed, step * settings.accumulate + part)
                with tf.GradientTape(watch_accessed_variables=False) as tape:
                    tape.watch(sources)
                    part_loss = objective.loss(forward, piece, totals, network.own, replicas * settings.accumulate)
                    scaled = part_loss if scale is None else part_loss * scale
                found = [
                    tf.zeros_like(source) if gradient is None else tf.convert_to_tensor(gradient)
                    for gradient, source in zip(tape.gradient(scaled, sources), sources, strict=True)
                ]
                gradients = [a + b for a, b in zip(gradients, found, strict=True)] if gradients else found
                loss += part_loss

        # -- the global gradient and the global statistics ----------------------------------------------------------
        # Identity, because a read has no device to reduce to.
        moving = [tf.identity(variable.value) for variable in network.moving]
        if replicas > 1:
            gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
            loss = context.all_reduce(tf.distribute.ReduceOp.SUM, loss)
            if moving:
                moving = context.all_reduce(tf.distribute.ReduceOp.MEAN, moving)
        if scale is not None:
            gradients = [gradient / scale for gradient in gradients]
        boundary = len(gradients) - len(learned)
        weight_gradients, own_gradients = gradients[:boundary], gradients[boundary:]
        norm = tf.linalg.global_norm(weight_gradients)
        applies = None
        if scale is not None:  # an overflow skips the whole step, including the statistics of its forward pass
            applies = tf.math.is_finite(tf.linalg.global_norm(gradients))
            moving = [tf.where(applies, new, old) for new, old in zip(moving, moving_before, strict=True)]
        if settings.clip_norm is not None:
            weight_gradients, _ = tf.clip_by_global_norm(weight_gradients, settings.clip_norm, use_norm=norm)

        # -- the update, equal on every replica ---------------------------------------------------------------------
        rate, stage = schedule(step), None if stages is None else stages(step)

        def update(
            strategy: tf.distribute.Strategy, weight_gradients: Any, moving: Any, own_gradients: Any, args: Any
        ) -> None:
            rate, step, applies = (_one_of(strategy, value) for value in args[:3])
            stage = None if args[3] is None else Stage(*(_one_of(strategy, value) for value in args[3]))
            network.optimizer.update(strategy, weight_gradients, rate, step, applies, stage)
            if replicas > 1 or applies is not None:
                for variable, mean in zip(network.moving, moving, strict=True):
                    strategy.extended.update(variable.value, lambda v, new: v.assign(new), args=(mean,), group=False)
            own = dict(zip(learned, own_gradients, strict=True))
            objective.update(strategy, network.own, own, applies, rate, stage)
            if applies is not None:
                strategy.extended.update(
                    network.scaling, lambda v, fits: v.assign(_next_scaling(v, fits)), args=(applies,), group=False
                )

        context.merge_call(update, args=(weight_gradients, moving, own_gradients, (rate, step, applies, stage)))
        return tf.stack([loss, norm, rate, tf.constant(1.0) if scale is None else scale])

    if settings.xla:
        replica_step = tf.function(replica_step, jit_compile=True)

    # Deterministic mode forbids reading a clock.
    now = (lambda: tf.constant(float("nan"), tf.float64)) if settings.deterministic else tf.timestamp

    @tf.function(reduce_retracing=True)
    def steps(iterator: Any, first: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
        reports = tf.TensorArray(tf.float32, size=count, element_shape=(len(REPORTED),))
        before = now()
        for number in tf.range(count):
            batch = next(iterator)
            with tf.control_dependencies(tf.nest.flatten(strategy.experimental_local_results(batch)[0])):
                waited = tf.cast(now() - before, tf.float32)
            results = strategy.run(replica_step, args=(batch, first + tf.cast(number, tf.int64)))
            report = strategy.experimental_local_results(results)[0]
            with tf.control_dependencies([report]):
                before = now()
            reports = reports.write(number, tf.concat([report, [waited]], 0))
        return reports.stack()

    return steps


def _one_of(strategy: tf.distribute.Strategy, value: Any) -> Any:
    return None if value is None else strategy.experimental_local_results(value)[0]


def _part(value: tf.Tensor, part: int, parts: int) -> tf.Tensor:
    if parts == 1:
        return value
    size = value.shape[0] // parts
    return value[part * size : (part + 1) * size]


def _seed_dropout(network: Network, context: Any, seed: int, count: tf.Tensor) -> None:
    """Dropout's masks as a function of (seed, layer, replica, step): nothing to save, and no two replicas alike."""
    replica = tf.cast(context.replica_id_in_sync_group, tf.int64)
    for layer, state in enumerate(network.seeds):
        key = (seed * 1_000_003 + layer * 7_919 + replica * 104_729) % 2**31
        state.assign(tf.cast(tf.stack([key, count]), state.dtype))


def _next_scaling(scaling: tf.Tensor, fits: tf.Tensor) -> tf.Tensor:
    scale, held = tf.unstack(scaling)
    grows = held + 1.0 >= HOLD_STEPS
    grown = tf.where(grows, tf.minimum(scale * 2.0, LARGEST_SCALE), scale)
    after = tf.where(grows, 0.0, held + 1.0)
    return tf.where(fits, tf.stack([grown, after]), tf.stack([tf.maximum(scale / 2.0, 1.0), 0.0]))
