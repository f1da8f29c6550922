"""The encoder that other runs can start from: a run's weights below the heads, and their normalisation."""

import json
import os
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

from chex_tf.files import write_text
from chex_tf.models.inputs import Encoder, Normalisation
from chex_tf.runs.layout import ENCODER, ENCODER_WEIGHTS
from chex_tf.settings import InputError


def write(
    run_dir: pathlib.Path, arch: str, normalisation: Mapping[str, Any], save: Callable[[pathlib.Path], object]
) -> None:
    """`save` writes the weights to its path."""
    beside = run_dir / f".new.{ENCODER_WEIGHTS}"  # Keras chooses the format by the name's ending
    save(beside)
    os.replace(beside, run_dir / ENCODER_WEIGHTS)
    content = {"arch": arch, "normalisation": dict(normalisation)}
    write_text(run_dir / ENCODER, json.dumps(content, indent=2) + "\n")


def read(run_dir: pathlib.Path) -> Encoder:
    weights, facts = run_dir / ENCODER_WEIGHTS, run_dir / ENCODER
    if not weights.is_file():
        raise InputError(f"expected a run directory with {ENCODER_WEIGHTS}; nothing is at {weights}", "weights")
    if not facts.is_file():
        return Encoder(weights, None, None)
    content = json.loads(facts.read_text(encoding="utf-8"))
    return Encoder(weights, content["arch"], Normalisation.from_json(content["normalisation"]))
