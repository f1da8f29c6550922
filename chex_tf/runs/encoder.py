"""What a run hands on to those that start from it: the weights below its heads, and what they want to see."""

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
    """`save` writes the weights to the path it is given."""
    beside = run_dir / f".new.{ENCODER_WEIGHTS}"  # Keras goes by the ending of the name
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
