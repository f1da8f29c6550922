"""Settings of a training run, whatever its objective. configs/paper_*.cfg are CheXtransfer's procedure; the defaults
of batch, epochs, evaluations and optimizer are its own."""

import dataclasses
import math
import pathlib
import re
from typing import ClassVar

from chex_tf.settings import InputError, Settings, setting

OPTIMIZERS = ("adam", "sgd", "lars", "pesg")  # see optimizer.py and proximal.py
SCHEDULES = ("constant", "cosine", "step")
STRATEGIES = ("auto", "one", "mirrored", "multi_worker")
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainSettings(Settings):
    """What decides a run besides its objective, its data and its model, and how it is carried out."""

    section: ClassVar[str] = "training"

    run_dir: pathlib.Path = setting(
        help="folder of the run; started again, the same command continues from its last step",
        writes="folder",
        decides=False,
    )
    dry_run: bool = setting(
        False, help="print what would be done (data, model, steps, disk, memory) and stop", decides=False
    )
    recover: bool = setting(
        False,
        help="train nothing: rebuild a run's lost config.json and index of checkpoints from its checkpoints",
        decides=False,
    )

    # CheXtransfer, section 3.1: three epochs, batches of 16, Adam(0.9, 0.999) at 1e-4, ten checkpoints.
    batch: int = setting(16, help="images per step, over all replicas together", low=1, group="procedure")
    epochs: float = setting(3.0, help="passes over the training data", low=0, group="procedure")
    steps: int | None = setting(
        None, help="end after this many steps, whatever --epochs says", unit="steps", low=1, group="procedure"
    )
    # Section 3.1 says "every 8192 gradient steps"; with batches of 16 three epochs of CheXpert would then be evaluated
    # five times, too few for ten checkpoints. 8192 images (512 steps) give 82 evaluations.
    evaluate_every: int = setting(8192, help="how often to evaluate", low=1, group="procedure")
    evaluate_unit: str = setting(
        "images", help="what evaluate_every counts", choices=("images", "steps"), group="procedure"
    )
    evaluation_split: str = setting(
        "valid",
        help="split on which checkpoints are ranked, and thresholds chosen later; ChestX-ray14 and VinDr-CXR have none "
        "of their own, launch.prepare --holdout_patients carves the split holdout from train",
        group="procedure",
    )
    keep: int = setting(
        10,
        help="checkpoints with the best scores to keep; the run's model is their ensemble",
        low=1,
        group="procedure",
    )

    seed: int = setting(
        0,
        help="decides random weights and dropout and, without --data_seed, order, augmentation and smoothed labels",
        low=0,
        high=2**63 - 1,
        group="procedure",
    )

    optimizer: str = setting(
        "adam",
        help="update rule; lars is that of Barlow Twins and VICReg, for large batches; pesg is that of deep AUC "
        "maximisation, for --loss=auc_margin: a stage ends at each of --decay_epochs",
        choices=OPTIMIZERS,
        group="optimizer",
    )
    learning_rate: float = setting(1e-4, help="highest learning rate", low=0, group="optimizer")
    beta_1: float = setting(0.9, help="decay of Adam's mean", low=0, high=1, group="optimizer")
    beta_2: float = setting(0.999, help="decay of Adam's mean square", low=0, high=1, group="optimizer")
    epsilon: float = setting(
        1e-8,
        help="added to Adam's denominator after its bias is corrected, as in PyTorch, whose default this is",
        low=0,
        group="optimizer",
    )
    momentum: float = setting(0.9, help="momentum of sgd and lars", low=0, high=1, group="optimizer")
    trust: float = setting(
        0.001,
        help="with lars, the length of a weight tensor's step before momentum, as a share of the tensor's norm and "
        "times the learning rate; biases and norms take plain steps",
        low=0,
        group="optimizer",
    )
    bias_rate: float = setting(
        1.0,
        help="with lars, the learning rate of biases and norms as a multiple of the weights'; 0.024 in the code of "
        "Barlow Twins (0.0048 and 0.2)",
        low=0,
        group="optimizer",
    )
    epoch_decay: float = setting(
        0.002,
        help="how strongly pesg draws weights back to their mean over the stage before, or to where training began",
        low=0,
        group="optimizer",
    )
    weight_decay: float = setting(
        0.0,
        help="weight decay: decoupled, so times the learning rate at each step, and without biases and norms; lars "
        "adds it to the gradient, without biases and norms too",
        low=0,
        group="optimizer",
    )
    weight_decay_coupled: bool = setting(
        False,
        help="add weight_decay times the weights to the gradient, biases and norms too, as PyTorch's Adam and SGD do",
        group="optimizer",
    )
    clip_norm: float | None = setting(None, help="largest norm of the whole gradient", low=0, group="optimizer")
    accumulate: int = setting(
        1, help="parts in which a replica processes its share of a batch, to save memory", low=1, group="optimizer"
    )
    schedule: str = setting("constant", help="how the learning rate changes", choices=SCHEDULES, group="optimizer")
    warmup_steps: int = setting(0, help="steps of linear warm-up", low=0, group="optimizer")
    decay_epochs: tuple[float, ...] = setting(
        (), help="epochs after which --schedule=step multiplies by decay_factor", low=0, group="optimizer"
    )
    decay_factor: float = setting(0.1, help="factor of --schedule=step", low=0, high=1, group="optimizer")

    freeze: str = setting(
        "none",
        help="none; backbone (all but the heads: a linear probe); or the name of the last frozen layer",
        group="model",
    )
    freeze_batch_norm: bool = setting(
        False, help="use batch normalisation's stored statistics everywhere, and do not update them", group="model"
    )
    dropout: float = setting(0.0, help="dropout before the heads", low=0, high=1, group="model")

    strategy: str = setting(
        "auto",
        help="one device, all local devices, or several hosts (TF_CONFIG or Slurm); auto takes what is available",
        choices=STRATEGIES,
        group="machine",
    )
    synchronise_batch_norm: bool = setting(
        False, help="compute batch statistics over the global batch, not a replica's share", group="machine"
    )
    precision: str = setting("float32", help="arithmetic of the network", choices=PRECISIONS, group="machine")
    xla: bool = setting(False, help="compile the step with XLA; one replica only, and slower on CPUs", group="machine")
    steps_per_call: int = setting(
        0,
        help="training steps in one call from Python; 0 means 8 on GPUs and 1 otherwise",
        low=0,
        group="machine",
        decides=False,
    )
    deterministic: bool = setting(
        False,
        help="bit-identical runs on one machine: deterministic operations, one operation at a time",
        group="machine",
    )
    join_minutes: float = setting(
        10.0,
        help="how long a worker of several waits at its start for the others to come",
        unit="minutes",
        low=0.1,
        group="machine",
        decides=False,
    )
    require_gpu: bool = setting(False, help="refuse to start without a GPU", group="machine", decides=False)
    checkpoint_minutes: float = setting(
        10.0,
        help="save the full state at least this often; it is saved at every evaluation anyway",
        unit="minutes",
        low=0,
        group="machine",
        decides=False,
    )

    tensorboard: bool = setting(True, help="write TensorBoard's event files", group="watching", decides=False)
    log_every: int = setting(
        20, help="steps between TensorBoard's training points", low=1, group="watching", decides=False
    )
    sample_images: int = setting(
        8, help="training images shown in TensorBoard", low=0, high=64, group="watching", decides=False
    )
    cam_images: int = setting(
        6,
        help="number of tasks for whose first positive validation film TensorBoard shows Grad-CAM after each "
        "evaluation; one worker only",
        low=0,
        high=64,
        group="watching",
        decides=False,
    )
    profile: str | None = setting(
        None, help="steps to profile for TensorBoard, as FIRST:LAST", group="watching", decides=False
    )

    def check(self) -> None:
        self.profiled_steps()
        if self.schedule == "step" and not self.decay_epochs:
            raise InputError("expected the epochs at which the step schedule decays; received none", "decay_epochs")
        if self.optimizer == "pesg" and self.precision == "mixed_float16":
            raise InputError(
                "pesg averages over every step, and float16 skips those that overflow; mixed_bfloat16 would do",
                "precision",
            )
        if self.optimizer == "lars" and self.weight_decay_coupled:
            raise InputError(
                "lars adds the decay to the gradient by itself, but not to that of biases and norms; drop it",
                "weight_decay_coupled",
            )
        if self.epochs == 0 and self.steps is None:
            raise InputError("expected more than 0 epochs, or --steps; received 0", "epochs")

    def profiled_steps(self) -> tuple[int, int] | None:
        if self.profile is None:
            return None
        match = re.fullmatch(r"(\d+):(\d+)", self.profile)
        if match is None or int(match[1]) >= int(match[2]):
            raise InputError(f"expected FIRST:LAST with FIRST below LAST; received {self.profile}", "profile")
        return int(match[1]), int(match[2])

    def total_steps(self, steps_per_epoch: float) -> int:
        return self.steps if self.steps is not None else max(1, math.ceil(self.epochs * steps_per_epoch))

    @property
    def evaluate_steps(self) -> int:
        """Steps between evaluations, at least one."""
        return self.evaluate_every if self.evaluate_unit == "steps" else max(1, self.evaluate_every // self.batch)
