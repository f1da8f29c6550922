"""What a run directory of this project says about the encoder it trained: its weights, and what they want to see."""

import json
import pathlib

from chex_tf.files import write_text
from chex_tf.models.inputs import Normalisation
from chex_tf.settings import InputError

# Beside each other in a run directory, for whoever starts from it.
ENCODER_WEIGHTS = "encoder.weights.h5"
ENCODER = "encoder.json"


def write_encoder(run: pathlib.Path, arch: str, normalisation: Normalisation) -> None:
    """Records which architecture ENCODER_WEIGHTS belongs to and what it was trained to see."""
    content = {"arch": arch, "normalisation": normalisation.to_json()}
    write_text(run / ENCODER, json.dumps(content, indent=2) + "\n")


def is_run(weights: str) -> bool:
    return pathlib.Path(weights).is_dir()


def encoder_weights(run: pathlib.Path) -> pathlib.Path:
    path = run / ENCODER_WEIGHTS
    if not path.is_file():
        raise InputError(f"expected a run directory with {ENCODER_WEIGHTS}; nothing is at {path}", "weights")
    return path


def recorded_architecture(run: pathlib.Path) -> str | None:
    path = run / ENCODER
    return json.loads(path.read_text(encoding="utf-8"))["arch"] if path.is_file() else None


def recorded_normalisation(weights: str) -> Normalisation | None:
    path = pathlib.Path(weights) / ENCODER
    if not path.is_file():
        return None
    return Normalisation.from_json(json.loads(path.read_text(encoding="utf-8"))["normalisation"])
