"""How a run is asked to predict: by which of its checkpoints, and how."""

import dataclasses

from chex_tf.settings import InputError

ENSEMBLE, BEST = "ensemble", "best"  # what stands for checkpoints of a run, beside a step's number


def check_checkpoint(name: str) -> None:
    """Raises InputError for what can stand for no checkpoint of any run."""
    if name not in (ENSEMBLE, BEST) and not name.isdecimal():
        raise InputError(f"expected {ENSEMBLE}, {BEST} or a step; received {name}", "checkpoint")


@dataclasses.dataclass(frozen=True)
class Options:
    """checkpoint: ensemble, best or a step; augment: at test time; batch: images a device takes at once (other sizes
    may round otherwise)."""

    checkpoint: str = ENSEMBLE
    augment: str = "none"
    batch: int = 16

    def name_of(self, set_name: str) -> str:
        """What a run calls its predictions of a set: test, or test-best-flip where that was asked for."""
        asked = [] if self.checkpoint == ENSEMBLE else [self.checkpoint]
        asked += [] if self.augment == "none" else [self.augment]
        return "-".join([set_name, *asked])
