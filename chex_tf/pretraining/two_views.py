"""The two methods that compare two views of a film, as functions from embeddings to a loss and its terms."""

import dataclasses

import tensorflow as tf

from chex_tf.pretraining import barlow_twins, vicreg
from chex_tf.pretraining.moments import AddUp
from chex_tf.pretraining.settings import BARLOW_TWINS, PretrainingSettings


@dataclasses.dataclass(frozen=True)
class Method:
    """`weights` of the terms by name, in the order of metrics.csv."""

    name: str
    formula: str
    weights: dict[str, float]

    @property
    def label(self) -> str:
        return "Barlow Twins" if self.name == BARLOW_TWINS else "VICReg"

    @property
    def target(self) -> float | None:
        """The standard deviation that it wants each unit to have; None where their scale means nothing."""
        return None if self.name == BARLOW_TWINS else vicreg.TARGET

    def terms(self, first: tf.Tensor, second: tf.Tensor, weight: tf.Tensor, add_up: AddUp) -> dict[str, tf.Tensor]:
        """By name, without their weights, of the global batch. Embeddings are (images, units), `weight` is 1, or 0 for
        padding."""
        terms = barlow_twins.terms if self.name == BARLOW_TWINS else vicreg.terms
        return terms(first, second, weight, self.formula, add_up)

    def loss(self, terms: dict[str, tf.Tensor]) -> tf.Tensor:
        return tf.add_n([self.weights[name] * value for name, value in terms.items()])

    def describe(self) -> str:
        formulas = barlow_twins.FORMULAS if self.name == BARLOW_TWINS else vicreg.FORMULAS
        weighed = " + ".join(name if weight == 1 else f"{weight:g} × {name}" for name, weight in self.weights.items())
        return f"loss: {self.label}, {weighed}; --formula={self.formula}: {formulas[self.formula]}"


def method(asked: PretrainingSettings) -> Method:
    if asked.objective == BARLOW_TWINS:
        weights = {barlow_twins.DIAGONAL: 1.0, barlow_twins.OFF_DIAGONAL: asked.off_diagonal_weight}
    else:
        weights = {
            vicreg.INVARIANCE: asked.invariance_weight,
            vicreg.VARIANCE: asked.variance_weight,
            vicreg.COVARIANCE: asked.covariance_weight,
        }
    return Method(asked.objective, asked.formula, weights)
