"""Kills a training run with SIGKILL at random moments, starts it again, and compares it with one that nobody touched.

    python -m benchmarks.kills --data=PREPARED_FOLDER --kills=50
    python -m benchmarks.kills --data=PREPARED_FOLDER --kills=50 --workers=2
    python -m benchmarks.kills --quick

Any prepared folder will do (`python -m launch.prepare` makes one of phantoms; --quick makes its own). Exit code 0
means: weights, optimizer state, best checkpoints and metrics.csv are the same to the last bit. Moments are drawn over
the whole life of a process: its start, its steps, its evaluations, and while a checkpoint is being written.

With several workers the victim is drawn too: the first of them, which writes; the last; all; or the last asked by
SIGTERM, whereupon all must save and exit 143, unless it is asked before there is anything to save. Workers that nobody
killed must end by themselves, also where the killed one had not yet joined them.
"""

import argparse
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np

from benchmarks import cluster, quick
from chex_tf import child_processes
from chex_tf.runs import checkpoints, layout

ROOT = pathlib.Path(__file__).resolve().parent.parent
EVERY = 3  # steps from checkpoint to checkpoint
JOIN = 0.75  # minutes, for workers whose companion never comes
PATIENCE = 60 * JOIN + 150  # seconds, for workers whose companion is gone
ASKED = "the last, asked"
FLAGS = (
    "--deterministic",
    "--image_size=64",
    "--batch=8",
    "--evaluate_unit=steps",
    "--keep=3",
    f"--join_minutes={JOIN}",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, help="a prepared folder")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--steps", type=int, default=60, help="length of the run")
    parser.add_argument("--workers", type=int, default=1, help="processes that train it together")
    parser.add_argument("--arch", default="ResNet18Minus3")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    quick.add_flag(parser, kills=1, steps=4 * EVERY, seed=1544)  # whose first moment is at the first checkpoint
    arguments, more = parser.parse_known_args()
    if not (arguments.data or arguments.quick):
        parser.error("--data is required")
    moments = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        data = arguments.data or quick.prepared_phantom(pathlib.Path(folder))
        command = [sys.executable, "-m", "launch.train", f"--data={data}", f"--arch={arguments.arch}"]
        command += [*FLAGS, f"--evaluate_every={EVERY}", f"--steps={arguments.steps}", *more]
        command += ["--notensorboard"] * arguments.quick  # a second less a start, and nothing of it is compared
        untouched, workers = pathlib.Path(folder) / "untouched", arguments.workers
        begun = time.monotonic()
        finish([*command, f"--run_dir={untouched}"], workers)
        print(f"untouched run: {time.monotonic() - begun:.0f} s", flush=True)
        kills, runs, restarts, different = 0, 0, 0, []
        while kills < arguments.kills or restarts:
            run_dir = pathlib.Path(folder) / f"killed-{runs}"
            this = [*command, f"--run_dir={run_dir}"]
            if kills < arguments.kills and (victim := kill_at_a_moment(this, workers, run_dir, moments)):
                kills, restarts = kills + 1, restarts + 1
                print(f"kill {kills}, {victim}: step {step_of(run_dir)} on disk", flush=True)
                continue
            finish(this, workers)  # a finished run says so and is left alone
            different += compare(untouched, run_dir)
            shutil.rmtree(run_dir)
            runs, restarts = runs + 1, 0
        print(f"{kills} kills over {runs} runs of {arguments.steps} steps: ", end="")
        print("; ".join(different) if different else "all equal to the untouched run, bit for bit")
    return 1 if different else 0


def begin(command: list[str], workers: int) -> list[subprocess.Popen[bytes]]:
    """The processes of a run, which end with this one. The first tells its steps, into a pipe."""
    return [
        child_processes.start(
            command,
            {**os.environ, **more},
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if number else subprocess.PIPE,
        )
        for number, more in enumerate(cluster.environments(workers))
    ]


def finish(command: list[str], workers: int) -> None:
    processes = begin(command, workers)
    _, said = processes[0].communicate()
    codes = [process.wait() for process in processes]
    if any(codes):
        sys.exit(f"the run ended with {codes}:\n{said.decode(errors='replace')[-3000:]}")


def kill_at_a_moment(command: list[str], workers: int, run_dir: pathlib.Path, moments: random.Random) -> str:
    """Who was killed; nothing when the run was through before its moment came."""
    processes = begin(command, workers)
    first = processes[0]
    assert first.stderr is not None
    in_the_beginning = moments.random() < 0.15
    while not in_the_beginning and first.poll() is None:  # until the first step of this life is done
        if b" of " in (line := first.stderr.readline()) and b"images" in line and b"loss" in line:
            break
    draining = threading.Thread(target=first.stderr.read, daemon=True)  # else a full pipe would hold the run
    draining.start()
    goal = step_of(run_dir) + EVERY * moments.randint(0, 3)
    while not in_the_beginning and first.poll() is None and step_of(run_dir) < goal:  # so many checkpoints further
        time.sleep(0.01)
    with_delay = moments.uniform(0, 6.0) if in_the_beginning else moments.uniform(0, 1.5)
    victims = {"the process": processes}
    if workers > 1:
        victims = {"the first": processes[:1], "the last": processes[-1:], "all": processes, ASKED: processes[-1:]}
    victim = moments.choice(list(victims))
    when = " as it began" if in_the_beginning else ""
    try:
        first.wait(timeout=with_delay)
        through = True
    except subprocess.TimeoutExpired:
        through = False
        for process in victims[victim]:
            os.killpg(process.pid, signal.SIGTERM if victim == ASKED else signal.SIGKILL)
    try:
        codes = [process.wait(timeout=PATIENCE) for process in processes]
    except subprocess.TimeoutExpired:
        for process in processes:
            os.killpg(process.pid, signal.SIGKILL)
        sys.exit(f"{victim}{when}: the others did not end within {PATIENCE} seconds")
    draining.join()
    first.stderr.close()
    if through or codes[0] == 0:  # the run had ended, and the signal met what was about to exit
        return ""
    # Before there are steps to save, a signal ends its process, and the others end without it.
    if victim == ASKED and not in_the_beginning and codes != [143] * workers:
        sys.exit(f"the last of {workers} workers was asked to stop; they ended with {codes}")
    return f"{victim}{when}"


def step_of(run_dir: pathlib.Path) -> int:
    states = checkpoints.read_index(run_dir)
    return states[0].step if states else 0


def compare(first: pathlib.Path, second: pathlib.Path) -> list[str]:
    """What differs. The last state holds weights, optimizer state and all else that a step depends on, and names the
    best weights with their sums; which state before it was kept depends on how fast the disk was. Of its file only what
    tells the run's own folder may differ."""
    found = []
    states = [checkpoints.read_index(run_dir)[0] for run_dir in (first, second)]
    facts = [(state.step, state.best, state.note) for state in states]
    if facts[0] != facts[1]:
        found.append("the last state's step, best weights or notes differ")
    arrays = [
        checkpoints.read_arrays(run_dir / layout.CHECKPOINTS / state.file, state.sha256)  # raises where damaged
        for run_dir, state in zip((first, second), states, strict=True)
    ]
    unlike = sorted(arrays[0].keys() ^ arrays[1].keys())
    unlike += [name for name in arrays[0].keys() & arrays[1].keys() if not _same(arrays[0][name], arrays[1][name])]
    if unlike:
        found.append(f"{len(unlike)} of {len(arrays[0])} tensors of the last state differ")
    for run_dir, state in zip((first, second), states, strict=True):
        for best in state.best:
            checkpoints.read_arrays(run_dir / layout.CHECKPOINTS / best.file, best.sha256)
    same = (first / layout.METRICS).read_bytes() == (second / layout.METRICS).read_bytes()
    return found if same else [*found, f"{layout.METRICS} differs"]


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


if __name__ == "__main__":
    sys.exit(main())
