"""Settings of launch.pretrain: which objective, which two views, how they are compared."""

import dataclasses
from typing import ClassVar

from chex_tf.data.settings import IMAGE, PAIRS, DataSettings
from chex_tf.models.settings import MOST_PROJECTOR_LAYERS
from chex_tf.settings import InputError, Settings, setting
from chex_tf.training.settings import TrainSettings

VIEW, OBSERVATIONS, BARLOW_TWINS, VICREG = "view", "observations", "barlow_twins", "vicreg"
OF_TWO_VIEWS = (BARLOW_TWINS, VICREG)
CODE, ALGORITHM, EQUATIONS = "code", "algorithm", "equations"  # see barlow_twins.FORMULAS and vicreg.FORMULAS


@dataclasses.dataclass(frozen=True, kw_only=True)
class PretrainingSettings(Settings):
    """What comes before fine-tuning. Projector and weights of the losses are those of the methods' own code."""

    section: ClassVar[str] = "pretraining"

    objective: str = setting(
        help="view: frontal or lateral, AP or PA, whichever the data have both of; observations: as launch.train, by "
        "its flags; barlow_twins, vicreg: two views of a film without labels",
        choices=(VIEW, OBSERVATIONS, BARLOW_TWINS, VICREG),
        group="pretraining",
    )
    formula: str = setting(
        CODE,
        help="which published formula of the loss: that of the authors' code, of their paper's Algorithm 1, or of its "
        "equations",
        choices=(CODE, ALGORITHM, EQUATIONS),
        group="pretraining",
    )
    pairs: str = setting(
        IMAGE,
        help="the second view: of the same image, or of another of its patient or its study, drawn anew each epoch, "
        "where there is one",
        choices=PAIRS,
        group="pretraining",
    )
    projector: tuple[int, ...] = setting(
        (8192, 8192, 8192), help="units of the layers between encoder and loss", low=2, group="pretraining"
    )
    off_diagonal_weight: float = setting(
        0.0051, help="lambda of Barlow Twins, the paper's text has 0.005", low=0, group="pretraining"
    )
    invariance_weight: float = setting(25.0, help="lambda of VICReg", low=0, group="pretraining")
    variance_weight: float = setting(25.0, help="mu of VICReg", low=0, group="pretraining")
    covariance_weight: float = setting(1.0, help="nu of VICReg", low=0, group="pretraining")
    validation_pairs: int = setting(
        2048,
        help="pairs of the evaluation split whose loss, as one batch, ranks checkpoints: the first in the order of "
        "its records, the same at every evaluation",
        low=2,
        group="procedure",
    )

    def check(self) -> None:
        if not 1 <= len(self.projector) <= MOST_PROJECTOR_LAYERS:
            raise InputError(
                f"expected 1 to {MOST_PROJECTOR_LAYERS} layers; received {len(self.projector)}", "projector"
            )
        for name, of in _OF_METHOD.items():
            if self.objective not in of and getattr(self, name) != type(self).__dataclass_fields__[name].default:
                raise InputError(
                    f"goes with --objective={' or '.join(of)}; received --objective={self.objective}", name
                )

    @property
    def compares_views(self) -> bool:
        return self.objective in OF_TWO_VIEWS


_OF_METHOD = {
    **dict.fromkeys(("formula", "pairs", "projector", "validation_pairs"), OF_TWO_VIEWS),
    "off_diagonal_weight": (BARLOW_TWINS,),
    **dict.fromkeys(("invariance_weight", "variance_weight", "covariance_weight"), (VICREG,)),
}


def check_training(asked: PretrainingSettings, training: TrainSettings, data: DataSettings, replicas: int) -> None:
    """Raises InputError where statistics over a global batch, or two different views, could not be had."""
    if training.accumulate > 1:
        raise InputError(
            f"{asked.objective} is about the statistics of a whole batch, which cannot be taken in parts; expected 1; "
            f"received {training.accumulate}",
            "accumulate",
        )
    if training.optimizer == "pesg":
        raise InputError("pesg is the optimizer of --loss=auc_margin; expected another", "optimizer")
    if training.batch < 2:
        raise InputError(f"expected at least 2 images to have statistics; received {training.batch}", "batch")
    if replicas > 1 and not training.synchronise_batch_norm:
        raise InputError(
            f"expected it with the {replicas} replicas here: {asked.objective} compares images of the whole batch, and "
            "batch normalisation of each replica's share would make their embeddings depend on the number of replicas",
            "synchronise_batch_norm",
        )
    if asked.pairs == IMAGE and not data.augments:
        raise InputError(
            "expected two different views of an image: --flip, --rotation, --brightness and --contrast (in-domain "
            "pre-training, section 4.3), a random crop, or --pairs=patient; received none",
            "pairs",
        )
