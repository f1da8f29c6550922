"""Which model a run trained and from which weights, as its configuration says."""

import dataclasses
import pathlib

from chex_tf.runs import config


@dataclasses.dataclass(frozen=True)
class TrainedModel:
    """`arch` is a name of the catalogue, `truncate_at` a layer where the run cut it further; `takes_part` says that
    the loaded weights served only in part, up to a layer or as means and variances."""

    arch: str
    weights: str
    truncate_at: str | None = None
    takes_part: bool = False

    @property
    def arm(self) -> str | None:
        """CheXtransfer's two: `scratch`, or `pretrained` on ImageNet (of released weights, timm's names end with what
        they were trained on); None for any other start."""
        if self.weights == "none":
            return "scratch"
        on_imagenet = self.weights == "imagenet" or (self.weights.startswith("timm/") and self.weights.endswith("in1k"))
        return "pretrained" if on_imagenet and not self.takes_part else None


def of_run(run_dir: pathlib.Path) -> TrainedModel | None:
    """None in a folder that has predictions but was not trained here."""
    found = config.read_if_trained(run_dir)
    if found is None or "arch" not in found.content["model"]:
        return None
    model = found.content["model"]
    takes_part = bool(model.get("mean_variance")) or model.get("transfuse_up_to") is not None
    return TrainedModel(model["arch"], model.get("weights", "none"), model.get("truncate_at"), takes_part)
