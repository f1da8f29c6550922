"""What the workers of a run settle together: that all read the same step, when all stop, that the chief has saved."""

import signal
from collections.abc import Callable, Sequence

import tensorflow as tf

from chex_tf.settings import InputError
from chex_tf.training.distribution import Machine
from chex_tf.training.stopping import Request

STOPPING = (signal.SIGTERM, signal.SIGINT)  # the first of them that any worker received counts for all


def check_agreement(machine: Machine, value: int, what: str) -> None:
    """Raises InputError if workers that must have read the same number have not."""
    if machine.workers == 1:
        return
    total, squares = _summing(machine)([float(value), float(value) ** 2])
    if abs(squares * machine.workers - total**2) > 1e-6 * max(1.0, total**2):
        raise InputError(
            f"workers found different {what}; this one {value}. Do all see the same run directory?", "run_dir"
        )


def on_stopping(machine: Machine, request: Request) -> Callable[[], bool]:
    """A function that all workers call at the same points: whether they stop there.

    A signal rarely reaches all workers between the same two calls, and one that left alone would take the others with
    it, unsaved. So each tells what it received, and where any did, all have received it.
    """
    if machine.workers == 1:
        return lambda: request.signal is not None
    summed = _summing(machine)

    def stops() -> bool:
        received = summed([float(request.signal == number) for number in STOPPING])
        found = next((one for one, count in zip(STOPPING, received, strict=True) if count), None)
        if found is not None:  # else one that came while the sums were on their way would be forgotten
            request.signal = int(found)
        return found is not None

    return stops


def wait_for_all(machine: Machine) -> None:
    """Returns when every worker has come here. Those that have nothing to write wait for the chief: a process that
    ends before takes the others with it."""
    if machine.workers > 1:
        _summing(machine)([1.0])


def _summing(machine: Machine) -> Callable[[Sequence[float]], list[float]]:
    """Sums of each worker's numbers over the workers."""
    strategy = machine.strategy

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float64)])
    def total(numbers: tf.Tensor) -> tf.Tensor:
        def of_replica(mine: tf.Tensor) -> tf.Tensor:
            here = mine / machine.local_replicas  # computed on the replica: what is summed has to lie on its device
            return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, here)

        results = strategy.run(of_replica, args=(numbers,))
        return strategy.experimental_local_results(results)[0]

    def summed(numbers: Sequence[float]) -> list[float]:
        return [float(value) for value in total(tf.constant(list(numbers), tf.float64)).numpy()]

    return summed
