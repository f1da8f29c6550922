"""docs/fidelity.md against the configurations and the code that it names."""

import ast
import pathlib
import re
import subprocess
import sys

import pytest

from chex_tf.data.settings import DataSettings
from chex_tf.models.settings import ModelSettings
from chex_tf.training.observations.settings import ObservationsSettings
from chex_tf.training.settings import TrainSettings
from launch.command import parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "fidelity.md").read_text(encoding="utf-8")
KINDS = (TrainSettings, ObservationsSettings, DataSettings, ModelSettings)
VERDICTS = ("as the paper", "as each checkpoint", "differs", "cannot be known", "see [")


def rows() -> list[list[str]]:
    """The cells of every row of a table, without the headings."""
    lines = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line] for line in lines if line[0].strip() != "section" and "---" not in line[0]]


def settings_named() -> list[tuple[str, str]]:
    """(flagfile, flag) for each that a row names; a flag without a file is of the file before it in its cell."""
    found = []
    for row in rows():
        file = ""
        for code in re.findall(r"`([^`]+)`", row[2] + row[3]):
            named = re.fullmatch(r"(?:(\w+\.cfg): )?(--\w+(?:=\S+)?)", code)
            if named and (named[1] or file) and code in re.findall(r"`([^`]+)`", row[2]) + [code] * bool(named[1]):
                file = named[1] or file
                found.append((file, named[2]))
    return list(dict.fromkeys(found))


def places_named() -> list[str]:
    """Files and folders of this project, with or without a name in them."""
    roots = ("chex_tf/", "launch/", "datasets/", "configs/")
    return sorted({code for code in re.findall(r"`([^`]+)`", PAGE) if code.startswith(roots)})


@pytest.mark.slow
def test_the_plans_are_what_dry_run_prints(tmp_path):
    script = ROOT / "tests" / "docs" / "print_plans.py"
    done = subprocess.run([sys.executable, script, tmp_path], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert PAGE[PAGE.index("## The plans") :].strip() == done.stdout.strip()


def test_every_row_has_four_cells_and_a_verdict():
    assert len(rows()) > 30
    for row in rows():
        assert len(row) == 4, row
        assert row[3].startswith(VERDICTS), row


@pytest.mark.parametrize(("file", "flag"), settings_named(), ids=lambda value: value)
def test_a_configuration_says_what_the_page_says(file, flag, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    needed = [f"--data={tmp_path}", f"--run_dir={tmp_path / 'run'}"]
    held = parse([f"--flagfile=configs/{file}", *needed], *KINDS)
    asked = parse([f"--flagfile=configs/{file}", *needed, flag], *KINDS)
    assert asked == held, f"{file} says otherwise"


def test_a_wrong_value_would_be_noticed(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    needed = ["--flagfile=configs/paper_scratch.cfg", f"--data={tmp_path}", f"--run_dir={tmp_path / 'run'}"]
    assert parse([*needed, "--batch=17"], *KINDS) != parse(needed, *KINDS)
    assert ("paper_scratch.cfg", "--batch=16") in settings_named()


@pytest.mark.parametrize("place", places_named())
def test_what_it_points_at_is_there(place):
    file, _, name = place.partition("::")
    path = ROOT / file
    assert path.exists()
    if name:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        for node in tree.body:
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AnnAssign)
                else []
            )
            defined |= {target.id for target in targets if isinstance(target, ast.Name)}
        assert name in defined
