"""Nothing that a file holds is ever executed: no pickle, no eval, no Keras model outside its safe mode."""

import ast
import pathlib

import pytest

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
