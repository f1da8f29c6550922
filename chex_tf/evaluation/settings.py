"""Settings of an evaluation: whose predictions, against which labels, how resampled, how shown."""

import dataclasses
import pathlib

from chex_tf.runs.options import ENSEMBLE, Options, check_checkpoint
from chex_tf.settings import InputError, Settings, setting

AUTO = "auto"
UNITS = (AUTO, "patient", "study", "image")
AGGREGATIONS = ("max", "mean", "none")
AUGMENTATIONS = ("none", "flip", "shifts")
RECALIBRATIONS = ("platt", "isotonic")
BLANKS = ("ignore", "zeros")


@dataclasses.dataclass(frozen=True, kw_only=True)
class EvaluationSettings(Settings):
    """Either predictions with labels, or run directories with a split."""

    predictions: tuple[pathlib.Path, ...] = setting(
        (),
        help="Predictions to evaluate: a CSV with a column Study or Path and one probability column per task",
        group="What to evaluate",
        existing="file",
        repeated=True,
    )
    labels: pathlib.Path | None = setting(
        None,
        help="Ground truth in the same form with 0, 1 or nothing (not labelled); it may have a column Patient",
        group="What to evaluate",
        existing="file",
    )
    run_dir: tuple[pathlib.Path, ...] = setting(
        (),
        help="Run directories, instead of --predictions: what is missing in predictions/ is predicted first",
        group="What to evaluate",
        existing="folder",
        repeated=True,
    )
    split: str = setting("test", help="The split of a run directory", group="What to evaluate")
    ensemble: bool = setting(
        False,
        help="Add a model: the mean of the models' probabilities, such as CheXpert's three runs of ten checkpoints; "
        "readers are left out",
        group="What to evaluate",
    )
    tasks: tuple[str, ...] = setting(
        (),
        help="Tasks by name, or one of the sets competition, study, all; without it, every task that all files share",
        group="What to evaluate",
    )
    mean_tasks: tuple[str, ...] = setting(
        (),
        help="Tasks whose mean is given, compared and correlated, by name or one of the sets; without it those of "
        "--tasks, else those by which the runs ranked their checkpoints (--score_tasks), else all",
        group="What to evaluate",
    )
    aggregation: str = setting(
        "max",
        help="How predictions by image become predictions by study; CheXpert takes the maximum",
        group="What to evaluate",
        choices=AGGREGATIONS,
    )
    data: pathlib.Path | None = setting(
        None,
        help="Prepared folder of --split, if it is not the one the run was trained from (moved, or another hospital's)",
        group="Predicting from a run",
        existing="folder",
    )
    blank: str | None = setting(
        None,
        help="What labels become that another data set (--data) does not mention: ignore, not scored, which is the "
        "default there; or zeros, negative. How many these are is printed",
        group="Predicting from a run",
        choices=BLANKS,
    )
    checkpoint: str = setting(
        ENSEMBLE,
        help="What predicts: ensemble, the mean of the run's best checkpoints; best, the best of them; or one by its "
        "step number",
        group="Predicting from a run",
    )
    augment: str = setting(
        "none",
        help="Test-time augmentation: the mean over the image and its mirror image (flip), or over the image and four "
        "shifts by a twentieth of its side (shifts)",
        group="Predicting from a run",
        choices=AUGMENTATIONS,
    )
    batch: int = setting(16, help="Images per device at once", group="Predicting from a run", low=1)
    strategy: str = setting(
        "auto",
        help="Devices: auto, all GPUs or else the CPU; one; or mirrored, all devices of one kind",
        group="Predicting from a run",
        choices=("auto", "one", "mirrored"),
    )
    plan: tuple[str, ...] = setting(
        (),
        help="No evaluation but a plan, from positives,negatives,auroc (50,450,0.85): the interval that such a test "
        "set would give, its power, and the positives needed",
        group="Planning",
    )
    unit: str = setting(
        AUTO,
        help="What the bootstrap draws: patient keeps all of a patient's studies together; auto, patients where every "
        "row's patient is known, by patientNNNNN in its key or a column Patient in the labels, else studies or images",
        group="Statistics",
        choices=UNITS,
    )
    replicates: int = setting(
        1000, help="Bootstrap replicates of the test set", group="Statistics", low=40, high=1_000_000
    )
    seed: int = setting(0, help="Seed of the resampling", group="Statistics", low=0)
    interval: str = setting(
        "auto",
        help="95% intervals and tests of AUROC and its differences: auto, DeLong's, which hold with few positives; or "
        "the bootstrap's, by percentiles 2.5 and 97.5 or bias-corrected and accelerated",
        group="Statistics",
        choices=("auto", "percentile", "bca"),
    )
    fewest: int = setting(
        10,
        help="Without as many units that have a positive and as many that have a negative, a task has no interval of "
        "AUROC or average precision and is not compared",
        group="Statistics",
        low=2,
    )
    paired: bool = setting(
        False,
        help="Compare every pair of models; with --compare, the named ones stand in their order in the family of all",
        group="Statistics",
    )
    compare: tuple[str, ...] = setting(
        (),
        help="Compare two models by name, FIRST:SECOND, such as pretrained:scratch",
        group="Statistics",
        repeated=True,
    )
    margin: float | None = setting(
        None,
        help="Judge each compared pair against this margin of AUROC: equivalent, non-inferior, inferior or undecided; "
        "of FIRST:SECOND whether the first is as good as the second, with --paired both ways",
        group="Statistics",
        low=0,
        high=1,
    )
    pool: tuple[str, ...] = setting(
        (),
        help="Runs (or files) that differ in their seeds only as one entry, NAME:RUN,RUN,..., by names of models: the "
        "mean of their AUROCs, over seeds and patients; --compare and --paired then take NAME for them",
        group="Statistics",
        repeated=True,
    )
    threshold_predictions: tuple[pathlib.Path, ...] = setting(
        (),
        help="Validation predictions on which thresholds are chosen, one file per model in the same order",
        group="Thresholds",
        existing="file",
        repeated=True,
    )
    threshold_labels: pathlib.Path | None = setting(
        None, help="Ground truth of --threshold_predictions", group="Thresholds", existing="file"
    )
    threshold_by: str = setting(
        "youden",
        help="What a threshold maximises on validation: sensitivity + specificity, or F1",
        group="Thresholds",
        choices=("youden", "f1"),
    )
    calibration: bool = setting(
        False,
        help="Beside the calibration error, the integrated calibration index (ICI), intercept and slope with intervals",
        group="Calibration",
    )
    recalibrate: str = setting(
        "none",
        help="Map probabilities to better calibrated ones, fitted on validation only: Platt's logistic map, which "
        "leaves AUROC as it is, or isotonic regression, which makes ties",
        group="Calibration",
        choices=("none", *RECALIBRATIONS),
    )
    subgroups: tuple[str, ...] = setting(
        (),
        help="Numbers by group and tests of their equality: sex, age, view, projection, hospital, or any column of "
        "--groups; a study's view or projection is the set of its images'",
        group="Subgroups",
    )
    groups: pathlib.Path | None = setting(
        None,
        help="CSV with a column Study or Path and columns such as Sex, Age, Frontal/Lateral, AP/PA, Hospital, like "
        "CheXpert's train.csv; a run knows its own",
        group="Subgroups",
        existing="file",
    )
    age_bands: tuple[int, ...] = setting(
        (40, 60, 80), help="Where bands of age begin, besides the first", unit="years", low=1, group="Subgroups"
    )
    match_prevalence: bool = setting(
        False,
        help="Weight each group's positives and negatives to the prevalence in the whole set, for PPV, NPV and "
        "calibration; AUROC, sensitivity and specificity do not depend on it",
        group="Subgroups",
    )
    prevalence: tuple[str, ...] = setting(
        (),
        help="PPV and NPV where a finding is that common: shares for all tasks (0.02,0.1) or for one (Edema:0.05)",
        group="Decisions",
    )
    net_benefit: bool = setting(
        False,
        help="Net benefit over thresholds (decision curves): a table with intervals, and a figure, which has bands for "
        "one or two models",
        group="Decisions",
    )
    catalogue: pathlib.Path | None = setting(
        None,
        help="CSV with columns model, family, parameters, imagenet_top1, as launch.zoo --format=csv writes it, for "
        "rank correlations over whole models: runs by their --arch and --weights, files by their names",
        group="Rank correlation",
        existing="file",
    )
    out: pathlib.Path | None = setting(
        None,
        help="Folder for evaluation.json and figures; with one --run_dir the default is evaluation/SPLIT in it",
        group="Output",
        writes="folder",
    )
    checklist: bool = setting(
        False,
        help="Write checklist.md: what TRIPOD+AI and CLAIM ask for, filled in where the files know it, the rest named",
        group="Output",
    )
    figures: bool = setting(True, help="Draw figures (PDF and PNG) where files are written", group="Output")

    def check(self) -> None:
        if self.predictions and self.run_dir:
            raise InputError("expected --predictions or --run_dir; received both", "run_dir")
        if self.plan and (self.predictions or self.run_dir):
            raise InputError("expected no data with a plan; received --predictions or --run_dir", "plan")
        if self.plan:
            defaults = {field.name: field.default for field in dataclasses.fields(self)}
            for name in defaults:
                if name not in ("plan", "fewest") and getattr(self, name) != defaults[name]:
                    raise InputError("a plan has no data to use it on; only --fewest goes with --plan", name)
        if not self.predictions and not self.run_dir and not self.plan:
            raise InputError("expected --predictions=FILE with --labels=FILE, or --run_dir=FOLDER; received neither")
        if self.predictions and self.labels is None:
            raise InputError("--labels=FILE is required with --predictions: the ground truth to compare with")
        if self.run_dir and (self.threshold_predictions or self.threshold_labels):
            raise InputError(
                "goes with --predictions; a run's own validation predictions are used", "threshold_predictions"
            )
        if bool(self.threshold_predictions) != (self.threshold_labels is not None):
            raise InputError("expected both --threshold_predictions and --threshold_labels; received one of them")
        if self.data and not self.run_dir:
            raise InputError("goes with --run_dir; with --predictions the labels say what is evaluated", "data")
        if self.blank is not None and not self.data:
            raise InputError("goes with --data: a run's own labels keep the rule that it was trained with", "blank")
        check_checkpoint(self.checkpoint)
        if self.ensemble and len(self.run_dir or self.predictions) < 2:
            raise InputError("expected at least two models to take the mean of; received one", "ensemble")
        if self.predictions and self.subgroups and self.groups is None:
            raise InputError("expected --groups=FILE with the columns by which to group; received none", "groups")
        if not self.subgroups and (self.groups or self.match_prevalence):
            raise InputError("goes with --subgroups", "groups" if self.groups else "match_prevalence")
        if len(set(self.subgroups)) != len(self.subgroups):
            raise InputError(f"expected each once; received {', '.join(self.subgroups)}", "subgroups")
        if list(self.age_bands) != sorted(set(self.age_bands)) or not self.age_bands:
            raise InputError(f"expected rising ages; received {', '.join(map(str, self.age_bands))}", "age_bands")
        if self.checklist and self.out is None and len(self.run_dir) != 1:
            raise InputError("expected --out=DIR, where checklist.md is written; received none", "out")
        for one in self.prevalence:
            if not _is_share(one.rpartition(":")[2]):
                raise InputError(f"expected shares between 0 and 1, or TASK:SHARE; received {one}", "prevalence")
        for pair in self.compare:
            if len(pair.split(":")) != 2 or not all(pair.split(":")):
                raise InputError(f"expected two model names with a colon between them; received {pair!r}", "compare")

        if self.margin is not None and not (self.compare or self.paired):
            raise InputError("goes with --compare or --paired: the differences that are judged", "margin")
        if self.margin == 0:
            raise InputError("expected a number above 0; received 0", "margin")
        for pool in self.pool:
            name, _, runs = pool.partition(":")
            if not name or len(runs.split(",")) < 2 or not all(runs.split(",")):
                raise InputError(f"expected NAME:RUN,RUN,... with two runs or more; received {pool!r}", "pool")

    @property
    def options(self) -> Options:
        """How runs predict."""
        return Options(self.checkpoint, self.augment, self.batch)


def _is_share(text: str) -> bool:
    try:
        return 0 < float(text) < 1
    except ValueError:
        return False
