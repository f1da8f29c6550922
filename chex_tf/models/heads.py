"""Heads on the feature maps: a logit (or three) per observation and, beside or instead, sex, age, view, projection; or
a projector, whose embedding two views of a film are compared by."""

import dataclasses
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import keras
from keras import layers

from chex_tf import json_files
from chex_tf.models.settings import MOST_PROJECTOR_LAYERS

# Auxiliary tasks with a single output each: a logit for sex (female is 1), view (lateral is 1) and projection (PA is
# 1), the age in the unit that the run chose (--age_unit).
EXTRA_HEADS: tuple[str, ...] = ("sex", "age", "view", "projection")
OBSERVATIONS = "observations"
EMBEDDING = "embedding"  # what a projector gives
_HIDDEN = tuple(f"projector_{number}{part}" for number in range(1, MOST_PROJECTOR_LAYERS) for part in ("", "_norm"))
PROJECTOR = frozenset({EMBEDDING, *_HIDDEN})
LAYERS = frozenset({OBSERVATIONS, f"{OBSERVATIONS}_flat", *EXTRA_HEADS, *PROJECTOR})  # with weights, of any heads
POOLED = "features"  # the layer that gives all heads the same vector


class _HeadsForm(TypedDict):
    outputs: int
    classes: int
    extra: list[str]
    dropout: float
    projector: NotRequired[list[int]]


@dataclasses.dataclass(frozen=True)
class Heads:
    """outputs: observations, 0 for a network without them; classes: 1 for a logit each, 3 for negative, positive,
    uncertain; extra: see above; projector: units of each of its layers, empty for none."""

    outputs: int = 14
    classes: int = 1
    extra: tuple[str, ...] = ()
    dropout: float = 0.0
    projector: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "extra": list(self.extra), "projector": list(self.projector)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any], place: str = "heads") -> "Heads":
        """Raises FormError for another form; `place` is its field's name in the message."""
        found = json_files.checked(values, _HeadsForm, place)
        if found["classes"] not in (1, 3):
            raise json_files.FormError(f"{place}.classes: expected 1 or 3; found {found['classes']}")
        if unknown := [name for name in found["extra"] if name not in EXTRA_HEADS]:
            raise json_files.FormError(f"{place}.extra: expected {', '.join(EXTRA_HEADS)}; found {unknown[0][:80]}")
        if not 0 <= found["dropout"] <= 1:
            raise json_files.FormError(f"{place}.dropout: expected a number from 0 to 1; found {found['dropout']}")
        projector = tuple(found.get("projector", ()))
        return cls(found["outputs"], found["classes"], tuple(found["extra"]), found["dropout"], projector)


def attach(features: keras.Model, heads: Heads) -> keras.Model:
    """A model from image to logits: (batch, outputs) or (batch, outputs, classes).

    With extra heads or a projector the output is a dict by head's name, "observations" first, if there are any;
    otherwise it is that one tensor.
    """
    if not heads.outputs and not heads.extra and not heads.projector:
        raise ValueError("expected a head; received none")
    # Features and losses are float32, whatever the precision of the maps below.
    x = layers.GlobalAveragePooling2D(dtype="float32", name=POOLED)(features.output)
    if heads.dropout > 0:
        x = layers.Dropout(heads.dropout, dtype="float32", name="features_dropout")(x)
    outputs = {OBSERVATIONS: _observations(x, heads)} if heads.outputs else {}
    outputs |= {name: _dense(x, 1, name) for name in heads.extra}
    outputs |= {EMBEDDING: _projected(x, heads.projector)} if heads.projector else {}
    several = heads.extra or heads.projector
    return keras.Model(features.input, outputs if several else outputs[OBSERVATIONS], name=features.name)


def _observations(x: Any, heads: Heads) -> Any:
    if heads.classes == 1:
        return _dense(x, heads.outputs, OBSERVATIONS)
    flat = _dense(x, heads.outputs * heads.classes, f"{OBSERVATIONS}_flat")
    return layers.Reshape((heads.outputs, heads.classes), dtype="float32", name=OBSERVATIONS)(flat)


def _dense(x: Any, units: int, name: str) -> Any:
    return layers.Dense(units, dtype="float32", name=name)(x)


def _projected(x: Any, units: tuple[int, ...]) -> Any:
    """Fully connected layers without biases, each but the last with batch normalisation (PyTorch's momentum and
    epsilon) and ReLU, as in the code of Barlow Twins. That of VICReg has biases before the batch normalisation, which
    subtracts them again."""
    *hidden, last = units
    for number, width in enumerate(hidden, start=1):
        x = layers.Dense(width, use_bias=False, dtype="float32", name=f"projector_{number}")(x)
        norm = f"projector_{number}_norm"
        x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, dtype="float32", name=norm)(x)
        x = layers.ReLU(dtype="float32", name=f"projector_{number}_relu")(x)
    return layers.Dense(last, use_bias=False, dtype="float32", name=EMBEDDING)(x)


def names(heads: Heads) -> frozenset[str]:
    """Layers of the head that have weights: always random, never loaded from a checkpoint."""
    return frozenset({OBSERVATIONS, f"{OBSERVATIONS}_flat", *heads.extra, *(PROJECTOR if heads.projector else ())})
