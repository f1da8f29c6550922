"""Settings of launch.probe: whose features, which films and labels, which probes, where the answer is written."""

import dataclasses
import pathlib

from chex_tf.data import policies
from chex_tf.settings import InputError, Settings, setting

LINEAR, NEIGHBOURS = "linear", "neighbours"
PIXELS, RANDOM = "pixels", "random"
LEAVE_OUT = "leave_out"
_RULES = {"ignore", "zeros", "ones"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class ProbeSettings(Settings):
    """Features of films under classifiers that leave the features as they are."""

    run_dir: tuple[pathlib.Path, ...] = setting(
        (), help="run directories whose features are probed", existing="folder", repeated=True, group="Features"
    )
    features: tuple[str, ...] = setting(
        (),
        help="features files that make one set, NAME:FILE,FILE; together they hold the films of all three splits",
        repeated=True,
        group="Features",
    )
    baselines: tuple[str, ...] = setting(
        (),
        help="to compare with: pixels, the films themselves, and random, the runs' architectures untrained",
        choices=(PIXELS, RANDOM),
        group="Features",
    )
    checkpoint: str = setting(
        "best",
        help="of the runs: best, last for the encoder at the last step, or a kept step",
        group="Features",
    )
    layer: str = setting("features", help="of the runs: the layer whose output is probed", group="Features")
    pixels_size: int = setting(
        32, help="side of the films of --baselines=pixels", unit="pixels", low=4, high=128, group="Features"
    )
    batch: int = setting(16, help="films per batch", low=1, group="Features")
    data: pathlib.Path | None = setting(
        None,
        help="prepared folder with films and labels; by default the one that the run was trained on",
        existing="folder",
        group="Films",
    )
    train_split: str = setting("train", help="split that probes are fitted on", group="Films")
    validation_split: str = setting("valid", help="split on which C and k are chosen", group="Films")
    split: str = setting("test", help="split that is predicted and evaluated", group="Films")
    missing: str = setting(
        "refuse",
        help="films of the splits that a set of features lacks: refuse them, or leave them out of all sets",
        choices=("refuse", LEAVE_OUT),
        group="Films",
    )
    tasks: tuple[str, ...] = setting(
        ("all",), help="observations to read from the features: a set (competition, study, all) or names", group="Films"
    )
    uncertain: str = setting(
        "ignore",
        help="what an uncertain label becomes where probes are fitted, for all tasks or per task (Edema:ones,*:zeros): "
        "ignore, zeros, ones; evaluation leaves uncertain labels out",
        group="Films",
    )
    blank: str = setting(
        "zeros", help="what a label that the report does not mention becomes: zeros, ignore, ones", group="Films"
    )
    aggregation: str = setting(
        "max",
        help="how predictions by image become predictions by study, as in launch.evaluate",
        choices=("max", "mean", "none"),
        group="Films",
    )
    other_data: pathlib.Path | None = setting(
        None,
        help="prepared folder of another hospital, with the same splits: whose a film is becomes a shortcut",
        existing="folder",
        group="Shortcuts",
    )
    shortcuts: bool = setting(
        True, help="also read projection, view, sex, age and hospital from the features", group="Shortcuts"
    )
    probes: tuple[str, ...] = setting(
        (LINEAR, NEIGHBOURS),
        help="linear, a logistic regression; neighbours, the share of positives among the nearest training films",
        choices=(LINEAR, NEIGHBOURS),
        group="Probes",
    )
    metric: str = setting("cosine", help="which films are near", choices=("cosine", "euclidean"), group="Probes")
    patients: tuple[float, ...] = setting(
        (1, 5, 10, 25, 100),
        help="shares of the training patients for the few-label curve of the linear probe; 100 alone draws none",
        unit="percent",
        low=0.01,
        high=100,
        group="Probes",
    )
    repeats: int = setting(
        5, help="subsets drawn for each share below 100, by seeds 0, 1, …", low=2, high=100, group="Probes"
    )
    seed: int = setting(0, help="of --baselines=random, and of the bootstrap", low=0, high=2**63 - 1, group="Probes")
    replicates: int = setting(
        1000, help="bootstrap replicates of the test set", low=40, high=1_000_000, group="Statistics"
    )
    fewest: int = setting(
        10,
        help="without as many patients that have a positive and as many that have a negative, a task has no interval "
        "and is not compared",
        low=2,
        group="Statistics",
    )
    out: pathlib.Path | None = setting(
        None, help="folder for what is found; with one --run_dir the default is probe/SPLIT in it", writes="folder"
    )
    figures: bool = setting(True, help="draw the few-label curve")

    def check(self) -> None:
        if not self.run_dir and not self.features:
            raise InputError("expected --run_dir=FOLDER or --features=FILE; received neither")
        if self.features and self.data is None and not self.run_dir:
            raise InputError("expected the prepared folder with the films' labels; received none", "data")
        if RANDOM in self.baselines and not self.run_dir:
            raise InputError("random weights are of a run's architecture; expected --run_dir with it", "baselines")
        if self.checkpoint not in ("best", "last") and not self.checkpoint.isdecimal():
            raise InputError(f"expected best, last or a step; received {self.checkpoint}", "checkpoint")
        for name in ("baselines", "probes", "patients", "tasks"):
            given = getattr(self, name)
            if len(set(given)) != len(given):
                raise InputError(f"expected each once; received {', '.join(map(str, given))}", name)
        if not self.probes:
            raise InputError("expected linear or neighbours; received none", "probes")
        if not self.patients or list(self.patients) != sorted(self.patients):
            raise InputError(f"expected rising shares; received {', '.join(map(str, self.patients))}", "patients")
        splits = (self.train_split, self.validation_split, self.split)
        if len(set(splits)) != 3:
            raise InputError(f"expected three different splits; received {', '.join(splits)}", "split")
        for name, applies_to in (("uncertain", "uncertain"), ("blank", "blank")):
            others = not_taken(getattr(self, name), applies_to)
            if others:
                raise InputError(f"a probe takes ignore, zeros or ones; received {', '.join(sorted(others))}", name)


def not_taken(rules: str, applies_to: str) -> frozenset[str]:
    """Those of these rules that a run may be trained with and a probe does not take."""
    return policies.rule_names(rules, applies_to) - _RULES
