"""Counts of built models, kept in a file of the user's cache so that listing the models needs no building.

The file's name says what they were counted with: the versions of Keras and keras-cv and the sources of this folder. A
change of any of them makes another file.
"""

import dataclasses
import hashlib
import importlib.metadata
import json
import os
import pathlib

from chex_tf.files import write_text

_COUNTED_WITH = ("keras", "keras-cv")


@dataclasses.dataclass(frozen=True)
class Counts:
    """What only the built model tells: parameters that learn, channels, the CAM's rows×columns, multiply-adds."""

    parameters: int
    features: int
    cam_grid: str
    multiply_adds: int | None


def place() -> pathlib.Path:
    """The file for what is installed now."""
    home = os.environ.get("XDG_CACHE_HOME")
    folder = pathlib.Path(home) if home else pathlib.Path.home() / ".cache"
    return folder / "chex_tf" / f"models-{_key()}.json"


def _key() -> str:
    digest = hashlib.sha256()
    for package in _COUNTED_WITH:
        digest.update(f"{package} {_version(package)}\n".encode())
    for source in sorted(pathlib.Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode() + b"\n" + source.read_bytes())
    return digest.hexdigest()[:16]


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def read(path: pathlib.Path) -> dict[str, Counts]:
    """Counts by model; none where there is no file, or where it cannot be read: they are then counted again."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {name: Counts(**counts) for name, counts in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def write(path: pathlib.Path, counts: dict[str, Counts]) -> None:
    """Keeps `counts`, unless the folder cannot be written: a listing needs no cache."""
    content = {name: dataclasses.asdict(value) for name, value in sorted(counts.items())}
    try:
        write_text(path, json.dumps(content, indent=1) + "\n")
    except OSError:
        return
