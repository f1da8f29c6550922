"""Takes runs that were made by hand as a study's cells, where they are exactly the same experiment."""

import os
import pathlib
from collections.abc import Sequence

from chex_tf.runs import layout
from chex_tf.study.folder import Study
from chex_tf.study.identity import Kinds, differences, of_run


def adopt(folder: pathlib.Path, study: Study, kinds: Kinds, places: Sequence[pathlib.Path]) -> list[str]:
    """Links every run below `places` that has the key of a cell without a run; says what became of each run."""
    lines = []
    open_cells = {cell.identity.key: cell for cell in study.cells if not layout.is_run(cell.run_dir(folder))}
    for place in places:
        for run_dir in (place,) if layout.is_run(place) else layout.runs_below(place):
            of = of_run(run_dir, kinds)
            if of is None:
                lines.append(f"{run_dir} is not taken: it is no run of a kind that studies have")
            elif of.key in open_cells:
                cell = open_cells.pop(of.key)
                into = cell.run_dir(folder)
                into.parent.mkdir(parents=True, exist_ok=True)
                into.symlink_to(os.path.relpath(run_dir.resolve(), into.parent.resolve()), target_is_directory=True)
                lines.append(f"{run_dir} is taken as {cell.name}")
            else:
                closest = min((differences(of, cell.identity) for cell in study.cells), key=len, default=[])
                lines.append(
                    f"{run_dir} is not taken: no open cell is like it; the closest differs in {'; '.join(closest[:4])}"
                )
    return lines
