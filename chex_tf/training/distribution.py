"""Where a run computes: one device, all local ones, or several hosts; and the part of this process."""

import contextlib
import dataclasses
import os
import re
from collections.abc import Callable, Iterator
from typing import Literal, NotRequired, TypedDict

import tensorflow as tf

from chex_tf import json_files
from chex_tf.settings import InputError
from chex_tf.training import joining
from chex_tf.training.joining import WorkerLost
from chex_tf.training.settings import TrainSettings


class _Task(TypedDict):
    type: Literal["worker"]
    index: int


class _TfConfig(TypedDict):
    """TF_CONFIG; without a cluster it names a process on its own."""

    cluster: NotRequired[dict[str, list[str]]]
    task: NotRequired[_Task]


@dataclasses.dataclass(frozen=True)
class Machine:
    """The strategy and this process's place in it: worker `worker` of `workers`, with `replicas` over all of them."""

    strategy: tf.distribute.Strategy
    worker: int
    workers: int
    replicas: int

    @property
    def is_chief(self) -> bool:
        """Only this worker writes."""
        return self.worker == 0

    @property
    def local_replicas(self) -> int:
        return self.replicas // self.workers

    def describe(self) -> str:
        devices = sorted({device.rpartition("device:")[2] for device in self.strategy.extended.worker_devices})
        text = f"{self.replicas} replica{'s' * (self.replicas > 1)} on {', '.join(devices)}"
        return text if self.workers == 1 else f"{text}; worker {self.worker} of {self.workers}"


def prepare(settings: TrainSettings) -> None:
    """Process-wide switches; call it before TensorFlow makes its devices.

    Deterministic operations alone are not enough: DenseNet121 trained three times gave three results, and the same
    one three times with one inter-op thread. The cause was not found; sums of gradients in the order in which they
    happen to be ready would explain it.
    """
    if not settings.deterministic:
        return
    tf.config.experimental.enable_op_determinism()
    try:
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError as error:
        if tf.config.threading.get_inter_op_parallelism_threads() != 1:
            raise InputError(
                "deterministic runs must be requested before TensorFlow is first used in a process", "deterministic"
            ) from error


def machine(settings: TrainSettings, say: Callable[[str], None] = lambda line: None) -> Machine:
    """Picks the strategy: several hosts where TF_CONFIG or Slurm names them, else all local GPUs, else one device."""
    gpus = tf.config.list_physical_devices("GPU")
    if settings.require_gpu and not gpus:
        raise InputError("expected a GPU that TensorFlow can use; found none", "require_gpu")
    hosts = cluster()
    chosen = settings.strategy
    if chosen == "auto":
        chosen = "multi_worker" if hosts else "mirrored" if len(tf.config.list_logical_devices("GPU")) > 1 else "one"
    if chosen == "multi_worker" and hosts is None:
        raise InputError("expected TF_CONFIG, or Slurm's environment, to name the workers; found neither", "strategy")
    if chosen == "multi_worker":
        assert hosts is not None
        worker, workers = place_of(hosts)
        joining.meet(hosts.cluster_spec().as_dict()["worker"], worker, settings.join_minutes, say)
        with joining.connecting(settings.join_minutes, say):
            strategy: tf.distribute.Strategy = tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=hosts)
        found = Machine(strategy, worker, workers, strategy.num_replicas_in_sync)
    elif chosen == "mirrored":
        devices = [device.name for device in tf.config.list_logical_devices("GPU" if gpus else "CPU")]
        strategy = tf.distribute.MirroredStrategy(devices)
        found = Machine(strategy, 0, 1, strategy.num_replicas_in_sync)
    else:
        found = Machine(tf.distribute.OneDeviceStrategy("/GPU:0" if gpus else "/CPU:0"), 0, 1, 1)
    check_batch(settings, found)
    return found


def check_batch(settings: TrainSettings, machine: Machine) -> None:
    """Refuses a global batch that the replicas cannot share evenly, and XLA on several of them."""
    share, rest = divmod(settings.batch, machine.replicas)
    if rest:
        lower = settings.batch - rest
        raise InputError(
            f"a global batch of {settings.batch} does not divide by {machine.replicas} replicas; "
            f"{f'{lower} or ' if lower else ''}{lower + machine.replicas} would",
            "batch",
        )
    if share % settings.accumulate:
        raise InputError(f"a replica's {share} images do not divide into {settings.accumulate} parts", "accumulate")
    if settings.xla and machine.replicas > 1:
        raise InputError(
            f"XLA can hang with several replicas (Keras issues 20763, 18145); expected one; found {machine.replicas}",
            "xla",
        )


def cluster() -> tf.distribute.cluster_resolver.ClusterResolver | None:
    """The workers, from TF_CONFIG, or else from Slurm's environment inside an srun of several tasks."""
    text = os.environ.get("TF_CONFIG", "")
    if text:
        return tf.distribute.cluster_resolver.TFConfigClusterResolver() if len(_workers(text)) > 1 else None
    tasks = os.environ.get("SLURM_STEP_NUM_TASKS", "1")
    if not (tasks.isascii() and tasks.isdigit() and len(tasks) < 7):
        raise InputError(f"expected a number of tasks in SLURM_STEP_NUM_TASKS; found {tasks[:80]!r}", "strategy")
    return _of_slurm() if int(tasks) > 1 else None


def _workers(text: str) -> list[str]:
    """The workers that TF_CONFIG names, none for a process on its own; raises InputError for another form of it."""
    try:
        found = json_files.checked(json_files.parsed(text.encode("utf-8", "surrogateescape")), _TfConfig)
    except json_files.FormError as error:
        raise InputError(f"TF_CONFIG: {error}", "strategy") from error
    workers = found.get("cluster", {}).get("worker", [])
    others = [name for name in found.get("cluster", {}) if name != "worker"]
    if others:
        raise InputError(f"TF_CONFIG: expected a cluster of workers only; found {others[0][:80]}", "strategy")
    for address in workers:
        host, _, port = address.rpartition(":")
        if not host or not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
            raise InputError(f"TF_CONFIG: expected HOST:PORT for each worker; found {address[:80]!r}", "strategy")
    if len(set(workers)) < len(workers):
        raise InputError("TF_CONFIG: expected each worker once; found one twice", "strategy")
    if len(workers) > 1:
        task = found.get("task")
        if task is None:
            raise InputError("TF_CONFIG: task is missing", "strategy")
        if not 0 <= int(task["index"]) < len(workers):
            raise InputError(
                f"TF_CONFIG: task.index: expected 0 to {len(workers) - 1}; found {task['index']}", "strategy"
            )
    return workers


def _of_slurm() -> tf.distribute.cluster_resolver.ClusterResolver:
    resolver = tf.distribute.cluster_resolver.SlurmClusterResolver
    try:
        found = resolver()
        found.cluster_spec()
        return found
    except Exception as error:  # whatever TensorFlow makes of variables of another form
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:160]
        raise InputError(f"expected the variables of an srun of Slurm; SLURM_…: {reason}", "strategy") from error


def place_of(hosts: tf.distribute.cluster_resolver.ClusterResolver) -> tuple[int, int]:
    """This process's number among the workers, and how many there are."""
    workers = len(hosts.cluster_spec().as_dict()["worker"])  # Slurm's resolver knows its place only after this call
    return int(hosts.task_id or 0), workers


@contextlib.contextmanager
def worker_errors(machine: Machine) -> Iterator[None]:
    """Turns TensorFlow's errors after a worker is gone into WorkerLost."""
    lost = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.InternalError, tf.errors.CancelledError)
    try:
        yield
    except lost as error:
        if machine.workers == 1:
            raise
        raise WorkerLost(
            f"{_who_is_gone(str(error.message), machine)}; start all {machine.workers} workers again: they continue "
            "from the last checkpoint"
        ) from error


def _who_is_gone(said: str, machine: Machine) -> str:
    """The workers that TensorFlow's words name beside this one, with their hosts; else the first words that tell
    something, as TensorFlow begins with which operation of the graph noticed."""
    hosts = machine.strategy.cluster_resolver.cluster_spec().as_dict()["worker"]
    numbers = {int(number) for number in re.findall(r"/job:worker/(?:replica:\d+/)?task:(\d+)", said)}
    gone = sorted(number for number in numbers - {machine.worker} if number < len(hosts))
    if gone:
        return f"gone: {', '.join(f'worker {number} on {hosts[number]}' for number in gone)}"
    lines = (line.strip() for line in said.splitlines())
    told = next((line for line in lines if line and not line.startswith("Graph execution error")), "no word why")
    return f"another of the {machine.workers} workers is gone ({told[:160]})"
