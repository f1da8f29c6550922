"""Where flagfiles lie: in the folder that one is in, else those that came with this project."""

import pathlib

FOLDER = "configs"
# Beside this package: the checkout's, or as an installed package has them.
_PLACES = tuple(pathlib.Path(__file__).resolve().parents[1] / name for name in (FOLDER, "chex_tf_configs"))


def find(path: pathlib.Path) -> pathlib.Path:
    """`path` if it is there; for configs/NAME that is not, this project's own file of that name, if there is one."""
    if path.exists() or path.is_absolute() or path.parts[:1] != (FOLDER,):
        return path
    found = (place.joinpath(*path.parts[1:]) for place in _PLACES)
    return next((file for file in found if file.is_file()), path)
