"""What carries out a study's jobs: a protocol, and the one that starts processes on this machine.

A job is one command. Whether it succeeded is not the executor's to say: it reports that the command ended, and the
run's files say how far it got.
"""

import contextlib
import dataclasses
import os
import pathlib
import subprocess
import typing
from collections.abc import Mapping, Sequence

from chex_tf import child_processes
from chex_tf.settings import InputError


@dataclasses.dataclass(frozen=True)
class Job:
    """`name` tells it apart from others of its time; what it prints is appended to `log`."""

    name: str
    command: tuple[str, ...]
    log: pathlib.Path


class Executor(typing.Protocol):
    def free(self) -> int:
        """How many more jobs could start now."""

    def under_way(self) -> tuple[str, ...]:
        """Names of jobs that an earlier process of this study started here and that have not ended."""

    def start(self, jobs: Sequence[Job]) -> None:
        """At most as many as are free."""

    def ended(self) -> dict[str, int]:
        """Name -> exit code of the jobs that ended since the last call; below 0 for a job ended by a signal."""

    def stop(self) -> str:
        """The study is told to end: asks every job to save and end, or leaves them to a queue; says which."""

    def describe(self) -> str: ...


@dataclasses.dataclass(frozen=True)
class Slot:
    """Where a job of this machine runs: one GPU, or some of its cores."""

    gpu: int | None = None
    cores: tuple[int, ...] = ()

    def environment(self) -> dict[str, str]:
        if self.gpu is not None:
            return {"CUDA_VISIBLE_DEVICES": str(self.gpu)}
        threads = str(len(self.cores))
        return {
            "CUDA_VISIBLE_DEVICES": "-1",
            "TF_NUM_INTRAOP_THREADS": threads,
            "TF_NUM_INTEROP_THREADS": threads,
            "OMP_NUM_THREADS": threads,
        }


def slots_of(workers: int, gpus: Sequence[int], cores: Sequence[int]) -> tuple[Slot, ...]:
    """A slot a GPU where there are GPUs, otherwise `workers` with equal shares of the cores, of which each has its own;
    0 workers means all GPUs, or one worker with all cores."""
    if gpus:
        if workers > len(gpus):
            raise InputError(
                f"expected at most a worker a GPU, and there are {len(gpus)}; received {workers}", "workers"
            )
        return tuple(Slot(gpu=gpu) for gpu in gpus[: workers or len(gpus)])
    count = workers or 1
    if count > len(cores):
        raise InputError(f"expected at most a worker a core, and there are {len(cores)}; received {count}", "workers")
    share = len(cores) // count
    return tuple(Slot(cores=tuple(cores[place * share : (place + 1) * share])) for place in range(count))


class LocalExecutor:
    """A process a slot."""

    GRACE = 120.0  # seconds for a run to save and end before it is killed

    def __init__(self, slots: Sequence[Slot], environment: Mapping[str, str] | None = None) -> None:
        self._slots = tuple(slots)
        self._environment = dict(os.environ if environment is None else environment)
        self._running: dict[Slot, tuple[Job, subprocess.Popen[bytes]]] = {}

    def free(self) -> int:
        return len(self._slots) - len(self._running)

    def under_way(self) -> tuple[str, ...]:
        return ()  # Linux asks the runs of a study that was killed to save; until then they hold their runs' locks

    def start(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self._start(job)

    def _start(self, job: Job) -> None:
        slot = next(slot for slot in self._slots if slot not in self._running)
        job.log.parent.mkdir(parents=True, exist_ok=True)
        with open(job.log, "ab") as log:
            process = child_processes.start(
                job.command,
                {**self._environment, **slot.environment()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        if slot.cores:
            with contextlib.suppress(OSError, AttributeError):  # the process may be gone; macOS cannot pin
                os.sched_setaffinity(process.pid, slot.cores)
        self._running[slot] = job, process

    def ended(self) -> dict[str, int]:
        found = {}
        for slot, (job, process) in list(self._running.items()):
            code = process.poll()
            if code is not None:
                found[job.name] = code
                del self._running[slot]
        return found

    def stop(self) -> str:
        asked = len(self._running)
        child_processes.end([process for _, process in self._running.values()], self.GRACE)
        return f"{asked} runs were asked to save and have ended" if asked else ""

    def describe(self) -> str:
        if self._slots[0].gpu is not None:
            return f"{len(self._slots)} GPU{'s' * (len(self._slots) > 1)} of this machine, a run each"
        cores = len(self._slots[0].cores)
        each = f"{cores} core{'s' * (cores > 1)} each"
        return f"{len(self._slots)} worker{'s' * (len(self._slots) > 1)} on this machine, {each}"
