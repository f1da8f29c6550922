"""Settings of launch.similarity: which features of which films are compared, how, and where the answer goes."""

import dataclasses
import pathlib

from chex_tf.settings import InputError, Settings, setting

STATISTIC_NAMES = ("cka", "cka_biased", "cca", "svcca", "pwcca", "pwcca_code")
POOLED, PIXELS = "pooled", "pixels"
EVERY, MATCHED = "all", "matched"
# What only networks decide; with features files these stay at their defaults.
_OF_RUNS = (
    *("layers", "layers_b", "pairs", "data", "split", "checkpoint", "points", "random_networks", "filters", "batch"),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class SimilaritySettings(Settings):
    """Two runs, or two features files."""

    run_a: str = setting(
        "",
        help="run directory; initial:RUN_DIR for what its training began with, random:RUN_DIR for the same "
        "architecture with random weights of --seed (of the seed after it for --run_b)",
        group="What to compare",
    )
    run_b: str = setting("", help="the other, in the same way", group="What to compare")
    checkpoint: str = setting(
        "best", help="whose weights of a run: best, last, or a kept step", group="What to compare"
    )
    layers: tuple[str, ...] = setting(
        ("features",), help="layers of --run_a; features is what the heads are given", group="What to compare"
    )
    layers_b: tuple[str, ...] = setting((), help="layers of --run_b, if they have other names", group="What to compare")
    pairs: str = setting(
        EVERY,
        help="all: every layer with every other; matched: the first with the first, and so on",
        choices=(EVERY, MATCHED),
        group="What to compare",
    )
    features_a: pathlib.Path | None = setting(
        None, help="features file, anybody's, instead of runs", existing="file", group="What to compare"
    )
    features_b: pathlib.Path | None = setting(
        None, help="the other, of the same films", existing="file", group="What to compare"
    )
    data: pathlib.Path | None = setting(
        None, help="prepared folder; that of --run_a if not given", existing="folder", group="What to compare"
    )
    split: str = setting("test", help="split whose films are shown to both", group="What to compare")
    filters: bool = setting(
        False,
        help="also compare the filters of the first convolution; both runs must be of one architecture",
        group="What to compare",
    )

    statistics: tuple[str, ...] = setting(
        ("cka",),
        help="cka is debiased; pwcca is the paper's formula, pwcca_code what its authors' code computes",
        choices=STATISTIC_NAMES,
        group="How",
    )
    variance: float = setting(
        0.99, help="share of a layer's variance that SVCCA keeps", low=0.01, high=1.0, group="How"
    )
    points: str = setting(
        POOLED,
        help="what a convolutional layer's points are: pooled, the mean map of each film; pixels, every place of "
        "every map",
        choices=(POOLED, PIXELS),
        group="How",
    )
    groups: int = setting(
        10, help="groups of patients, each left out once for the interval", low=5, high=200, group="How"
    )
    permutations: int = setting(
        10, help="other pairings of the films, which show what unrelated films give", low=1, high=10_000, group="How"
    )
    random_networks: int = setting(
        1, help="pairs of random networks, which show what the architectures give", low=1, high=100, group="How"
    )
    seed: int = setting(0, help="seed of pairings and random networks", low=0, high=2**32 - 1, group="How")
    batch: int = setting(16, help="films at a time", low=1, high=4096, group="How")

    out: pathlib.Path = setting(help="folder for similarity.json and figures", writes="folder", group="Output")

    def check(self) -> None:
        runs, files = (self.run_a, self.run_b), (self.features_a, self.features_b)
        if any(runs) and any(files):
            raise InputError("expected two runs or two features files; received both", "features_a")
        for pair, names in ((runs, ("run_a", "run_b")), (files, ("features_a", "features_b"))):
            if any(pair) and not all(pair):
                raise InputError("expected two to compare; received one", names[1 if pair[0] else 0])
        if not any(runs) and not any(files):
            raise InputError("expected --run_a and --run_b, or --features_a and --features_b; received none", "run_a")
        for name in ("layers", "layers_b", "statistics"):
            given = getattr(self, name)
            if len(set(given)) != len(given) or (not given and name != "layers_b"):
                raise InputError(f"expected each once; received {', '.join(given) or 'none'}", name)
        if any(files):
            defaults = {field.name: field.default for field in dataclasses.fields(self)}
            for name in _OF_RUNS:
                if getattr(self, name) != defaults[name]:
                    raise InputError("goes with runs; received features files", name)
        elif self.pairs == MATCHED and self.layers_b and len(self.layers) != len(self.layers_b):
            raise InputError(
                f"expected as many as --layers, {len(self.layers)}; received {len(self.layers_b)}", "layers_b"
            )
