"""Carries out a study's jobs through Ray: each is a task that runs the command as a process of its own.

Ray is asked where there is room and whether a task has ended. Whatever it thinks of a job, how far the run is stands in
the run's files. Folders must have the same paths on every machine of the cluster.
"""

import os
import pathlib
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

from chex_tf.settings import InputError
from chex_tf.study.executor import Job, Slot

KILLED = -9  # reported for a job whose worker or machine went away
GRACE = 120.0  # seconds for the runs to save and end when the study is told to end
# Of a local Ray's folder: the names of its sockets are up to 70 characters longer and may have 107.
_LONGEST_FOLDER = 36


class RayExecutor:
    """`address` is an existing cluster's, as ray.init takes it; without it a Ray of this machine alone is started.
    `cpus` and `gpus` are of each run: no `gpus` means 1 where the cluster has any, else 0. At most `workers` runs at a
    time, 0 for as many as there is room for."""

    def __init__(self, address: str = "", cpus: float = 1, gpus: float | None = None, workers: int = 0) -> None:
        try:
            import ray
        except ImportError as error:
            raise InputError(
                "expected Ray to be installed; pip install 'chex_tf[ray]' brings it", "executor"
            ) from error
        self._ray: Any = ray
        self._where = f"Ray at {address}" if address else "Ray on this machine"
        if not ray.is_initialized():
            _connect(ray, address)
        has_gpus = ray.cluster_resources().get("GPU", 0) > 0
        self._cpus, self._gpus = cpus, float(has_gpus) if gpus is None else gpus
        self._workers = workers
        if self._room() < 1:
            raise InputError(
                f"expected room for a run of {self._cpus:g} CPUs and {self._gpus:g} GPUs; {self._where} has "
                f"{ray.cluster_resources().get('CPU', 0):g} and {ray.cluster_resources().get('GPU', 0):g}",
                "ray_cpus",
            )
        self._task = ray.remote(_task())
        self._running: dict[Any, Job] = {}

    def under_way(self) -> tuple[str, ...]:
        return ()  # Ray ends the tasks of a study that is gone, and their runs save

    def free(self) -> int:
        return (self._workers or self._room()) - len(self._running)

    def start(self, jobs: Sequence[Job]) -> None:
        # A GPU's number is for Ray to give. Without one, a run has as many threads as it has cores.
        cores = tuple(range(max(1, int(self._cpus))))
        environment = {} if self._gpus else Slot(cores=cores).environment()
        for job in jobs:
            # Not tried again by Ray: the study does that, and counts.
            task = self._task.options(
                num_cpus=self._cpus, num_gpus=self._gpus, max_retries=0, name=f"chex_tf {job.name}"
            )
            given = [*job.command], str(job.log.absolute()), os.getcwd(), environment
            self._running[task.remote(*given)] = job

    def ended(self) -> dict[str, int]:
        if not self._running:
            return {}
        done, _ = self._ray.wait([*self._running], num_returns=len(self._running), timeout=0)
        found = {}
        for task in done:
            job = self._running.pop(task)
            found[job.name] = self._exit_code(task, job.log)
        return found

    def stop(self) -> str:
        asked = len(self._running)
        for task in self._running:
            self._ray.cancel(task, force=False)
        until = time.monotonic() + GRACE
        left = [*self._running]
        while left and time.monotonic() < until:
            _, left = self._ray.wait(left, num_returns=len(left), timeout=1)
        ended = asked - len(left)
        return f"{ended} of {asked} runs were asked to save and have ended" if asked else ""

    def describe(self) -> str:
        gpus = f" and {self._gpus:g} GPUs" if self._gpus else ""
        return f"{self._where}, {self._workers or self._room()} runs at a time, {self._cpus:g} CPUs{gpus} each"

    def _room(self) -> int:
        has = self._ray.cluster_resources()
        wanted = {"CPU": self._cpus, "GPU": self._gpus}
        return int(min(has.get(kind, 0) // count for kind, count in wanted.items() if count))

    def _exit_code(self, task: Any, log: pathlib.Path) -> int:
        try:
            return int(self._ray.get(task))
        except self._ray.exceptions.RayError as error:
            why = " ".join(str(error).split())
            with open(log, "a", encoding="utf-8") as file:
                file.write(f"ray: {why[:500]}\n")
            return 1 if isinstance(error, self._ray.exceptions.RayTaskError) else KILLED


def _connect(ray: Any, address: str) -> None:
    more: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address:
            ray.init(address=address, **more)
        else:
            folder = tempfile.gettempdir()
            folder = folder if len(folder) <= _LONGEST_FOLDER - 16 else "/tmp"
            ray.init("local", include_dashboard=False, _temp_dir=tempfile.mkdtemp(prefix="ray_", dir=folder), **more)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise InputError(f"expected a Ray cluster to answer; {' '.join(str(error).split())}", "ray_address") from error


# Ray kills what its workers have started, at once. This process stands between: when it ends, for whatever reason, the
# run is asked to save (PR_SET_PDEATHSIG, which Linux alone has), and it ends as the run did.
_BETWEEN = """
import ctypes, os, signal, subprocess, sys

def with_parent(number):
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, number)

with_parent(signal.SIGTERM)
run = None
signal.signal(signal.SIGTERM, lambda *_: run and run.terminate())
run = subprocess.Popen(sys.argv[1:], preexec_fn=lambda: with_parent(signal.SIGTERM), start_new_session=True)
code = run.wait()
if code < 0:
    signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


def _task() -> Callable[[list[str], str, str, dict[str, str]], int]:
    """What a worker does. It is sent whole, so that workers need nothing of this package."""
    between = _BETWEEN

    def carry_out(command: list[str], log: str, folder: str, environment: dict[str, str]) -> int:
        import os
        import subprocess
        import sys
        import time

        os.makedirs(os.path.dirname(log), exist_ok=True)
        with open(log, "ab") as file:
            child = subprocess.Popen(
                [sys.executable, "-c", between, *command],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={**os.environ, **environment},
                start_new_session=True,
            )
        try:
            while child.poll() is None:  # Ray interrupts Python, not a wait for the child
                time.sleep(0.2)
        except BaseException:
            child.terminate()
            child.wait()
            raise
        return child.returncode

    return carry_out
