"""Settings of launch.study."""

import dataclasses
import pathlib

from chex_tf.settings import InputError, Settings, setting

# Settings that only one executor takes.
_OF_EXECUTOR = {"sbatch": "slurm", "setup": "slurm", "ray_address": "ray", "ray_cpus": "ray", "ray_gpus": "ray"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class StudySettings(Settings):
    """Which cells, where, how carried out."""

    study: pathlib.Path = setting(
        help="folder of the study; started again, the same command goes on", writes="folder", group="study"
    )
    grid: pathlib.Path | None = setting(
        None,
        help="table of cells (CSV: arch, weights, and flags, arm, name, verb if wanted); without it the plan stands",
        existing="file",
        group="study",
    )
    base: tuple[pathlib.Path, ...] = setting(
        (), help="flagfile of launch.train for every cell", existing="file", repeated=True, group="study"
    )
    data: pathlib.Path | None = setting(
        None, help="prepared folder of every cell that names none itself", existing="folder", group="study"
    )
    other_data: pathlib.Path | None = setting(
        None, help="prepared folder that the grid's flags call {other_data}", existing="folder", group="study"
    )
    vary: tuple[str, ...] = setting(
        (),
        help="flag=value,value: repeat every cell over the values of any flag of launch.train, such as seed=0,1,2",
        repeated=True,
        group="study",
    )
    only: tuple[str, ...] = setting(
        (),
        help="cells by name, to be run with those that they start from, or shown; the others are left alone",
        group="study",
    )
    splits: tuple[str, ...] = setting(
        ("test",), help="splits that every run predicts when trained, but for those of the arm `source`", group="study"
    )
    claims: pathlib.Path | None = setting(
        None,
        help="table of claims with the rules of their verdicts, fixed with the plan; without it the report has none. "
        "The papers': chex_tf/study/claims.csv, chex_tf/study/claims_in_domain.csv, "
        "chex_tf/study/claims_transfusion.csv",
        existing="file",
        group="study",
    )
    steps_to: tuple[float, ...] = setting(
        (),
        help="AUROCs of the images that rank checkpoints: the report counts the steps after which runs reached them, "
        "fixed with the plan",
        low=0.5,
        high=1,
        group="study",
    )
    about: str = setting("", help="what the report must say first, such as that the films are synthetic", group="study")
    most_cells: int = setting(60, help="refuse a grid of more cells", low=1, group="study")

    plan: bool = setting(False, help="print cells, steps, hours and disk, and stop", group="looking")
    status: bool = setting(False, help="print the state of every cell, and stop", group="looking")
    measure: bool = setting(
        False, help="measure the rate of each kind of network for the plan, by a few steps of each", group="looking"
    )

    executor: str = setting(
        "local",
        help="this machine, jobs of Slurm, or tasks of Ray",
        choices=("local", "slurm", "ray"),
        group="execution",
    )
    workers: int = setting(
        0,
        help="runs at a time; 0 means one a GPU, or one where there is none; under Slurm as many as it allows, under "
        "Ray as many as there is room for",
        low=0,
        group="execution",
    )
    sbatch: tuple[str, ...] = setting(
        (),
        help="option of sbatch, such as --partition=gpu, --gres=gpu:1 or --time=24:00:00",
        repeated=True,
        group="execution",
    )
    setup: str = setting("", help="line of shell that every job of Slurm runs first", group="execution")
    ray_address: str = setting(
        "",
        help="of an existing Ray cluster, as in HEAD:6379, or auto; without it a Ray of this machine alone is started",
        group="execution",
    )
    ray_cpus: float = setting(1.0, help="CPUs of each run under Ray", low=0.01, group="execution")
    ray_gpus: float | None = setting(
        None, help="GPUs of each run under Ray; 1 if not given and the cluster has any", low=0, group="execution"
    )
    retries: int = setting(1, help="how often a cell that failed is tried again", low=0, group="execution")
    failures: int = setting(3, help="failures in a row that end the study", low=1, group="execution")
    keep_going: bool = setting(False, help="go on after any number of failures in a row", group="execution")
    shared_cache: bool = setting(
        True, help="keep decoded images in one file that all runs on this machine map", group="execution"
    )
    adopt: tuple[pathlib.Path, ...] = setting(
        (),
        help="folder of runs made by hand: those with exactly the settings and data of a cell are taken as its run",
        existing="folder",
        repeated=True,
        group="execution",
    )

    def check(self) -> None:
        for name, executor in _OF_EXECUTOR.items():
            given = getattr(self, name) != type(self).__dataclass_fields__[name].default
            if given and self.executor != executor:
                raise InputError(f"goes with --executor={executor}; received {self.executor}", name)
        if self.plan and self.status:
            raise InputError("expected --plan or --status; received both", "status")
