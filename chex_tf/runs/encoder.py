"""What a run directory of this project says about the encoder it trained: its weights, and what they want to see."""

import json
import pathlib

from chex_tf.files import write_text
from chex_tf.models.inputs import Encoder, Normalisation
from chex_tf.settings import InputError

# Beside each other in a run directory, for whoever starts from it.
ENCODER_WEIGHTS = "encoder.weights.h5"
ENCODER = "encoder.json"


def write_encoder(run: pathlib.Path, arch: str, normalisation: Normalisation) -> None:
    """Records which architecture ENCODER_WEIGHTS belongs to and what it was trained to see."""
    content = {"arch": arch, "normalisation": normalisation.to_json()}
    write_text(run / ENCODER, json.dumps(content, indent=2) + "\n")


def read(run: pathlib.Path) -> Encoder:
    """The encoder that a run left, for --weights=RUN_DIR."""
    file, beside = run / ENCODER_WEIGHTS, run / ENCODER
    if not file.is_file():
        raise InputError(f"expected a run directory with {ENCODER_WEIGHTS}; nothing is at {file}", "weights")
    if not beside.is_file():
        return Encoder(file, None, None)
    said = json.loads(beside.read_text(encoding="utf-8"))
    return Encoder(file, said["arch"], Normalisation.from_json(said["normalisation"]))
