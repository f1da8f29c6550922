"""The notebook: its script runs as it stands, and becomes a notebook whose figures are inside it."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "notebooks" / "drawn_films.py"


def test_its_commands_have_flags_of_their_verbs():
    import ast
    import re

    from launch.completion import settings_of

    for call in re.findall(r"(?s)^chex\((.*?)\)$", SCRIPT.read_text(encoding="utf-8"), re.MULTILINE):
        verb = ast.literal_eval(re.match(r"\s*(\"\w+\")", call)[1])
        known = {field for settings in settings_of(verb) for field in settings.__dataclass_fields__}
        assert set(re.findall(r"--(\w+)=", call)) <= known, call


@pytest.mark.slow
def test_the_script_runs(tmp_path):
    environment = {**os.environ, "MPLBACKEND": "Agg", "NOTEBOOK_FOLDER": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, SCRIPT], env=environment, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Mean of 6 tasks" in done.stdout
    assert (tmp_path / "explained" / "gallery.html").is_file()


@pytest.mark.slow
@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("jupytext", "nbclient", "ipykernel")),
    reason="needs jupytext, nbclient and ipykernel, the extra docs",
)
def test_as_a_notebook_it_holds_its_figures(tmp_path, monkeypatch):
    import jupytext
    from nbclient import NotebookClient

    monkeypatch.setenv("NOTEBOOK_FOLDER", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = jupytext.read(SCRIPT)
    NotebookClient(notebook, timeout=900, kernel_name="python3").execute(cwd=str(tmp_path))
    pictures = [
        output for cell in notebook.cells for output in cell.get("outputs", ()) if "image/png" in output.get("data", {})
    ]
    assert len(pictures) >= 5
