"""`python -m launch.train` before any work begins."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def train(*flags: str, verb: str = "train") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "importtime", "-m", f"launch.{verb}", *flags], cwd=ROOT, capture_output=True, text=True
    )


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    return done.stderr.strip().splitlines()[-1]


def test_help_needs_neither_tensorflow_nor_numpy():
    shown = train("--help")
    assert shown.returncode == 0
    assert "--learning_rate=X" in shown.stdout
    assert "tensorflow" not in shown.stderr
    assert "numpy" not in shown.stderr


def test_a_bad_profile_is_named(tmp_path):
    done = train(f"--run_dir={tmp_path / 'run'}", f"--data={tmp_path}", "--profile=20:10")
    assert done.returncode == 2
    assert complaint(done) == "train: --profile: expected FIRST:LAST with FIRST below LAST; received 20:10"


def test_a_misspelt_task_set_is_offered_the_right_one(prepared, tmp_path):
    done = train(f"--run_dir={tmp_path / 'run'}", f"--data={prepared}", "--image_size=64", "--score_tasks=studdy")
    assert done.returncode == 2
    assert complaint(done).endswith("received studdy; did you mean study?")


def test_every_flagfile_is_understood(tmp_path):
    files = [file for file in sorted((ROOT / "configs").glob("*.cfg")) if "--grid=" not in file.read_text()]
    assert files
    for file in files:
        verb, more = (
            ("pretrain", ["--objective=vicreg"]) if "python -m launch.pretrain" in file.read_text() else ("train", [])
        )
        done = train(
            f"--flagfile={file.relative_to(ROOT)}",
            f"--data={tmp_path / 'absent'}",
            f"--run_dir={tmp_path / 'run'}",
            *more,
            verb=verb,
        )
        assert done.returncode == 2
        assert complaint(done).startswith(f"{verb}: --data: expected an existing folder; received"), file
