"""Nothing that a file holds is ever executed: no pickle, no eval, no Keras model outside its safe mode."""

import ast
import os
import pathlib
import pickle

import numpy as np
import pytest

from chex_tf.explain.map_files import open_folder
from chex_tf.settings import InputError

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXECUTING_MODULES = {"pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
EXECUTING_CALLS = {"eval", "exec", "compile", "enable_unsafe_deserialization"}
# The one file that must know pickle's error, beside PyTorch's own weights-only loader.
EXCEPTED = {"launch/convert.py": {"pickle"}}
FILES = [file for top in ("chex_tf", "datasets", "launch") for file in sorted((ROOT / top).rglob("*.py"))]


def what_executes(source: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names} & EXECUTING_MODULES
        elif isinstance(node, ast.ImportFrom):
            found |= {(node.module or "").split(".")[0]} & EXECUTING_MODULES
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                found |= {node.func.id} & EXECUTING_CALLS
            elif isinstance(node.func, ast.Attribute):
                found |= {node.func.attr} & {"enable_unsafe_deserialization"}
            for keyword in node.keywords:
                wrong = {"allow_pickle": True, "safe_mode": False, "weights_only": False}
                if keyword.arg in wrong and getattr(keyword.value, "value", None) is wrong[keyword.arg]:
                    found.add(keyword.arg)
    return found


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(ROOT)) for file in FILES])
def test_a_file_executes_nothing_that_it_reads(file):
    assert what_executes(file.read_text(encoding="utf-8")) <= EXCEPTED.get(str(file.relative_to(ROOT)), set())


def test_the_walk_sees_what_executes():
    source = "import pickle\nfrom dill import loads\neval('1')\nnp.load(f, allow_pickle=True)\nload(f, safe_mode=False)"
    assert what_executes(source) == {"pickle", "dill", "eval", "allow_pickle", "safe_mode"}


class MakesAFolder:
    """Unpickling one runs a command."""

    def __init__(self, place: pathlib.Path) -> None:
        self.place = place

    def __reduce__(self):
        return os.mkdir, (str(self.place),)


@pytest.mark.parametrize("kind", ["pkl", "npy", "npz"])
def test_a_map_that_would_run_a_command_runs_none(tmp_path, kind):
    """The one place that reads pickles reads them as data, and numpy's files may hold none."""
    folder, made = tmp_path / "maps", tmp_path / "made"
    folder.mkdir()
    film = "patient1_study1_view1_frontal"
    held = np.array([MakesAFolder(made)], dtype=object)
    file = folder / f"{film}_Edema.{kind}"
    if kind == "pkl":
        file.write_bytes(pickle.dumps({"map": np.zeros((2, 2)), "cxr_dims": MakesAFolder(made)}))
    elif kind == "npy":
        np.save(file, held, allow_pickle=True)
    else:
        np.savez(file, held)
    with pytest.raises(InputError, match=r"which was not called|expected numbers"):
        open_folder(folder, []).read(film, "Edema")
    assert not made.exists()
    if kind == "pkl":
        pickle.loads(file.read_bytes())  # the file is as dangerous as it claims
        assert made.is_dir()
