"""Names of a run's files; no other package spells them.

A run directory holds config.json (every setting as resolved, and what else decides the run), status.json, metrics.csv,
`checkpoints/` with index.json, encoder_best.weights.h5 and encoder.weights.h5 (the last weights) with encoder.json,
`predictions/`, `evaluation/`, `probe/`, `from_start/` and `events/`.
"""

import pathlib

from chex_tf.settings import InputError

CONFIG = "config.json"
STATUS = "status.json"
METRICS = "metrics.csv"
CHECKPOINTS, INDEX = "checkpoints", "index.json"
STATES, BEST_WEIGHTS = "state-*.safetensors", "best-*.safetensors"  # patterns of the files in it
ENCODER_BEST_WEIGHTS, ENCODER_WEIGHTS, ENCODER = "encoder_best.weights.h5", "encoder.weights.h5", "encoder.json"
PREDICTIONS = "predictions"
EVALUATION, EVALUATION_RESULT = "evaluation", "evaluation.json"
PROBE = "probe"
FROM_START = "from_start/similarity.json"


def path_within(run_dir: pathlib.Path, file: str) -> pathlib.Path:
    """The path of a run directory's file; refuses one that leads outside, by its name or by a link."""
    path = run_dir / file
    try:
        is_within = path.resolve().is_relative_to(run_dir.resolve())
    except (OSError, RuntimeError) as error:  # Python raises the latter for links in a circle
        raise InputError(f"{path} cannot be read: {' '.join(str(error).split())}", "run_dir") from error
    if not is_within:
        raise InputError(f"{path} leads out of the run directory; a copied run must hold its own files", "run_dir")
    return path


def is_run(folder: pathlib.Path) -> bool:
    return (folder / CONFIG).is_file()


def size_of_weights(folder: pathlib.Path) -> int:
    """Bytes of the checkpoints and encoders in a run's folder."""
    patterns = (f"{CHECKPOINTS}/{STATES}", f"{CHECKPOINTS}/{BEST_WEIGHTS}", ENCODER_BEST_WEIGHTS, ENCODER_WEIGHTS)
    return sum(file.stat().st_size for pattern in patterns for file in folder.glob(pattern))


def runs_below(folder: pathlib.Path) -> tuple[pathlib.Path, ...]:
    """All runs below a folder, in order; a run's own folders are not looked into."""
    if not folder.is_dir():
        return ()
    found: list[pathlib.Path] = []
    for inside in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        found += [inside] if is_run(inside) else runs_below(inside)
    return tuple(found)


def check(folder: pathlib.Path) -> None:
    """Raises InputError if the folder is not a run; if there are runs below it, the message names them."""
    if is_run(folder):
        return
    listed = [str(run) for run in runs_below(folder)[:5]] if folder.is_dir() else []
    advice = f"; runs below it: {', '.join(listed)}" if listed else ""
    raise InputError(f"expected a run directory with {CONFIG}; received {folder}{advice}", "run_dir")
