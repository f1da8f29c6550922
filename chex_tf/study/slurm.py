"""Carries out a study's jobs through Slurm: one array of jobs for all that are ready.

Slurm is asked only which jobs are still in its queue. What became of a job is read from its run's files: a job that was
requeued, preempted, ended by its time limit or started twice finds there how far the run is.
"""

import getpass
import json
import os
import pathlib
import shlex
import subprocess
from collections.abc import Sequence

from chex_tf.files import write_text
from chex_tf.settings import InputError
from chex_tf.study.executor import Job

FOLDER, SUBMITTED = "slurm", "submitted.json"  # in a study's folder
MOST_JOBS = 1000  # Slurm's own default for an array
KILLED = -9  # reported for a job that left no exit code
# Seconds before a time limit at which Slurm asks a run to save and end.
NOTICE = 180

_TASK = """\
# The run is the child of this script: asked to end, it saves, and its exit code is kept.
"$@" >> "$log" 2>&1 &
child=$!
trap 'kill -TERM "$child" 2> /dev/null' TERM
wait "$child"
code=$?
while kill -0 "$child" 2> /dev/null; do
  wait "$child"
  code=$?
done
echo "$code" > "$exit.part" && mv "$exit.part" "$exit"
exit "$code"
"""


class SlurmExecutor:
    """`options` are sbatch's, such as --partition=gpu --gres=gpu:1 --time=24:00:00; `setup` is a line of shell that
    every job runs first; at most `workers` jobs at a time, 0 for as many as Slurm allows."""

    def __init__(self, study: pathlib.Path, options: Sequence[str] = (), setup: str = "", workers: int = 0) -> None:
        self._folder, self._options, self._setup = study / FOLDER, tuple(options), setup
        self._workers = workers or MOST_JOBS
        self._jobs: dict[str, str] = {}  # name -> Slurm's number of it, as in 12_3
        path = self._folder / SUBMITTED
        if path.is_file():
            self._jobs = dict(json.loads(path.read_text(encoding="utf-8")))
        queued = self._queued()
        if queued is None:
            raise InputError("expected Slurm's squeue to answer; it did not", "executor")
        self._jobs = {name: number for name, number in self._jobs.items() if number in queued}

    def under_way(self) -> tuple[str, ...]:
        return tuple(self._jobs)

    def free(self) -> int:
        return self._workers - len(self._jobs)

    def start(self, jobs: Sequence[Job]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        number = 1 + len(list(self._folder.glob("array-*.sh")))
        script = self._folder / f"array-{number}.sh"
        for job in jobs:
            job.log.parent.mkdir(parents=True, exist_ok=True)
            self._exit_file(job.name).unlink(missing_ok=True)
        write_text(script, self._script(jobs))
        done = subprocess.run(["sbatch", "--parsable", str(script)], capture_output=True, text=True)
        if done.returncode != 0:
            raise InputError(f"sbatch refused {script}: {' '.join(done.stderr.split())}", "sbatch")
        array = done.stdout.strip().partition(";")[0]
        self._jobs |= {job.name: f"{array}_{place}" for place, job in enumerate(jobs)}
        self._remember()

    def ended(self) -> dict[str, int]:
        queued = self._queued() if self._jobs else set()
        if queued is None:  # Slurm does not answer: nothing is known to have ended
            return {}
        found = {name: self._exit_code(name) for name, number in self._jobs.items() if number not in queued}
        if found:
            self._jobs = {name: number for name, number in self._jobs.items() if name not in found}
            self._remember()
        return found

    def stop(self) -> str:
        if not self._jobs:
            return ""
        arrays = " ".join(sorted({number.partition("_")[0] for number in self._jobs.values()}))
        return f"{len(self._jobs)} jobs stay in Slurm's queue; scancel {arrays} would end them"

    def describe(self) -> str:
        return f"Slurm{f', {self._workers} jobs at a time' if self._workers < MOST_JOBS else ''}"

    def _queued(self) -> set[str] | None:
        """Slurm's numbers of this user's jobs that wait, run or end; None if it does not answer."""
        command = ["squeue", "--noheader", "--array", f"--user={getpass.getuser()}", "--format=%i"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        except FileNotFoundError as error:
            raise InputError("expected Slurm's commands on this machine; there is no squeue", "executor") from error
        except subprocess.TimeoutExpired:
            return None
        return set(done.stdout.split()) if done.returncode == 0 else None

    def _remember(self) -> None:
        write_text(self._folder / SUBMITTED, json.dumps(self._jobs, indent=1) + "\n")

    def _exit_file(self, name: str) -> pathlib.Path:
        return self._folder / f"{name}.exit"

    def _exit_code(self, name: str) -> int:
        path = self._exit_file(name)
        text = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
        return int(text) if text.isdigit() else KILLED

    def _script(self, jobs: Sequence[Job]) -> str:
        directives = [
            "--job-name=chex_tf",
            f"--array=0-{len(jobs) - 1}%{self._workers}",
            "--requeue",
            "--open-mode=append",
            f"--output={self._folder / 'array-%A_%a.log'}",
            f"--chdir={os.getcwd()}",
            f"--signal=B:TERM@{NOTICE}",
            *self._options,
        ]
        cases = [
            f"{place}) log={shlex.quote(str(job.log.absolute()))}; "
            f"exit={shlex.quote(str(self._exit_file(job.name).absolute()))}; set -- {shlex.join(job.command)} ;;"
            for place, job in enumerate(jobs)
        ]
        head = ["#!/bin/bash", *(f"#SBATCH {directive}" for directive in directives), self._setup]
        return "\n".join([*head, 'case "$SLURM_ARRAY_TASK_ID" in', *cases, "esac", _TASK])
