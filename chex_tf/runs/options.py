"""Options of a run's predictions: by which of its checkpoints, and how."""

import dataclasses

from chex_tf.settings import InputError

ENSEMBLE, BEST = "ensemble", "best"  # names for checkpoints of a run, besides a step's number


def check_checkpoint(name: str) -> None:
    """Raises InputError for a name that cannot mean a checkpoint of any run."""
    if name not in (ENSEMBLE, BEST) and not name.isdecimal():
        raise InputError(f"expected {ENSEMBLE}, {BEST} or a step; received {name}", "checkpoint")


@dataclasses.dataclass(frozen=True)
class Options:
    """checkpoint: ensemble, best or a step; augment: at test time; batch: images per device at once (other sizes
    may round differently)."""

    checkpoint: str = ENSEMBLE
    augment: str = "none"
    batch: int = 16

    def name_of(self, set_name: str) -> str:
        """The name of a run's predictions of a set: test, or test-best-flip under these options."""
        asked = [] if self.checkpoint == ENSEMBLE else [self.checkpoint]
        asked += [] if self.augment == "none" else [self.augment]
        return "-".join([set_name, *asked])
