"""Verbs called in this process as from a command line, and one small finished run that every row damages a copy of."""

import ast
import contextlib
import dataclasses
import importlib
import io
import os
import pathlib
import shutil
import signal
import sys
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from launch import command, predict

ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a verb ended, and what it wrote on standard error."""

    code: int
    lines: tuple[str, ...]


def classes_of(verb: str) -> tuple[type, ...]:
    """The settings that a verb takes, as it names them in its last line."""
    module = importlib.import_module(f"launch.{verb}")
    tree = ast.parse(pathlib.Path(str(module.__file__)).read_text(encoding="utf-8"))
    (call,) = (
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "run" and node.args
    )
    return tuple(getattr(module, ast.unparse(argument)) for argument in call.args[1:])


def call(verb: str, *arguments: object) -> Ended:
    """As `python -m launch.VERB ARGUMENTS`; an exception that would show a trace is raised."""
    module = importlib.import_module(f"launch.{verb}")
    given = [str(argument) for argument in arguments]
    said = io.StringIO()
    before = sys.argv, signal.getsignal(signal.SIGTERM)
    sys.argv = [verb, *(predict.with_flags(given) if verb == "predict" else given)]
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
            command.run(module.main, *classes_of(verb))
    except SystemExit as ended:
        return Ended(int(ended.code or 0), tuple(said.getvalue().splitlines()))
    finally:
        sys.argv = before[0]
        signal.signal(signal.SIGTERM, before[1])
    raise AssertionError("a verb ends by exiting")


def copied(folder: pathlib.Path, to: pathlib.Path) -> pathlib.Path:
    """A copy whose files are links to the same bytes: what replaces one leaves the original as it is."""
    shutil.copytree(folder, to, copy_function=os.link)
    return to


def replaced(file: pathlib.Path, content: bytes) -> None:
    """Other content in a copy's file, as `copied` makes it."""
    file.unlink()
    file.write_bytes(content)


def state_of(folder: pathlib.Path) -> dict[str, tuple[int, int, int]]:
    """Changes with any file below a folder, whether it was written anew or in its place."""
    found = {}
    for path in folder.rglob("*"):
        about = path.lstat()
        found[str(path.relative_to(folder))] = (about.st_ino, about.st_mode, 0 if path.is_dir() else about.st_mtime_ns)
    return found


@pytest.fixture(scope="session")
def verb() -> Callable[..., Ended]:
    return call


@pytest.fixture(scope="session")
def tools() -> type:
    """The functions above, for tests: a folder of tests is no package."""

    class Tools:
        classes_of = staticmethod(classes_of)
        copied = staticmethod(copied)
        replaced = staticmethod(replaced)
        state_of = staticmethod(state_of)

    return Tools


@pytest.fixture(scope="session")
def run_with_predictions(trained: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A finished run with predictions of valid and test; to be copied, never changed."""
    run = copied(trained, tmp_path_factory.mktemp("abused") / "run")
    for split in ("valid", "test"):
        done = call("evaluate", f"--run_dir={run}", f"--split={split}", "--replicates=40", "--nofigures")
        assert done.code == 0, done.lines
    shutil.rmtree(run / "evaluation")
    return run


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    file = tmp_path_factory.mktemp("film") / "film.png"
    Image.fromarray(np.tile(np.arange(80, dtype=np.uint8), (80, 1))).save(file)
    return file
