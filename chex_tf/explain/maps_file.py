"""maps.npz: the maps of section 3.3 (scaled by the probability, not normalised), before upsampling."""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from chex_tf.explain.explainer import Explanation
from chex_tf.files import whole_file

NAME = "maps.npz"


@dataclasses.dataclass
class MapsFile:
    """Arrays `films`, `tasks`, `runs`; for run i `maps_i` (films, tasks, rows, columns) and `probabilities_i`."""

    films: Sequence[str]
    tasks: Sequence[str]
    runs: Sequence[str]
    parts: list[Sequence[Explanation]] = dataclasses.field(default_factory=list)

    def add(self, explanations: Sequence[Explanation]) -> None:
        """Adds the next films' explanations, one per run."""
        self.parts.append(explanations)

    def write(self, folder: pathlib.Path) -> str:
        arrays: dict[str, Any] = {name: np.array(getattr(self, name)) for name in ("films", "tasks", "runs")}
        for run, explanations in enumerate(zip(*self.parts, strict=True)):
            arrays[f"maps_{run}"] = np.concatenate([part.maps for part in explanations])
            arrays[f"probabilities_{run}"] = np.concatenate([part.probabilities for part in explanations])
        with whole_file(folder / NAME) as scratch, open(scratch, "wb") as stream:
            np.savez(stream, **arrays)
        return NAME
