"""The encoders that other runs can start from: a run's best and last weights below the heads, with statistics."""

import json
import os
import pathlib
from collections.abc import Callable, Mapping
from typing import Any, NotRequired, TypedDict

from chex_tf import json_files
from chex_tf.models.inputs import Encoder, Normalisation, NormalisationForm
from chex_tf.runs import config as configuration
from chex_tf.runs import former_versions, present
from chex_tf.runs.config import FORM
from chex_tf.runs.layout import ENCODER, ENCODER_BEST_WEIGHTS, ENCODER_WEIGHTS
from chex_tf.settings import InputError

BEST, LAST = "best", "last"  # of the checkpoint with the best score, and of the last step


class _Facts(TypedDict):
    form: NotRequired[int]
    arch: str
    normalisation: NormalisationForm
    steps: NotRequired[dict[str, int]]
    batch_norm_epsilon: NotRequired[float | None]


_FILES = {BEST: ENCODER_BEST_WEIGHTS, LAST: ENCODER_WEIGHTS}


def write_weights(run_dir: pathlib.Path, which: str, save: Callable[[pathlib.Path], object]) -> None:
    """`save` writes the weights to its path."""
    beside = run_dir / f".new.{_FILES[which]}"  # Keras chooses the format by the name's ending
    save(beside)
    os.replace(beside, run_dir / _FILES[which])


def write_facts(
    run_dir: pathlib.Path,
    arch: str,
    normalisation: Mapping[str, Any],
    steps: Mapping[str, int] | None = None,
    batch_norm_epsilon: float | None = None,
) -> None:
    """`steps` says of which step each encoder is; no epsilon means that of the network's builder."""
    content = {"form": FORM, "arch": arch, "normalisation": dict(normalisation), "steps": dict(steps or {})}
    content["batch_norm_epsilon"] = batch_norm_epsilon
    present.write_text(run_dir, ENCODER, json.dumps(content, indent=2) + "\n")


def at(path: pathlib.Path, which: str = BEST) -> Encoder | None:
    """The encoder that `path` means: a run's folder (then `which` of the two), or one of the two files in it. None for
    any other file, and for such a file without its facts beside it."""
    if path.is_dir():
        return read(path, which)
    of_file = {name: kind for kind, name in _FILES.items()}.get(path.name)
    beside = of_file is not None and path.is_file() and (path.parent / ENCODER).is_file()
    return read(path.parent, of_file) if of_file is not None and beside else None


def read(run_dir: pathlib.Path, which: str = BEST) -> Encoder:
    weights, facts = run_dir / _FILES[which], run_dir / ENCODER
    if not weights.is_file() and which == BEST and (run_dir / ENCODER_WEIGHTS).is_file():
        raise InputError(
            f"expected a run directory with {ENCODER_BEST_WEIGHTS}; {run_dir} is of a version that kept the last "
            "weights only; --encoder=last would take them",
            "encoder",
        )
    if not weights.is_file():
        raise InputError(f"expected a run directory with {_FILES[which]}; nothing is at {weights}", "weights")
    if not facts.is_file():
        return Encoder(weights, None, None)
    content = json_files.read(facts, _Facts, "weights")
    arch = former_versions.arch(content["arch"], content.get("form", 1))
    try:
        normalisation = Normalisation.from_json(content["normalisation"], "normalisation")
    except json_files.FormError as error:
        raise json_files.damaged(facts, error, "weights") from error
    step = content.get("steps", {}).get(which)
    origin = f"{_described(run_dir)}{'' if step is None else f', at its step {step:,}'}"
    return Encoder(weights, arch, normalisation, content.get("batch_norm_epsilon"), origin)


def _described(run_dir: pathlib.Path) -> str:
    """Which run it is and, where its configuration is beside the encoder, what it learned."""
    known = configuration.read(run_dir)
    if known is None:
        return f"of the run {run_dir}"
    heads = known.content.get("heads", {})
    number = heads.get("outputs", 0)
    of_views = known.content.get("pretraining", {}).get("objective")
    learned = ", ".join(
        [*([f"{number} observations"] if number else []), *heads.get("extra", ()), *([of_views] if of_views else [])]
    )
    return f"of the run {run_dir}{f', which learned {learned}' if learned else ''}"
