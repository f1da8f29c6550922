"""Kills a training run with SIGKILL at random moments, starts it again, and compares it with one that nobody touched.

    python -m benchmarks.kills --data=PREPARED_FOLDER --kills=50
    python -m benchmarks.kills --quick

Any prepared folder will do (`python -m launch.prepare` makes one of phantoms; --quick makes its own). Exit code 0
means: weights, optimizer state, best checkpoints and metrics.csv are the same to the last bit. Moments are drawn over
the whole life of a process: its start, its steps, its evaluations, and while a checkpoint is being written.
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
import time

from benchmarks import quick
from chex_tf.runs import checkpoints, layout

ROOT = pathlib.Path(__file__).resolve().parent.parent
EVERY = 3  # steps from checkpoint to checkpoint
FLAGS = ("--deterministic", "--image_size=64", "--batch=8", "--evaluate_unit=steps", "--keep=3")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, help="a prepared folder")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--steps", type=int, default=60, help="length of the run")
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
        untouched = pathlib.Path(folder) / "untouched"
        begun = time.monotonic()
        finish([*command, f"--run_dir={untouched}"])
        print(f"untouched run: {time.monotonic() - begun:.0f} s", flush=True)
        kills, runs, restarts, different = 0, 0, 0, []
        while kills < arguments.kills or restarts:
            run_dir = pathlib.Path(folder) / f"killed-{runs}"
            if kills < arguments.kills and kill_at_a_moment([*command, f"--run_dir={run_dir}"], run_dir, moments):
                kills, restarts = kills + 1, restarts + 1
                print(f"kill {kills}: step {step_of(run_dir)} on disk", flush=True)
                continue
            finish([*command, f"--run_dir={run_dir}"])  # a finished run says so and is left alone
            different += compare(untouched, run_dir)
            shutil.rmtree(run_dir)
            runs, restarts = runs + 1, 0
        print(f"{kills} kills over {runs} runs of {arguments.steps} steps: ", end="")
        print("; ".join(different) if different else "all equal to the untouched run, bit for bit")
    return 1 if different else 0


def finish(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"the run ended with {done.returncode}:\n{done.stderr[-3000:]}")


def kill_at_a_moment(command: list[str], run_dir: pathlib.Path, moments: random.Random) -> bool:
    """Whether the process was killed; False when it was through before its moment came."""
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    assert process.stderr is not None
    in_the_beginning = moments.random() < 0.15
    while not in_the_beginning and process.poll() is None:  # until the first step of this life is done
        if b" of " in (line := process.stderr.readline()) and b"images" in line and b"loss" in line:
            break
    goal = step_of(run_dir) + EVERY * moments.randint(0, 3)
    while not in_the_beginning and process.poll() is None and step_of(run_dir) < goal:  # so many checkpoints further
        time.sleep(0.01)
    with_delay = moments.uniform(0, 6.0) if in_the_beginning else moments.uniform(0, 1.5)
    try:
        process.wait(timeout=with_delay)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
    process.stderr.close()
    return process.wait() == -signal.SIGKILL


def step_of(run_dir: pathlib.Path) -> int:
    states = checkpoints.read_index(run_dir)
    return states[0].step if states else 0


def compare(first: pathlib.Path, second: pathlib.Path) -> list[str]:
    """What differs. The last state holds weights, optimizer state and all else that a step depends on, and names the
    best weights with their sums; which state before it was kept depends on how fast the disk was."""
    states = [checkpoints.read_index(run_dir)[0] for run_dir in (first, second)]
    found = [] if states[0] == states[1] else ["the last state, or the best weights, differ"]
    for run_dir, state in zip((first, second), states, strict=True):
        named = [(state.file, state.sha256), *((best.file, best.sha256) for best in state.best)]
        for file, sha256 in named:
            checkpoints.read_arrays(run_dir / layout.CHECKPOINTS / file, sha256)  # raises where damaged
    same = (first / layout.METRICS).read_bytes() == (second / layout.METRICS).read_bytes()
    return found if same else [*found, f"{layout.METRICS} differs"]


if __name__ == "__main__":
    sys.exit(main())
