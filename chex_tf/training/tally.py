"""Means over the steps between two evaluations."""

import dataclasses
from collections.abc import Sequence


@dataclasses.dataclass
class Tally:
    """Saved in checkpoints, so that the means survive a kill."""

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
