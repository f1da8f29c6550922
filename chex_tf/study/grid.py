"""A grid as a table that people read: a line per kind of cell, and flags that every line is repeated over.

A CSV with the columns `arch` and `weights`, each one name or several with spaces between, of which every combination is
meant, and, if wanted, `flags` (for these cells alone, as on a command line), `arm`, `name` and `verb` (train, or
pretrain for cells that other cells start from). Lines that begin with # are comments.

    arch,weights,flags,arm
    DenseNet121 ResNet18,imagenet none,,
    InceptionV4,none,--image_size=96,
    DenseNet121 ResNet18,none,--data={other_data},source
    DenseNet121 ResNet18,cell:{arch}-source,,elsewhere

In `weights`, {arch} stands for the architecture as names of cells have it. In `flags`, {other_data} stands for a second
prepared folder, which a study is given beside the first, and {seed} for the seed of a study that repeats its cells by
it: `--train_patients=60 --subset_seed={seed}` draws other patients for each repetition. The arm `source`
(`chex_tf.study.cell.SOURCE`) is of cells that are trained for their encoder alone. An arm `view/ones` is `view` of the
group `ones`, whose arms the report puts beside each other.
"""

import csv
import dataclasses
import itertools
import pathlib
import re
import shlex
from collections.abc import Mapping, Sequence

from chex_tf.settings import InputError, nearest
from chex_tf.study.cell import FROM_CELL, GROUPED, TRAIN

COLUMNS = ("arch", "weights")
MORE = ("flags", "arm", "name", "verb")
# CheXtransfer's two arms, by the weights that a cell starts from; others are named by their weights.
ARMS = {"none": "scratch", "imagenet": "pretrained"}
SEED = "seed"
OTHER_DATA = "{other_data}"
SEED_OF_CELL = "{seed}"
_ARCH = "{arch}"


@dataclasses.dataclass(frozen=True)
class Wanted:
    """A cell as the grid asks for it; see `Cell`."""

    name: str
    base: str
    variant: str
    arch: str
    arm: str
    flags: tuple[str, ...]
    needs: tuple[str, ...]
    varied: str = ""  # what the dimensions added to its name
    verb: str = TRAIN


def read(path: pathlib.Path, vary: Sequence[str] = ()) -> tuple[Wanted, ...]:
    """Every cell of a grid, in its order; `vary` has dimensions as `flag=value,value`, the last varies fastest."""
    dimensions = [_dimension(text) for text in vary]
    lines = [line for line in path.read_text(encoding="utf-8-sig").splitlines() if not line.lstrip().startswith("#")]
    table = csv.DictReader(lines)
    _check_columns(path, table.fieldnames or ())
    wanted: list[Wanted] = []
    for number, row in enumerate(table, start=1):
        if None in row:
            raise InputError(
                f"{path}, row {number}: expected {len(table.fieldnames or ())} cells; received more", "grid"
            )
        wanted += _cells_of(path, number, row, dimensions)
    if not wanted:
        raise InputError(f"{path}: expected at least one row below the header; received none", "grid")
    _check_names(path, wanted)
    names = [one.name for one in wanted]
    return tuple(_with_needs(path, one, names) for one in wanted)


def _check_columns(path: pathlib.Path, given: Sequence[str]) -> None:
    for column in COLUMNS:
        if column not in given:
            raise InputError(
                f"{path}: expected columns {', '.join(COLUMNS)}; received {', '.join(given) or 'none'}", "grid"
            )
    for column in given:
        if column not in (*COLUMNS, *MORE):
            raise InputError(
                f"{path}: expected columns {', '.join((*COLUMNS, *MORE))}; received {column}"
                f"{nearest(column, (*COLUMNS, *MORE))}",
                "grid",
            )


def _dimension(text: str) -> tuple[str, tuple[str, ...]]:
    name, equals, values = text.lstrip("-").partition("=")
    found = tuple(value.strip() for value in values.split(","))
    if not equals or not name or not all(found):
        raise InputError(f"expected flag=value,value; received {text!r}", "vary")
    if len(set(found)) != len(found):
        raise InputError(f"expected each value once; received {text}", "vary")
    return name, found


def _cells_of(
    path: pathlib.Path, number: int, row: Mapping[str, str], dimensions: Sequence[tuple[str, tuple[str, ...]]]
) -> list[Wanted]:
    archs, starts = ((row.get(column) or "").split() for column in COLUMNS)
    if not archs or not starts:
        raise InputError(f"{path}, row {number}: expected an arch and weights; received {dict(row)}", "grid")
    try:
        own = shlex.split(row.get("flags") or "")
    except ValueError as error:
        raise InputError(f"{path}, row {number}: expected flags as on a command line; {error}", "grid") from error
    for flag in own:
        if not flag.startswith("--"):
            raise InputError(f"{path}, row {number}: expected --flag=value; received {flag!r}", "grid")
    if any(SEED_OF_CELL in flag for flag in own) and SEED not in (name for name, _ in dimensions):
        raise InputError(f"{path}, row {number}: expected --vary=seed=…, of which {SEED_OF_CELL} is one value", "grid")
    several = len(archs) * len(starts) > 1
    found = []
    for arch, start in itertools.product(archs, starts):
        weights = start.replace(_ARCH, _word(arch))
        arm = (row.get("arm") or "").strip() or ARMS.get(weights, _word(weights))
        given = (row.get("name") or "").strip()
        of_arm = arm.replace(GROUPED, "-")
        name = f"{given}-{_word(arch)}-{of_arm}" if given and several else given or "-".join([_word(arch), of_arm])
        for values in itertools.product(*(values for _, values in dimensions)):
            varied = [(name_of, value) for (name_of, _), value in zip(dimensions, values, strict=True)]
            base = "-".join([name, *(f"{flag}{_word(value)}" for flag, value in varied if flag != SEED)])
            whole = "-".join([base, *(f"{flag}{_word(value)}" for flag, value in varied if flag == SEED)])
            seed = dict(varied).get(SEED, "")
            of_row = [flag.replace(SEED_OF_CELL, seed) for flag in own]
            flags = (
                f"--arch={arch}",
                f"--weights={weights}",
                *of_row,
                *(f"--{flag}={value}" for flag, value in varied),
            )
            needs = (weights.removeprefix(FROM_CELL),) if weights.startswith(FROM_CELL) else ()
            variant = base.removeprefix(name).lstrip("-")
            verb = (row.get("verb") or "").strip() or TRAIN
            found.append(Wanted(whole, base, variant, arch, arm, flags, needs, whole.removeprefix(name), verb))
    return found


def _word(text: str) -> str:
    """Text as a part of a folder's name."""
    return re.sub(r"[^A-Za-z0-9.]+", "_", text).strip("_") or "_"


def _check_names(path: pathlib.Path, wanted: Sequence[Wanted]) -> None:
    names = [one.name for one in wanted]
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"{path}: expected every cell once; received {name} {names.count(name)} times; a name would do",
                "grid",
            )


def _with_needs(path: pathlib.Path, one: Wanted, names: Sequence[str]) -> Wanted:
    """A cell that starts from another takes, of a repeated one, the repetition of its own seed and other dimensions."""
    if not one.needs:
        return one
    (needed,) = one.needs
    found = next((name for name in (f"{needed}{one.varied}", needed) if name in names), None)
    if found is None:
        others = [name for name in names if name != one.name]
        raise InputError(
            f"{path}: {one.name} starts from {FROM_CELL}{needed}, which is no cell{nearest(needed, others)}", "grid"
        )
    flags = tuple(f"--weights={FROM_CELL}{found}" if flag.startswith("--weights=") else flag for flag in one.flags)
    return dataclasses.replace(one, flags=flags, needs=(found,))
