"""Which model a run trained and from which weights, as its configuration says."""

import dataclasses
import pathlib

from chex_tf.runs import config

# Networks that take the weights of another up to a layer; a test holds them to the catalogue's rows.
SHARING = frozenset({"ResNet18Slim", "ResNet50Slim"})


@dataclasses.dataclass(frozen=True)
class TrainedModel:
    """`arch` is a name of the catalogue, `truncate_at` a layer where the run cut it further; `is_mixed` says that the
    network began neither as its initialiser would have it nor with all loaded weights: these served in part, up to a
    layer or as means and variances, or the first filters were drawn from Gabor functions."""

    arch: str
    weights: str
    truncate_at: str | None = None
    is_mixed: bool = False

    @property
    def arm(self) -> str | None:
        """CheXtransfer's two: `scratch`, or `pretrained` on ImageNet (of released weights, timm's names end with what
        they were trained on); None for any other start."""
        if self.is_mixed:
            return None
        if self.weights == "none":
            return "scratch"
        on_imagenet = self.weights == "imagenet" or (self.weights.startswith("timm/") and self.weights.endswith("in1k"))
        return "pretrained" if on_imagenet else None


def of_run(run_dir: pathlib.Path) -> TrainedModel | None:
    """None in a folder that has predictions but was not trained here."""
    found = config.read_if_trained(run_dir)
    if found is None or "arch" not in found.content["model"]:
        return None
    model = found.content["model"]
    weights = model.get("weights", "none")
    in_part = bool(model.get("mean_variance")) or model.get("transfuse_up_to") is not None
    in_part = in_part or (weights != "none" and model["arch"] in SHARING)
    return TrainedModel(model["arch"], weights, model.get("truncate_at"), in_part or bool(model.get("gabor")))
