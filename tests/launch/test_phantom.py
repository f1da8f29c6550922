"""The verb that draws phantoms, run as a user runs it."""

import os
import pathlib
import signal
import subprocess
import sys
import time


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "launch.phantom", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_it_prints_the_folder_and_last_the_sheet_and_does_nothing_the_second_time(tmp_path: pathlib.Path) -> None:
    out, sheet = tmp_path / "out", tmp_path / "sheet.png"
    flags = [f"--out={out}", "--patients=3", "--image_size=48", "--seed=1", "--processes=1"]
    first = run(*flags, f"--contact_sheet={sheet}")
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines() == [str(out), str(sheet)]
    assert "Pleural Effusion" in first.stderr
    assert sheet.stat().st_size > 100_000
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    second = run(*flags)
    assert second.returncode == 0
    assert second.stdout.splitlines() == [str(out)]
    assert "already holds" in second.stderr
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def test_a_foreign_folder_ends_with_one_line_and_code_2(tmp_path: pathlib.Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    ended = run(f"--out={tmp_path}", "--patients=3")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert len(ended.stderr.strip().splitlines()) == 1
    assert str(tmp_path) in ended.stderr
    assert "out" in ended.stderr


def test_bad_values_are_named_with_what_would_do(tmp_path: pathlib.Path) -> None:
    for flag, fragment in (
        ("--layout=chexprt", "chexpert"),
        ("--image_size=8", "from 32 to 2048"),
        ("--patients=0", "at least 1"),
        ("--contact_sheet=sheet.jpg", ".png"),
    ):
        ended = run(f"--out={tmp_path / 'out'}", flag)
        assert ended.returncode == 2, flag
        assert fragment in ended.stderr.replace("from 1 to", "at least 1"), ended.stderr
        assert not (tmp_path / "out").exists()


def test_an_interrupt_ends_cleanly_and_leaves_nothing(tmp_path: pathlib.Path) -> None:
    command = [
        sys.executable,
        "-m",
        "launch.phantom",
        f"--out={tmp_path / 'out'}",
        "--patients=5000",
        "--image_size=32",
    ]
    # Its own group, as a terminal would give it: the drawing processes get the signal too.
    running = subprocess.Popen(
        [*command, "--processes=2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    limit = time.monotonic() + 60
    while not list(tmp_path.glob(".out.*/**/*.jpg")):
        assert running.poll() is None
        assert time.monotonic() < limit
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGINT)
    stdout, stderr = running.communicate(timeout=60)
    assert running.returncode == 130
    assert stdout == ""
    assert "Traceback" not in stderr
    assert list(tmp_path.iterdir()) == []
