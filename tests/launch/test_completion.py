"""What a shell completes, asked of bash itself."""

import shutil
import subprocess

import pytest

from launch import completion
from launch.__main__ import verbs

BASH = shutil.which("bash")


@pytest.fixture(scope="module")
def script():
    return completion.script("bash")


def completed(script, *words):
    """What the last of the words may become; bash has split a flag from its value."""
    quoted = " ".join(f'"{word}"' for word in words)
    lines = f'COMP_WORDS=({quoted})\nCOMP_CWORD={len(words) - 1}\n_chex\nprintf "%s\\n" "${{COMPREPLY[@]}}"\n'
    done = subprocess.run([BASH, "-c", script + lines], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.skipif(BASH is None, reason="needs bash, which is not installed")
def test_verbs_flags_and_choices_are_completed(script, tmp_path):
    assert completed(script, "chex", "tr") == ["train"]
    assert set(completed(script, "chex", "")) == set(verbs())
    assert completed(script, "chex", "train", "--optim") == ["--optimizer="]
    assert completed(script, "chex", "train", "--dry") == ["--dry_run"]
    assert completed(script, "chex", "train", "--nodry") == ["--nodry_run"]
    assert completed(script, "chex", "train", "--optimizer", "=") == ["adam", "sgd", "lars", "pesg"]
    assert completed(script, "chex", "train", "--optimizer", "=", "la") == ["lars"]
    assert completed(script, "chex", "evaluate", "--optim") == []
    (tmp_path / "folder").mkdir()
    assert completed(script, "chex", "train", "--data", "=", str(tmp_path / "fol")) == [str(tmp_path / "folder")]
    # As zsh gives it, in one word.
    assert completed(script, "chex", "train", "--optimizer=la") == ["--optimizer=lars"]


def test_every_verbs_flags_are_there(script):
    for verb in verbs():
        (line,) = [line for line in script.splitlines() if line.startswith(f"    {verb}) flags=")]
        assert "--flagfile=" in line
    assert completion.script("zsh").endswith(script)


def test_the_shell_may_stand_without_its_flag():
    assert completion.with_flag(["zsh"]) == ["--shell=zsh"]
    assert completion.with_flag(["--shell=bash"]) == ["--shell=bash"]
