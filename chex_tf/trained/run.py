"""A trained run, read from its directory: typed settings, tasks, normalisation and its best checkpoints."""

import dataclasses
import pathlib

from chex_tf import json_files
from chex_tf.data.settings import DataSettings
from chex_tf.models.heads import Heads
from chex_tf.models.inputs import Normalisation
from chex_tf.models.settings import ModelSettings
from chex_tf.runs import checkpoints, layout
from chex_tf.runs import config as configuration
from chex_tf.runs.config import Config
from chex_tf.settings import InputError


def check_observations(run: "TrainedRun") -> None:
    """Raises InputError for a run that learned no observations: it has nothing to say about them."""
    if not run.tasks:
        extra, pretraining = run.heads.extra, run.config.content.get("pretraining", {})
        alone = f"{', '.join(extra)} alone (--observations_weight=0)"
        learned = alone if extra else f"{pretraining['objective']} alone"
        raise InputError(
            f"{run.run_dir} learned {learned} and predicts no observation; its encoder is for --weights={run.run_dir}",
            "run_dir",
        )


@dataclasses.dataclass(frozen=True)
class TrainedRun:
    """`best` are the checkpoints of its ensemble, the best first."""

    run_dir: pathlib.Path
    config: Config
    data: DataSettings
    model: ModelSettings
    heads: Heads
    normalisation: Normalisation
    best: tuple[checkpoints.Best, ...]

    @property
    def arch(self) -> str:
        return self.model.arch

    @property
    def tasks(self) -> tuple[str, ...]:
        return self.config.tasks

    @property
    def classes(self) -> int:
        """Logits per task: 1, or 3 for negative, positive and uncertain."""
        return self.heads.classes

    @property
    def scored_by(self) -> str:
        """What its validation AUROC is over: `study` or `image`."""
        return str(self.config.content.get("observations", {}).get("score_by", "study"))

    @property
    def side(self) -> int:
        return self.data.image_size


def read_run(run_dir: pathlib.Path | str) -> TrainedRun:
    run_dir = pathlib.Path(run_dir)
    layout.path_within(run_dir, layout.CONFIG)
    layout.check(run_dir)
    config, states = configuration.read(run_dir), checkpoints.read_index(run_dir)
    best = checkpoints.read_best(run_dir)
    assert config is not None
    config.check_trained()
    return TrainedRun(
        run_dir,
        config,
        config.settings(DataSettings),
        config.settings(ModelSettings),
        _heads(config),
        _normalisation(run_dir, states[0]),
        best,
    )


def _heads(config: Config) -> Heads:
    try:
        heads = Heads.from_json(config.heads)
    except json_files.FormError as error:
        raise config.damaged(error) from error
    if heads.outputs != len(config.tasks):
        named = len(config.tasks)
        raise config.damaged(f"heads.outputs: expected {named}, one a task; found {heads.outputs}")
    return heads


def _normalisation(run_dir: pathlib.Path, state: checkpoints.State) -> Normalisation:
    try:
        return Normalisation.from_json(state.note.get("normalisation"), "states[0].note.normalisation")
    except json_files.FormError as error:
        raise json_files.damaged(checkpoints.index_file(run_dir), error, "run_dir") from error
