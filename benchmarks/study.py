"""What a study costs beyond its runs, and what a second worker gains.

    python -m benchmarks.study --data=PREPARED_FOLDER
    python -m benchmarks.study --quick

The same runs are carried out four times, always with a core each: by hand, one after the other and two side by side; by
a study with one worker and with two. Two cores slow each other, and the machine's speed drifts: what by hand gains side
by side is what two workers could gain, and the order is turned round every other of `--rounds`. Needs two cores with
nothing else on them.
"""

import argparse
import dataclasses
import os
import pathlib
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

from benchmarks import quick
from chex_tf import software
from chex_tf.study import folder
from chex_tf.study.controller import Controller, Rules, command_of
from chex_tf.study.executor import LocalExecutor, Slot
from chex_tf.study.folder import Study
from chex_tf.study.identity import PACKAGE
from chex_tf.study.state import Condition, State
from launch.study_cells import plan_of
from launch.study_run import KINDS
from launch.study_settings import StudySettings

ONE = ("by hand", "one worker")  # core
BY_HAND = ("by hand", "side by side")
FLAGS = ("image_size=64", "batch=16", "evaluate_unit=steps", "keep=1", "cam_images=0", "notensorboard")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, help="a prepared folder")
    parser.add_argument("--cells", type=int, default=4, help="how many; an even number keeps two workers busy")
    parser.add_argument("--steps", type=int, default=400, help="of each run")
    parser.add_argument("--arch", default="ResNet18")
    parser.add_argument("--rounds", type=int, default=1)
    quick.add_flag(parser, cells=2, steps=2, arch="ResNet18Minus3")
    arguments = parser.parse_args()
    if not (arguments.data or arguments.quick):
        parser.error("--data is required")
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        sys.exit("expected two cores")
    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        data = arguments.data or quick.prepared_phantom(place)
        begun = time.monotonic()
        study = planned(place, data, arguments)
        print(f"planning: {time.monotonic() - begun:.1f} s for {len(study.cells)} cells")
        one_core, own = cores[:1], []
        found: dict[str, list[float]] = {"by hand": [], "side by side": [], "one worker": [], "two workers": []}
        for number in range(arguments.rounds):
            for name in list(found)[:: 1 if number % 2 == 0 else -1]:
                where, given = place / f"{name.replace(' ', '_')}_{number}", one_core if name in ONE else cores
                if name in BY_HAND:
                    seconds = by_hand(where, study, given)
                else:
                    seconds, controller = carried_out(where, study, given)
                    own.append(controller / len(study.cells))
                print(f"{name}: {seconds:.1f} s", flush=True)
                found[name].append(seconds)
    hand, together, one, two = (statistics.median(seconds) for seconds in found.values())
    print(f"{len(study.cells)} runs of {hand / len(study.cells):.1f} s by hand, {arguments.rounds} rounds, medians:")
    beyond = 100 * (one / hand - 1), 100 * (two / together - 1)
    print(f"one worker: {beyond[0]:+.2f}% of by hand, two: {beyond[1]:+.2f}% of by hand side by side")
    print(f"the controller: {statistics.median(own):.3f} s of processor time a run")
    print(f"two workers are {one / two:.2f} times as fast as one; by hand, side by side is {hand / together:.2f} times")


def planned(place: pathlib.Path, data: pathlib.Path, arguments: argparse.Namespace) -> Study:
    """A cell a seed."""
    (place / "grid.csv").write_text(f"arch,weights\n{arguments.arch},none\n")
    steps = (f"steps={arguments.steps}", f"evaluate_every={arguments.steps}")
    (place / "base.cfg").write_text("".join(f"--{flag}\n" for flag in (*FLAGS, *steps)))
    seeds = ",".join(map(str, range(arguments.cells)))
    settings = StudySettings(
        study=place / "plan", grid=place / "grid.csv", base=(place / "base.cfg",), data=data, vary=(f"seed={seeds}",)
    )
    study, _ = plan_of(settings, KINDS, software.version(PACKAGE), lambda line: None)
    return dataclasses.replace(study, splits=())


def by_hand(place: pathlib.Path, study: Study, cores: list[int]) -> float:
    """Seconds, without a study: a core takes the next run when its own has ended."""
    waiting = list(study.cells)

    def work(core: int) -> None:
        while waiting:
            command = command_of(place, study, waiting.pop(0), State(Condition.WAITING))
            done = subprocess.run(
                ["taskset", "--cpu-list", str(core), *command],
                env={**os.environ, **Slot(cores=(core,)).environment()},
                capture_output=True,
                text=True,
            )
            if done.returncode != 0:
                raise SystemExit(f"{shlex.join(command)} ended with {done.returncode}:\n{done.stderr[-3000:]}")

    begun = time.monotonic()
    with ThreadPoolExecutor(len(cores)) as pool:
        list(pool.map(work, cores))
    return time.monotonic() - begun


def carried_out(place: pathlib.Path, study: Study, cores: list[int]) -> tuple[float, float]:
    """Seconds, and processor seconds of the controller itself."""
    executor = LocalExecutor([Slot(cores=(core,)) for core in cores])
    folder.write(place, study)
    said: list[str] = []
    begun, own = time.monotonic(), time.process_time()
    outcome = Controller(place, study, KINDS, executor, Rules(), said.append).run()
    seconds = time.monotonic() - begun, time.process_time() - own
    if not outcome.is_complete:
        sys.exit("\n".join(said))
    return seconds


if __name__ == "__main__":
    main()
