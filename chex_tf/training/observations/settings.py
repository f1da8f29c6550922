"""Settings for learning the observations: the loss, auxiliary tasks, and the score that ranks checkpoints."""

import dataclasses
from typing import ClassVar

from chex_tf.data import policies
from chex_tf.data.settings import DataSettings
from chex_tf.settings import InputError, Settings, setting
from chex_tf.training.settings import TrainSettings

STUDY, IMAGE = "study", "image"
LOSSES = ("cross_entropy", "auc_margin")  # see losses.py
AUXILIARY = ("sex", "age", "view", "projection")  # heads beside the observations'; see chex_tf.models.heads
AGE_UNITS = ("century", "decade", "year")  # see chex_tf.data.auxiliary
# Rules of a label policy whose targets lie between 0 and 1.
_SOFT_RULES = frozenset({"smooth_ones", "smooth_zeros", "self_trained"})


@dataclasses.dataclass(frozen=True, kw_only=True)
class ObservationsSettings(Settings):
    """What is minimised, and which validation score ranks checkpoints."""

    section: ClassVar[str] = "observations"

    score_tasks: tuple[str, ...] = setting(
        ("study",),
        help="tasks whose mean AUROC ranks checkpoints: a set (study, competition, all) or names. Of study and "
        "competition those that are learned count; all means all that are learned",
        group="procedure",
    )
    score_by: str = setting(
        STUDY,
        help="what validation AUROC is over: studies, each with the highest probability of its images, as in "
        "evaluation, or single images",
        choices=(STUDY, IMAGE),
        group="procedure",
    )

    loss: str = setting("cross_entropy", help="what is minimised over the observations", choices=LOSSES, group="loss")
    observations_weight: float = setting(
        1.0,
        help="weight of the loss on the observations. 0 leaves their head out: sex, age, view and projection are then "
        "all that is learned, and rank checkpoints by the mean of their AUROCs or, age alone, by its error",
        low=0,
        group="loss",
    )
    balance: bool = setting(
        False, help="weigh each task's positives and negatives so that both count the same", group="loss"
    )
    label_smoothing: float = setting(0.0, help="how far targets move towards one half", low=0, high=1, group="loss")
    sex_weight: float = setting(
        0.0, help="weight of the auxiliary loss on sex; 0 leaves the head out", low=0, group="loss"
    )
    age_weight: float = setting(
        0.0, help="weight of the auxiliary loss on age; 0 leaves the head out", low=0, group="loss"
    )
    age_unit: str = setting(
        "decade",
        help="unit of predicted ages: smooth L1 is quadratic for errors below one of it and linear above",
        choices=AGE_UNITS,
        group="loss",
    )
    view_weight: float = setting(
        0.0, help="weight of the auxiliary loss on frontal or lateral; 0 leaves the head out", low=0, group="loss"
    )
    projection_weight: float = setting(
        0.0,
        help="weight of the auxiliary loss on AP or PA, of the frontal films that have one of them; 0 leaves the head "
        "out",
        low=0,
        group="loss",
    )
    auc_margin: float = setting(1.0, help="margin of --loss=auc_margin", low=0, group="loss")
    auc_learning_rate: float = setting(
        0.1,
        help="learning rate of auc_margin's own variables a, b and alpha; with --optimizer=pesg they take the weights'",
        low=0,
        group="loss",
    )

    def check(self) -> None:
        if self.loss == "auc_margin" and (self.label_smoothing or self.balance):
            raise InputError(
                "auc_margin balances by itself and takes hard labels: drop balance and label_smoothing", "loss"
            )
        if self.learns_observations:
            return
        if not self.auxiliary:
            raise InputError(
                "nothing would be learned: expected a weight above 0 here or of sex, age, view or projection",
                "observations_weight",
            )
        for name in ("loss", "balance", "label_smoothing"):
            if getattr(self, name) != type(self).__dataclass_fields__[name].default:
                raise InputError(
                    "is about the loss on the observations, which --observations_weight=0 leaves out", name
                )

    @property
    def auxiliary(self) -> dict[str, float]:
        """Auxiliary head -> weight of its loss, for those with a weight above 0."""
        weights = {name: getattr(self, f"{name}_weight") for name in AUXILIARY}
        return {name: weight for name, weight in weights.items() if weight > 0}

    @property
    def learns_observations(self) -> bool:
        return self.observations_weight > 0


def check_together(observations: ObservationsSettings, data: DataSettings) -> None:
    """Raises InputError where a loss cannot take the targets that a label policy makes."""
    rules = policies.rule_names(data.uncertain, "uncertain") | policies.rule_names(data.blank, "blank")
    if "multiclass" in rules:
        if observations.balance:
            raise InputError(
                "balance weighs positives against negatives; --uncertain=multiclass has a third class", "balance"
            )
        if observations.loss == "auc_margin":
            raise InputError("auc_margin ranks by one score per task; --uncertain=multiclass gives three", "loss")
    soft = sorted(rules & _SOFT_RULES)
    if observations.loss == "auc_margin" and soft:
        raise InputError(
            f"auc_margin takes labels of 0 and 1; received a policy with {', '.join(soft)}; ones, zeros or ignore "
            "would do",
            "loss",
        )


def check_optimizer(observations: ObservationsSettings, training: TrainSettings) -> None:
    """Raises InputError where the optimizer pesg meets a loss without a, b and alpha, or a rate it would not take."""
    if training.optimizer != "pesg":
        return
    if observations.loss != "auc_margin":
        raise InputError(
            f"pesg is the optimizer of --loss=auc_margin; received --loss={observations.loss}", "optimizer"
        )
    default = ObservationsSettings.__dataclass_fields__["auc_learning_rate"].default
    if observations.auc_learning_rate != default:
        raise InputError(
            "with --optimizer=pesg a, b and alpha take the weights' learning rate; drop it", "auc_learning_rate"
        )
