"""What a study would cost: steps, hours and disk by cell, from rates that were measured."""

import dataclasses
import json
import math
import pathlib
from collections.abc import Mapping, Sequence

from chex_tf import amounts
from chex_tf.files import write_text
from chex_tf.runs import status
from chex_tf.settings import InputError
from chex_tf.study.cell import Cell
from chex_tf.study.state import Condition, State

RATES = "rates.json"  # in a study's folder: images a second by what decides them
FORWARD = 3.0  # a forward pass takes about a third of a training step's time


@dataclasses.dataclass(frozen=True)
class Cost:
    """Of one cell. `rate_key` names what decides its rate; `steps` of `batch` images; `evaluated` counts the images of
    all its evaluations; `disk` in bytes, of which `surely` are needed whatever is frozen or cut."""

    rate_key: str
    steps: int
    batch: int
    evaluated: int
    disk: int
    surely: int

    def seconds(self, rate: float, done: int) -> float:
        """With `done` steps behind it, at `rate` training images a second."""
        share = max(0, self.steps - done) / self.steps
        return share * (self.steps * self.batch + self.evaluated / FORWARD) / rate


@dataclasses.dataclass(frozen=True)
class Estimate:
    """`hours` of one worker for all that is left, of the `known` cells whose rate was measured; `surely` of the disk is
    what cells that have not begun need at least."""

    cells: int
    left: int
    steps: int
    hours: float
    disk: int
    surely: int
    unknown: tuple[str, ...]


def rate_key(arch: str, truncate_at: str | None, image_size: int, batch: int, precision: str) -> str:
    """What decides a network's rate on one machine."""
    return f"{arch}{f' to {truncate_at}' if truncate_at else ''}, {image_size} pixels, batches of {batch}, {precision}"


def read_rates(folder: pathlib.Path) -> dict[str, float]:
    path = folder / RATES
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def write_rates(folder: pathlib.Path, rates: Mapping[str, float]) -> None:
    write_text(folder / RATES, json.dumps(dict(sorted(rates.items())), indent=1) + "\n")


def rates_of_runs(folder: pathlib.Path, cells: Sequence[Cell], costs: Mapping[str, Cost]) -> dict[str, float]:
    """The slowest rate at which a finished run of the study went, by what decides it."""
    found: dict[str, float] = {}
    for cell in cells:
        rate = status.read(cell.run_dir(folder)).get("images_a_second")
        if rate:
            key = costs[cell.name].rate_key
            found[key] = min(float(rate), found.get(key, math.inf))
    return found


def estimate(
    cells: Sequence[Cell], states: Mapping[str, State], costs: Mapping[str, Cost], rates: Mapping[str, float]
) -> Estimate:
    left = [cell for cell in cells if not states[cell.name].is_finished]
    seconds, unknown = 0.0, []
    for cell in left:
        cost = costs[cell.name]
        if cost.rate_key not in rates:
            unknown.append(cell.name)
            continue
        seconds += cost.seconds(rates[cost.rate_key], states[cell.name].step)
    return Estimate(
        len(cells),
        len(left),
        sum(costs[cell.name].steps for cell in left),
        seconds / 3600,
        sum(costs[cell.name].disk for cell in left),
        sum(costs[cell.name].surely for cell in left if states[cell.name].condition is Condition.WAITING),
        tuple(unknown),
    )


def check(found: Estimate, free: int, folder: pathlib.Path) -> None:
    """Refuses a study whose checkpoints cannot all fit into the `free` bytes of its folder's disk."""
    if found.surely > free:
        raise InputError(
            f"the cells that have not begun need {amounts.size(found.surely)} of disk for checkpoints at least; "
            f"{amounts.size(free)} are free in {folder}; a smaller --keep, or fewer cells, need less",
            "study",
        )


def describe(found: Estimate, workers: int, free: int) -> list[str]:
    """In words, for before anything starts; `free` bytes are left on the disk of the study's folder."""
    disk = f"{amounts.size(found.disk)} of checkpoints, {amounts.size(free)} of disk free"
    cells = amounts.counted(found.cells, "cell")
    lines = [f"{cells}, {found.left} of them to do: {found.steps:,} steps, {disk}"]
    known = found.left - len(found.unknown)
    if known:
        many = f", {found.hours / workers:.1f} with {workers}" if workers > 1 else ""
        lines.append(
            f"about {found.hours:.1f} hours of one worker{many}, from rates measured for {known} of the {found.left}"
        )
    if found.unknown:
        names = ", ".join(found.unknown[:6]) + (f" and {len(found.unknown) - 6} more" if len(found.unknown) > 6 else "")
        lines.append(f"no rate is known for {len(found.unknown)}: {names}; --measure would take a few steps of each")
    return lines
