"""How often each 95% interval holds a truth that is known, and how often each test calls equals different.

    python -m benchmarks.coverage [--rows=WORDS] [--trials=5000] [--resampled_trials=1000] [--workers=2]
        [--keep=FILE] [--page=FILE] [--quick]

Every interval and test that a table prints has rows here, in easy settings and in hard ones. Every row has random
numbers of its own, by its name, so that a part of the rows (--rows, by the words that their names or sections contain)
gives the same numbers as all of them. A share is printed with the 1.96 standard errors by which it may be off: 0.6
points for 95% of 5,000 trials. Rows that resample or search take long, so they have --resampled_trials, and 1.4 points.

--keep remembers finished rows, so a run that was stopped goes on where it was. --page writes all that is kept as a page
of Markdown, docs/coverage.md.
"""

import argparse
import concurrent.futures
import functools
import itertools
import json
import math
import os
import pathlib
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

# Before NumPy is loaded: a worker is a process, and its matrix products are too small for threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from benchmarks import quick
from benchmarks.coverage_rows import (
    aurocs,
    calibrations,
    groups,
    over_models,
    proportions,
    resampled_measures,
    seeds,
    selection,
)
from benchmarks.coverage_rows.simulated import Row
from chex_tf.files import write_text

PARTS = (aurocs, resampled_measures, proportions, calibrations, groups, selection, seeds, over_models)
ABOUT = """\
# Coverage

    python -m benchmarks.coverage --keep=FILE --page=docs/coverage.md

makes this page: how often each 95% interval holds the truth in simulated test sets, and how often each test calls
equals different. [statistics.md](statistics.md) says what the intervals and tests are; the code of a section, in
`benchmarks/coverage_rows`, how its sets are drawn.

An interval should hold in 95%; "p < 0.05" should be 5% where nothing differs, "non-inferior" and "equivalent" 2.5%
where the difference is the margin. What follows ± is 1.96 Monte Carlo standard errors, for a share in percentage
points.
"""

# By what is counted: trials, sum, sum of squares, and whether it is a share: a mean of yes and no.
Counted = dict[str, list[Any]]


@functools.cache
def every_row() -> list[Row]:
    return list(itertools.chain.from_iterable(part.rows() for part in PARTS))


def count(place: int, trials: int) -> Counted:
    row = every_row()[place]
    key = zlib.crc32(row.name.encode())
    found: Counted = {}
    for number in range(trials):
        for kind, held in row.trial(np.random.default_rng([key, number])).items():
            many, total, squares, _ = found.get(kind, [0, 0.0, 0.0, True])
            value = float(held)
            found[kind] = [many + 1, total + value, squares + value**2, isinstance(held, (bool, np.bool_))]
    return found


def in_words(counted: Counted) -> str:
    said = []
    for kind, (trials, total, squares, is_share) in counted.items():
        mean = total / trials
        spread = max(squares / trials - mean**2, 1 / trials if is_share else 0.0)
        error = 1.96 * math.sqrt(spread / trials)
        said.append(f"{kind} {100 * mean:.1f}% ± {100 * error:.1f}" if is_share else f"{kind} {mean:.3f} ± {error:.3f}")
    return ", ".join(said)


def page(rows: Iterable[Row], kept: Mapping[str, Counted]) -> str:
    """Of the rows that are kept."""
    parts = [ABOUT]
    for section, members in itertools.groupby(rows, lambda row: row.section):
        known = [row for row in members if row.name in kept]
        trials = sorted({many for row in known for many, *_ in kept[row.name].values()})
        if known:
            lines = [f"| {row.name} | {in_words(kept[row.name])} |" for row in known]
            head = f"## {section}\n\n{' or '.join(f'{many:,}' for many in trials)} trials a row.\n"
            parts.append("\n".join([head, "| setting | found |", "|---|---|", *lines]) + "\n")
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--rows", action="append", help="only rows whose section or name contains this; may be given several times"
    )
    parser.add_argument("--trials", type=int, default=5000, help="simulated test sets a row (default: 5000)")
    parser.add_argument("--resampled_trials", type=int, default=1000, help="the same of slow rows (default: 1000)")
    parser.add_argument("--workers", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--keep", type=pathlib.Path, help="JSON file of finished rows, which are not done again")
    parser.add_argument("--page", type=pathlib.Path, help="where to write all finished rows as Markdown")
    quick.add_flag(parser, trials=3, resampled_trials=2, workers=1)
    asked = parser.parse_args()

    rows = every_row()
    words = asked.rows or [""]
    kept: dict[str, Counted] = {}
    if asked.keep and asked.keep.exists():
        kept = json.loads(asked.keep.read_text("utf-8"))
    wanted = []
    for place, row in enumerate(rows):
        trials = asked.resampled_trials if row.resamples else asked.trials
        is_done = all(many >= trials for many, *_ in kept.get(row.name, {"": (0,)}).values())
        if not is_done and any(word in f"{row.section}: {row.name}" for word in words):
            wanted.append((place, trials))

    def finished(place: int, counted: Counted) -> None:
        row = rows[place]
        kept[row.name] = counted
        print(f"{row.section}: {row.name}: {in_words(counted)}", flush=True)
        if asked.keep:
            write_text(asked.keep, json.dumps(kept, indent=1))

    if asked.workers == 1:
        for place, trials in wanted:
            finished(place, count(place, trials))
    else:
        with concurrent.futures.ProcessPoolExecutor(asked.workers) as pool:
            work = {pool.submit(count, *one): one[0] for one in wanted}
            for done in concurrent.futures.as_completed(work):
                finished(work[done], done.result())
    if asked.page:
        write_text(asked.page, page(rows, kept))


if __name__ == "__main__":
    main()
