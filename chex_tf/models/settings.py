"""Which model, with which weights: the settings shared by every verb that needs a model."""

import dataclasses
import pathlib
from typing import ClassVar, cast

from chex_tf.models.rows import Scheme
from chex_tf.settings import InputError, Settings, setting

# What --initialiser and --batch_normalisation may name: as the builder has it, as in the implementation that
# CheXtransfer trained (rows.Original), and one initialiser for all architectures.
KERAS, PAPER, HE_FAN_OUT = "keras", "paper", "he_fan_out"
MOST_PROJECTOR_LAYERS = 5


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelSettings(Settings):
    """Names are checked against the catalogue when the model is built."""

    section: ClassVar[str] = "model"

    arch: str = setting("DenseNet121", help="a model listed by launch.zoo, or keras_cv/BACKBONE", group="model")
    weights: str = setting(
        "none",
        help="none, imagenet, timm/MODEL.TAG as launch.zoo lists them, a file of weights or a run directory "
        "(or one of its encoder files)",
        group="model",
    )
    weights_dir: pathlib.Path | None = setting(
        None,
        help="folder to look in for released weights before fetching them",
        existing="folder",
        group="model",
        decides=False,
    )
    weights_expect: str = setting(
        "auto",
        help="for a file of weights: the normalisation it was trained with; auto is what the row's own weights expect",
        choices=("auto", "torch", "caffe", "tf", "lite"),
        group="model",
    )
    encoder: str = setting(
        "best",
        help="for a run directory as weights: its weights at the checkpoint with the best score, or at its last step",
        choices=("best", "last"),
        group="model",
    )
    mean_variance: bool = setting(
        False,
        help="replace loaded weights by draws from normal distributions with each tensor's mean and variance: all of "
        "them or, with transfuse_up_to, those above that layer",
        group="model",
    )
    transfuse_up_to: str | None = setting(
        None,
        help="name of the layer up to which loaded weights are used; above it weights are random, or as mean_variance "
        "says",
        group="model",
    )
    gabor: bool = setting(
        False,
        help="replace the filters of the first convolution, where these would be random or drawn by mean_variance, by "
        "synthetic Gabor functions with the same mean square",
        group="model",
    )
    truncate_at: str | None = setting(None, help="name of the layer after which the network is cut", group="model")
    initialiser: str = setting(
        KERAS,
        help="what random weights are drawn from: keras as the network's builder has it, paper as in the PyTorch "
        "network that CheXtransfer trained (heads too), he_fan_out alike for the convolutions of every architecture; "
        "docs/models.md lists them",
        choices=(KERAS, PAPER, HE_FAN_OUT),
        group="model",
    )
    batch_normalisation: str = setting(
        KERAS,
        help="momentum and epsilon: keras as the network's builder has them, paper as in the PyTorch network that "
        "CheXtransfer trained; loaded weights keep the epsilon they were trained with; the two numbers below win",
        choices=(KERAS, PAPER),
        group="model",
    )
    batch_norm_momentum: float | None = setting(
        None,
        help="how much of its moving statistics batch normalisation keeps per step; by --batch_normalisation if not "
        "given",
        low=0,
        high=1,
        group="model",
    )
    batch_norm_epsilon: float | None = setting(
        None,
        help="what batch normalisation adds to the variance; by --batch_normalisation if not given; for a file of "
        "weights what it was trained with",
        low=1e-12,
        high=1,
        group="model",
    )
    stochastic_depth: float | None = setting(
        None,
        help="rate towards which stochastic depth grows with depth; 0 for none, the network's own (0.2 in "
        "EfficientNets) if not given",
        low=0,
        high=1,
        group="model",
    )
    fused: bool = setting(True, help="compute batch normalisation in one kernel where there is one", group="model")

    def check(self) -> None:
        for name in ("mean_variance", "transfuse_up_to"):
            if getattr(self, name) and self.weights == "none":
                raise InputError("expected weights to start from; received --weights=none", name)

        if self.gabor and self.weights != "none" and (not self.mean_variance or self.transfuse_up_to):
            raise InputError(
                "expected a first convolution that is not loaded: --weights=none, or --mean_variance without "
                "--transfuse_up_to",
                "gabor",
            )

    @property
    def scheme(self) -> Scheme | None:
        return None if self.weights_expect == "auto" else cast(Scheme, self.weights_expect)
