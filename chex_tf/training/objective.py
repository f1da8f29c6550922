"""What a run learns. The loop, the step and the journal know only this protocol.

An objective brings its own data. It holds no variables: those that it needs (such as the dual variables of a min-max
loss) are made by `variables` in the strategy's scope, saved in checkpoints, and passed to the calls that use them.
"""

import dataclasses
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from chex_tf.data.pipeline import Source
from chex_tf.models.heads import Heads
from chex_tf.models.inputs import Normalisation, Statistics
from chex_tf.settings import Settings
from chex_tf.training.distribution import Machine
from chex_tf.training.network import Network
from chex_tf.training.proximal import Stage

Batch = dict[str, tf.Tensor]
# From images of 0 to 255 to each head's output, with the network in training mode.
Forward = Callable[[tf.Tensor], dict[str, tf.Tensor]]
Own = Mapping[str, tf.Variable]


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """The result of one evaluation.

    values   by column of metrics.csv, in the order of `Objective.columns`; NaN where there is none
    loss     a run stops if it is not finite
    score    ranks checkpoints, the highest first; NaN ranks last
    detail   whatever else the objective's own pictures and callbacks need
    fault    why learning cannot go on, such as that all embeddings are alike; empty if it can
    """

    values: dict[str, float]
    loss: float
    score: float
    detail: Any = None
    fault: str = ""


class Objective(typing.Protocol):
    """Batches to learn from, heads to learn on, a loss, and an evaluation."""

    @property
    def settings(self) -> tuple[Settings, ...]:
        """The settings that define it, for a run's configuration: each in the section that it names."""

    @property
    def heads(self) -> Heads: ...

    @property
    def score_name(self) -> str:
        """Name of the score that ranks checkpoints, as in curves and status.json: `auroc`."""

    @property
    def score_label(self) -> str:
        """The same for people: `AUROC`."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of an evaluation's values."""

    # ---- data ------------------------------------------------------------------------------------------------------

    @property
    def training_images(self) -> int: ...

    @property
    def evaluation_images(self) -> int:
        """How many pass through the network at each evaluation."""

    @property
    def passes(self) -> int:
        """How often `loss` sends each image, or a view of it, through the network in training mode."""

    @property
    def side(self) -> int:
        """Side of the square images, in pixels."""

    @property
    def steps_per_epoch(self) -> float: ...

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources read while training and evaluating; an error of theirs ends the run with their message."""

    def training(self, first_step: int, machine: Machine) -> tf.data.Dataset:
        """Global batches first_step, first_step + 1, … without end, as dictionaries with `image` (side, side, 1 or 3),
        0 to 255. They come in pieces: this worker's rows, cut into one piece for each of its replicas in turn."""

    def statistics(self) -> Statistics:
        """Statistics of the training images' pixels, for a network that starts without weights."""

    def records(self) -> dict[str, Any]:
        """What the run's configuration records about the data: fingerprints, counts, the policies' effects."""

    def describe(self) -> list[str]:
        """In words, for the plan and the beginning of a run: data, loss, evaluation."""

    def remarks(self) -> list[str]:
        """What a reader of the score must know, for the plan and the beginning of a run: what it leaves out."""

    def say_score(self, best: float) -> str:
        """The best score for people: `best AUROC 0.8123`."""

    def say_beside(self, values: Mapping[str, float]) -> str:
        """Those of an evaluation's values that its score leaves out, for the terminal; often empty."""

    def check_first_batch(self, batch: Mapping[str, np.ndarray], normalisation: Normalisation) -> list[str]:
        """Raises InputError for targets that cannot be right; returns what it saw, as lines to print."""

    # ---- learning --------------------------------------------------------------------------------------------------

    def variables(self) -> dict[str, tf.Variable]:
        """New variables of its own, by name; call it in the strategy's scope."""

    @property
    def learned(self) -> tuple[str, ...]:
        """Names of the own variables whose gradients `update` takes."""

    def prepare(self, batch: Batch) -> Batch:
        """A replica's piece of a batch, on the device, before it is cut into parts."""

    def totals(self, batch: Batch) -> list[tf.Tensor]:
        """This replica's sums that `loss` divides by, once the step has added them up over all replicas."""

    def loss(self, forward: Forward, batch: Batch, totals: Sequence[tf.Tensor], own: Own, parts: int) -> tf.Tensor:
        """This part's portion of the global loss. Over all `parts` (of all replicas) the portions add up to it, so that
        any number of replicas takes the same step."""

    def update(
        self,
        strategy: tf.distribute.Strategy,
        own: Own,
        gradients: Mapping[str, Any],
        applies: Any,
        rate: Any,
        stage: Stage | None,
    ) -> None:
        """Changes its own variables by their global gradients; in cross-replica context. `applies` is None, or False
        where the step is skipped (an overflow under float16). `rate` is the weights' learning rate; `stage` is there
        with the optimizer pesg alone."""

    # ---- evaluation ------------------------------------------------------------------------------------------------

    def evaluator(self, machine: Machine, network: Network) -> Callable[[], Evaluation]:
        """A function that evaluates the network in its current state; every worker must call it."""

    def show(self, board: Any, step: int, found: Evaluation) -> None:
        """Writes an evaluation to TensorBoard (tensorboard.TensorBoard)."""
