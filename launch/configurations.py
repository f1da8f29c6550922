"""Where this project's own files are that a flag may name: in the folder that one is in, else beside this package."""

import pathlib

_BESIDE = pathlib.Path(__file__).resolve().parents[1]
# First part of a path -> where it is looked for then: in a checkout, or as an installed package has it.
_PLACES = {"configs": ("configs", "chex_tf_configs"), "chex_tf": ("chex_tf",)}


def find(path: pathlib.Path) -> pathlib.Path:
    """`path` if it is there; for configs/NAME or chex_tf/… that is not, this project's own file of that name, if there
    is one."""
    if path.exists() or path.is_absolute() or path.parts[:1] not in [(first,) for first in _PLACES]:
        return path
    found = (_BESIDE.joinpath(place, *path.parts[1:]) for place in _PLACES[path.parts[0]])
    return next((file for file in found if file.is_file()), path)
