"""What a study costs beyond its runs, and what a second worker gains.

    python -m benchmarks.study --data=PREPARED_FOLDER
    python -m benchmarks.study --quick

The same runs are carried out three times, always with a core each: by hand, one after the other; by a study with one
worker; by a study with two. Needs two cores with nothing else on them.
"""

import argparse
import dataclasses
import os
import pathlib
import subprocess
import sys
import tempfile
import time

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

FLAGS = ("image_size=64", "batch=16", "evaluate_unit=steps", "keep=1", "cam_images=0", "notensorboard")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, help="a prepared folder")
    parser.add_argument("--cells", type=int, default=4, help="how many; an even number keeps two workers busy")
    parser.add_argument("--steps", type=int, default=400, help="of each run")
    parser.add_argument("--arch", default="ResNet18")
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
        by_hand = one_after_the_other(place / "by_hand", study, cores[0])
        one, own = carried_out(place / "one", study, cores[:1])
        two, _ = carried_out(place / "two", study, cores)
    cells = len(study.cells)
    print(f"by hand: {by_hand:.1f} s, {by_hand / cells:.2f} s a run")
    print(f"one worker: {one:.1f} s, {one - by_hand:.2f} s beyond the runs, {100 * (one / by_hand - 1):.2f}% of them")
    print(f"the controller: {own / cells:.3f} s of processor time a cell")
    print(f"two workers: {two:.1f} s, {one / two:.2f} times as fast as one")


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


def one_after_the_other(place: pathlib.Path, study: Study, core: int) -> float:
    """Seconds, without a study."""
    slot = Slot(cores=(core,))
    begun = time.monotonic()
    for cell in study.cells:
        command = command_of(place, study, cell, State(Condition.WAITING))
        done = subprocess.run(
            ["taskset", "--cpu-list", str(core), *command],
            env={**os.environ, **slot.environment()},
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            sys.exit(f"{cell.name} ended with {done.returncode}:\n{done.stderr[-3000:]}")
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
