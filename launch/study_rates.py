"""Measures at which rate each kind of network of a study trains on this machine, by a few steps of each."""

import pathlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping

from chex_tf import child_processes
from chex_tf.runs import status
from chex_tf.study import plan
from chex_tf.study.cell import FROM_CELL
from chex_tf.study.controller import last_lines
from chex_tf.study.folder import Study

STEPS = 6


def measure(
    folder: pathlib.Path,
    study: Study,
    costs: Mapping[str, plan.Cost],
    known: Mapping[str, float],
    say: Callable[[str], None],
) -> dict[str, float]:
    """Images a second by what decides them, those known before too; kept in the study's folder after each."""
    rates = dict(known)
    scratch = folder / ".measuring"
    for cell in study.cells:
        key = costs[cell.name].rate_key
        if key in rates:
            continue
        # Where a rate is concerned it is all one which weights a network has.
        flags = ["--weights=none" if flag.startswith(f"--weights={FROM_CELL}") else flag for flag in cell.flags]
        shutil.rmtree(scratch, ignore_errors=True)
        log = scratch.with_suffix(".log")
        more = [f"--steps={STEPS}", "--keep=1", "--notensorboard", f"--evaluate_every={STEPS}", "--evaluate_unit=steps"]
        command = [sys.executable, "-m", f"launch.{cell.verb}", *flags, *more, f"--run_dir={scratch / cell.name}"]
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "wb") as file:
            said = {"stdin": subprocess.DEVNULL, "stdout": file, "stderr": subprocess.STDOUT}
            code = child_processes.run(command, **said)
        rate = status.read(scratch / cell.name).get("images_a_second")
        if code == 0 and rate:
            rates[key] = float(rate)
            plan.write_rates(folder, rates)
            say(f"{key}: {rate:.3g} images a second")
        else:
            say(f"{key}: could not be measured: {' '.join(last_lines(log, 1))}")
        shutil.rmtree(scratch, ignore_errors=True)
        log.unlink(missing_ok=True)
    return rates
