"""A disk that is full when results are written: one line that names the file, exit code 2, and no part of the results.

The system is asked to let no file grow beyond some bytes, which fails in the midst of a write, as a full disk does."""

import contextlib
import pathlib
import resource
from collections.abc import Iterator
from typing import Any

import pytest

# Verb -> bytes that a file may have, enough for all but figures, pictures and pages of them, and its flags.
VERBS: dict[str, tuple[int, tuple[str, ...]]] = {
    "evaluate": (60_000, ("--run_dir={run}", "--split=test", "--replicates=40", "--out={out}")),
    "explain": (60_000, ("--run_dir={run}", "--split=test", "--out={out}")),
    "inspect": (12_000, ("--data={data}", "--image_size=64", "--out={out}.png")),
}


@contextlib.contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("name", VERBS)
def test_full_disk(
    verb: Any, tools: Any, run_with_predictions: pathlib.Path, prepared: pathlib.Path, tmp_path: pathlib.Path, name: str
) -> None:
    run, out = tools.copied(run_with_predictions, tmp_path / "run"), tmp_path / "out"
    before = tools.state_of(tmp_path)
    size, flags = VERBS[name]
    with files_of_at_most(size):
        ended = verb(name, *(flag.format(run=run, data=prepared, out=out) for flag in flags))
    assert ended.code == 2, ended.lines
    assert ended.lines[-1].startswith(f"{name}: {out}"), ended.lines
    file, _, why = ended.lines[-1].removeprefix(f"{name}: ").partition(": ")
    assert pathlib.Path(file).suffix in (".png", ".pdf", ".html")
    assert why == "File too large"
    assert "Traceback" not in "\n".join(ended.lines)
    assert tools.state_of(tmp_path) == before
