"""PyTorch's Adam and momentum through TensorFlow's fused kernels, one per variable, LARS and PESG, with weight decay.

Keras 3's own Adam runs some ten small operations per variable; the kernel runs one. Kernel and Keras add epsilon to
the root of the mean square before its bias is corrected, PyTorch afterwards: the kernel is given PyTorch's epsilon,
scaled so that the step is PyTorch's.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from chex_tf.training import proximal
from chex_tf.training.proximal import Stage
from chex_tf.training.settings import TrainSettings

# What each rule keeps for a variable.
SLOTS = {"adam": ("mean", "mean_square"), "sgd": ("momentum",), "lars": ("momentum",), "pesg": ("reference", "average")}


@dataclasses.dataclass(frozen=True)
class Optimizer:
    """`update` must run in cross-replica context, with gradients that are equal on every replica."""

    settings: TrainSettings
    names: tuple[str, ...]
    variables: tuple[Any, ...]
    slots: tuple[tuple[tf.Variable, ...], ...]  # for each variable, as in SLOTS

    def named_slots(self) -> dict[str, tf.Variable]:
        """Name in a checkpoint -> slot: the kind of slot, then the variable's name."""
        return {
            f"{kind}/{name}": slot
            for name, slots in zip(self.names, self.slots, strict=True)
            for kind, slot in zip(SLOTS[self.settings.optimizer], slots, strict=True)
        }

    def update(
        self,
        strategy: tf.distribute.Strategy,
        gradients: Sequence[Any],
        rate: Any,
        step: tf.Tensor,
        applies: Any,
        stage: Stage | None = None,
    ) -> None:
        """Applies one step. `rate` and `step` (steps done before) are tensors; where `applies` is False (an overflow
        under float16) nothing changes. `stage` is for pesg alone."""
        count = tf.cast(step + 1, tf.float32)
        powers = tf.pow(self.settings.beta_1, count), tf.pow(self.settings.beta_2, count)

        def one(variable: tf.Variable, gradient: tf.Tensor, *slots: tf.Variable) -> None:
            if applies is None:
                self._apply(variable, gradient, slots, rate, powers, stage)
            else:
                tf.cond(
                    applies,
                    lambda: self._apply(variable, gradient, slots, rate, powers, stage),
                    lambda: tf.constant(False),
                )

        for variable, slots, gradient in zip(self.variables, self.slots, gradients, strict=True):
            strategy.extended.update(variable, one, args=(gradient, *slots), group=False)

    def _apply(
        self,
        variable: Any,
        gradient: Any,
        slots: Sequence[Any],
        rate: Any,
        powers: Sequence[Any],
        stage: Stage | None,
    ) -> tf.Tensor:
        decay = self.settings.weight_decay
        if self.settings.optimizer == "lars":
            return self._apply_lars(variable, gradient, slots[0], rate)
        if decay > 0 and self.settings.weight_decay_coupled:
            gradient = gradient + decay * variable
        elif decay > 0 and variable.shape.rank >= 2:  # biases and norms have rank 1
            variable.assign(variable * (1.0 - rate * decay))
        if self.settings.optimizer == "adam":
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=slots[0].handle,
                v=slots[1].handle,
                beta1_power=powers[0],
                beta2_power=powers[1],
                lr=rate,
                beta1=self.settings.beta_1,
                beta2=self.settings.beta_2,
                # The kernel's step is rate × √(1 - β₂ᵗ) / (1 - β₁ᵗ) × m / (√v + epsilon).
                epsilon=self.settings.epsilon * tf.sqrt(1.0 - powers[1]),
                grad=gradient,
            )
        elif self.settings.optimizer == "pesg":
            assert stage is not None
            reference, average = slots
            decay = self.settings.epoch_decay
            stepped = proximal.step(variable, gradient, reference, average, rate, decay, stage)
            for one, value in zip((variable, reference, average), stepped, strict=True):
                one.assign(value)
        else:
            tf.raw_ops.ResourceApplyKerasMomentum(
                var=variable.handle, accum=slots[0].handle, lr=rate, grad=gradient, momentum=self.settings.momentum
            )
        return tf.constant(True)

    def _apply_lars(self, variable: Any, gradient: Any, momentum: Any, rate: Any) -> tf.Tensor:
        """As the authors of Barlow Twins and VICReg have it: biases and norms, which have rank 1, neither decay nor
        adapt; where a tensor or its gradient is zero, the step is not scaled; the rate multiplies the momentum."""
        if variable.shape.rank >= 2:
            gradient = gradient + self.settings.weight_decay * variable
            length, of_gradient = tf.norm(variable), tf.norm(gradient)
            there = (length > 0) & (of_gradient > 0)
            ratio = self.settings.trust * length / tf.where(there, of_gradient, 1.0)
            gradient = gradient * tf.where(there, ratio, 1.0)
        else:
            rate = rate * self.settings.bias_rate
        momentum.assign(self.settings.momentum * momentum + gradient)
        variable.assign_sub(rate * momentum)
        return tf.constant(True)


def make(settings: TrainSettings, variables: Mapping[str, Any]) -> Optimizer:
    """An optimizer for Keras variables by name, with slots of zeros, but pesg's reference, which is where the variables
    are; call it in the strategy's scope."""
    slots = tuple(
        tuple(
            tf.Variable(
                tf.convert_to_tensor(variable.value) if kind == "reference" else tf.zeros(variable.shape, tf.float32),
                trainable=False,
            )
            for kind in SLOTS[settings.optimizer]
        )
        for variable in variables.values()
    )
    return Optimizer(settings, tuple(variables), tuple(variable.value for variable in variables.values()), slots)
