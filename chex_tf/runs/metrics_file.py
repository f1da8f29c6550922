"""metrics.csv: one row an evaluation, without wall-clock times, so that two runs compare byte for byte."""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence

from chex_tf.files import write_text

METRICS = "metrics.csv"


def row(values: Mapping[str, float | int]) -> str:
    """Numbers as the shortest text that reads back as the same number; NaN as an empty cell."""
    return ",".join("" if value != value else repr(value) for value in values.values())


def header(names: Sequence[str]) -> str:
    return ",".join(f'"{name}"' if "," in name else name for name in names)


def write(run_dir: pathlib.Path, lines: Sequence[str]) -> None:
    write_text(run_dir / METRICS, "".join(f"{line}\n" for line in lines))


@dataclasses.dataclass
class Tally:
    """Means over the steps since the last evaluation; goes into checkpoints, so that they survive a kill."""

    steps: int = 0
    loss: float = 0.0
    gradient_norm: float = 0.0

    def add(self, losses: Sequence[float], norms: Sequence[float]) -> None:
        for loss, norm in zip(losses, norms, strict=True):  # one by one: the sum must not depend on steps_per_call
            self.steps += 1
            self.loss += float(loss)
            self.gradient_norm += float(norm)

    def means(self) -> tuple[float, float]:
        count = max(1, self.steps)
        return self.loss / count, self.gradient_norm / count
