"""Processes of their own, for what needs devices or workers that a process cannot have twice."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def in_processes(as_workers):
    """Runs `script` in a process for each list of arguments, all at once, perhaps each as a worker of one cluster."""

    def run(script: pathlib.Path, *several: tuple[str, ...], workers: bool = False) -> None:
        environments = as_workers(len(several)) if workers else [{} for _ in several]
        ours = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
        processes = [
            subprocess.Popen(
                [sys.executable, str(script), *arguments],
                cwd=ROOT,
                env={**ours, **environment},
                stderr=subprocess.PIPE,
                text=True,
            )
            for arguments, environment in zip(several, environments, strict=True)
        ]
        try:
            for process in processes:
                _, err = process.communicate(timeout=400)
                assert process.returncode == 0, err[-3000:]
        finally:
            for process in processes:
                process.kill()

    return run
