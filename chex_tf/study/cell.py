"""A cell of a study: one run, as a complete command whose settings are known before it starts."""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, Self

from chex_tf.settings import Settings
from chex_tf.study.identity import RUN, Identity

RUNS, LOGS = "runs", "logs"  # folders in a study's
TRAIN = "train"  # the verb of cells, unless the grid says another
FROM_CELL = "cell:"  # --weights=cell:NAME starts from the encoder of that cell's run
GROUPED = "/"  # in an arm, between what it is called and the group of arms that it is compared within
SOURCE = "source"  # arm of cells that are trained for their encoder alone: they predict nothing and no table has them


def group_of(arm: str) -> str:
    """The group of arms that this one is compared within; empty for arms that name none."""
    return arm.partition(GROUPED)[2]


def within_group(arm: str) -> str:
    """What the arm is called among those of its group."""
    return arm.partition(GROUPED)[0]


@dataclasses.dataclass(frozen=True)
class Cell:
    """`flags` are the verb's, each `--name=value`, without the run's folder. `arm` is what the report compares cells
    by: `pretrained`, `scratch` or a name of the grid's own (see SOURCE and GROUPED). Cells that differ in nothing but
    their seed, and that of a subset, share `base`; `variant` is what other dimensions added to it. `needs` names the
    cells from whose encoders this one starts."""

    name: str
    arch: str
    arm: str
    base: str
    variant: str
    seed: int
    flags: tuple[str, ...]
    identity: Identity
    needs: tuple[str, ...] = ()
    verb: str = TRAIN
    folder: str = ""  # of its run, in the study's `runs`; named when it is planned, and kept for as long as its key

    def __post_init__(self) -> None:
        if not self.folder:
            object.__setattr__(self, "folder", f"{self.name}-{self.identity.key[:8]}")

    @property
    def is_source(self) -> bool:
        return self.arm == SOURCE

    def starting_from(self, other: Self) -> Self:
        """The same, by the other's key; its folder stays."""
        settings = dict(self.identity.settings)
        settings["model"] = {**settings["model"], "weights": f"{RUN}{other.identity.key}"}
        return dataclasses.replace(self, identity=dataclasses.replace(self.identity, settings=settings))

    def run_dir(self, study: pathlib.Path) -> pathlib.Path:
        return study / RUNS / self.folder

    def log(self, study: pathlib.Path) -> pathlib.Path:
        return study / LOGS / f"{self.folder}.log"

    def to_json(self) -> dict[str, Any]:
        return {
            **{field.name: getattr(self, field.name) for field in dataclasses.fields(self)},
            "flags": list(self.flags),
            "needs": list(self.needs),
            "identity": self.identity.to_json(),
        }

    @classmethod
    def from_json(cls, given: dict[str, Any], kinds: Mapping[str, Sequence[type[Settings]]]) -> Self:
        """A setting that the plan's version did not have takes its default, as in a run's configuration."""
        identity = Identity(**given["identity"]).filled(kinds[given["verb"]])
        lists = {"flags": tuple(given["flags"]), "needs": tuple(given["needs"])}
        return cls(**{**given, **lists, "identity": identity})
