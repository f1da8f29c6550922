"""One training step, as every replica runs it, and several of them in one call."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from chex_tf.training.network import OBSERVATIONS, Network
from chex_tf.training.observations import losses
from chex_tf.training.schedules import Schedule
from chex_tf.training.settings import TrainSettings

# What a step reports, in this order. `waited` is the time its batch was waited for, in
# seconds; NaN in deterministic runs.
REPORTED = ("loss", "gradient_norm", "learning_rate", "waited")

# Dynamic scaling of float16's loss: doubled after so many steps without overflow, halved at one (Micikevicius et al.
# 2018, section 3.2, gives factors of 2 and an interval of 2000).
HOLD_STEPS, LARGEST_SCALE = 2000.0, 2.0**24

Batch = dict[str, tf.Tensor]
Steps = Callable[[Any, tf.Tensor, tf.Tensor], tf.Tensor]


def make_steps(
    strategy: tf.distribute.Strategy,
    settings: TrainSettings,
    network: Network,
    prior: np.ndarray,
    schedule: Schedule,
    seed: int,
) -> Steps:
    """A function (iterator, steps done, how many) -> (how many, len(REPORTED)) float32; traced once for all counts."""
    replicas = strategy.num_replicas_in_sync

    def replica_step(batch: Batch, step: tf.Tensor) -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        batch = _weighted(settings, batch, prior)
        shares = _shares(context, settings, batch)
        variables = network.model.trainable_variables
        uses_duals = settings.loss == "auc_margin"
        scale = network.scaling[0] if settings.precision == "mixed_float16" else None

        # -- forward and backward, part by part -------------------------------------------------------------------
        gradients: list[tf.Tensor] = []
        of_duals = tf.zeros_like(network.duals)
        loss = tf.constant(0.0)
        for part in range(settings.accumulate):
            piece = {name: _part(value, part, settings.accumulate) for name, value in batch.items()}
            with tf.control_dependencies(gradients):  # one part at a time, or the memory would not be saved
                _seed_dropout(network, context, seed, step * settings.accumulate + part)
                with tf.GradientTape(watch_accessed_variables=False) as tape:
                    tape.watch([variable.value for variable in variables])
                    if uses_duals:
                        tape.watch(network.duals)
                    logits = network.logits(piece["image"], training=True)
                    part_loss = _loss(settings, network, logits, piece, shares, prior, replicas)
                    scaled = part_loss if scale is None else part_loss * scale
                sources = [variable.value for variable in variables]
                found = tape.gradient(scaled, [*sources, network.duals] if uses_duals else sources)
                if uses_duals:
                    of_duals += found.pop()
                found = [
                    tf.zeros_like(v) if g is None else tf.convert_to_tensor(g)
                    for g, v in zip(found, sources, strict=True)
                ]
                gradients = [a + b for a, b in zip(gradients, found, strict=True)] if gradients else found
                loss += part_loss

        # -- the global gradient and the global statistics ----------------------------------------------------------
        moving = [
            tf.identity(variable.value) for variable in network.moving
        ]  # identity: a read has no device to reduce to
        if replicas > 1:
            gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
            loss, of_duals = context.all_reduce(tf.distribute.ReduceOp.SUM, [loss, of_duals])
            if moving:
                moving = context.all_reduce(tf.distribute.ReduceOp.MEAN, moving)
        applies = None
        if scale is not None:
            gradients = [gradient / scale for gradient in gradients]
            of_duals /= scale
        norm = tf.linalg.global_norm(gradients)
        if scale is not None:
            applies = tf.math.is_finite(norm)
        if settings.clip_norm is not None:
            gradients, _ = tf.clip_by_global_norm(gradients, settings.clip_norm, use_norm=norm)

        # -- the update, equal on every replica ---------------------------------------------------------------------
        rate = schedule(step)

        def update(strategy: tf.distribute.Strategy, gradients: Any, moving: Any, of_duals: Any, args: Any) -> None:
            rate, step, applies = (_one_of(strategy, value) for value in args)
            network.optimizer.update(strategy, gradients, rate, step, applies)
            if replicas > 1:
                for variable, mean in zip(network.moving, moving, strict=True):
                    strategy.extended.update(variable.value, lambda v, new: v.assign(new), args=(mean,), group=False)
            if uses_duals:
                strategy.extended.update(
                    network.duals,
                    lambda v, g: v.assign(losses.auc_margin_step(v, g, settings.auc_learning_rate)),
                    args=(of_duals,),
                    group=False,
                )
            if applies is not None:
                strategy.extended.update(
                    network.scaling, lambda v, fits: v.assign(_next_scaling(v, fits)), args=(applies,), group=False
                )

        context.merge_call(update, args=(gradients, moving, of_duals, (rate, step, applies)))
        return tf.stack([loss, norm, rate])

    if settings.xla:
        replica_step = tf.function(replica_step, jit_compile=True)

    # Deterministic mode forbids to look at a clock.
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


def _weighted(settings: TrainSettings, batch: Batch, prior: np.ndarray) -> Batch:
    if not settings.balance or batch["targets"].shape.rank != 2:
        return batch
    weights = losses.balancing_weights(batch["targets"], batch["weights"], tf.constant(prior, tf.float32))
    return {**batch, "weights": weights}


def _shares(context: Any, settings: TrainSettings, batch: Batch) -> dict[str, tf.Tensor]:
    """Head -> 1 over its global sum of weights, 0 where that is 0; for AUC margin a value a task, in parts of tasks."""
    by_task = settings.loss == "auc_margin"
    sums = [tf.reduce_sum(batch["weights"], axis=0 if by_task else None)]
    sums += [tf.reduce_sum(batch[f"{name}_weight"]) for name in settings.auxiliary]
    if tf.distribute.get_strategy().num_replicas_in_sync > 1:
        sums = context.all_reduce(tf.distribute.ReduceOp.SUM, sums)
    return {
        name: tf.math.divide_no_nan(1.0, total)
        for name, total in zip((OBSERVATIONS, *settings.auxiliary), sums, strict=True)
    }


def _loss(
    settings: TrainSettings,
    network: Network,
    logits: Batch,
    batch: Batch,
    shares: Batch,
    prior: np.ndarray,
    replicas: int,
) -> tf.Tensor:
    """This part's portion of the global loss: over all parts and replicas they add up to it."""
    observed, targets, weights = logits[OBSERVATIONS], batch["targets"], batch["weights"]
    share = shares[OBSERVATIONS]
    if settings.loss == "auc_margin":
        known = tf.cast(share > 0, tf.float32)
        share_of_tasks = tf.math.divide_no_nan(1.0, tf.reduce_sum(known))
        p, duals = tf.constant(prior, tf.float32), tf.convert_to_tensor(network.duals)
        examples = losses.auc_margin(observed, targets, weights, share, p, duals)
        constants = losses.auc_margin_constants(p, settings.auc_margin, duals, known)
        total = share_of_tasks * (examples + constants / float(replicas * settings.accumulate))
    elif targets.shape.rank == 3:
        total = share * losses.three_way_cross_entropy(observed, targets, weights, settings.label_smoothing)
    else:
        total = share * losses.cross_entropy(observed, targets, weights, settings.label_smoothing)
    for name, weight in settings.auxiliary.items():
        total += weight * shares[name] * auxiliary_loss(name, logits[name], batch[name], batch[f"{name}_weight"])
    return total


def auxiliary_loss(name: str, logits: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Smooth L1 for the age, cross-entropy for sex and view (in-domain pre-training, section 5.1), summed."""
    values = tf.reshape(logits, [-1])
    return (
        losses.smooth_l1(values, targets, weights) if name == "age" else losses.cross_entropy(values, targets, weights)
    )


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
