"""Settings of launch.features: whose features, of which films, and where they are written."""

import dataclasses
import pathlib

from chex_tf.settings import InputError, Settings, setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class FeaturesSettings(Settings):
    """The features of a run's network at one layer, over a split."""

    run_dir: pathlib.Path = setting(help="run directory of the network", existing="folder")
    split: str = setting("test", help="split of the prepared data whose films are shown to the network")
    data: pathlib.Path | None = setting(
        None, help="prepared folder, if not the one that the run was trained on", existing="folder"
    )
    layer: str = setting(
        "features",
        help="layer whose output is written; of maps the mean over their places; features is what the heads are given",
    )
    checkpoint: str = setting(
        "best",
        help="whose weights: best, the run's best checkpoint; last, its encoder at the last step; a kept step; initial "
        "for what its training began with; or random for the same architecture untrained",
    )
    seed: int = setting(0, help="seed of --checkpoint=random", low=0, high=2**63 - 1)
    batch: int = setting(16, help="films per batch", low=1)
    out: pathlib.Path = setting(help="features file to write, an .npz", writes="file")

    def check(self) -> None:
        if self.out.suffix != ".npz":
            raise InputError(f"expected a file that ends in .npz; received {self.out}", "out")
        if self.checkpoint not in ("best", "last", "initial", "random") and not self.checkpoint.isdecimal():
            raise InputError(
                f"expected best, last, initial, random or a step; received {self.checkpoint}", "checkpoint"
            )
        if self.seed and self.checkpoint != "random":
            raise InputError(f"expected --checkpoint=random with it; received --checkpoint={self.checkpoint}", "seed")
