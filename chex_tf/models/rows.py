"""What a row of the catalogue holds: an architecture, where it may be cut, which weights exist and what they see."""

import dataclasses
import typing

from chex_tf.models.timm_names import Naming

Source = typing.Literal["keras", "hub", "pypi"]
Scheme = typing.Literal["torch", "caffe", "tf", "lite"]
# How convolutions are drawn. he_normal and glorot_uniform are Keras' own; he_fan_out is He et al. 2015 by the number of
# outputs, from a whole normal or from one cut at two deviations.
Initialiser = typing.Literal["glorot_uniform", "he_normal", "he_fan_out", "he_fan_out_truncated"]

# Of weights: the hub's as each model's card says. Keras says nothing of the files behind keras.applications that holds
# for all of them: they came from several publishers.
APACHE, BSD = "Apache-2.0", "BSD-3-Clause"
AS_PUBLISHED = "as its publisher states"


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """Released ImageNet weights and what they were trained to see.

    `name` is what --weights takes. `digest` is the file's MD5 as keras.applications publishes it (or a SHA-256);
    an empty digest means that none is published where it could be read in advance: the hub's own SHA-256, which it
    sends with every file, is then checked instead.

    side           pixels a side of the images it was trained on
    licence        of the weights
    classifier     tensors (or, of Keras, layers) of the file that no network without a classifier takes
    imagenet_top1  per cent, of this very file; None where nobody published it
    """

    name: str
    source: Source
    file: str
    url: str
    digest: str
    expects: Scheme
    naming: typing.Literal["keras", "timm", "lite"]
    side: int
    licence: str
    classifier: tuple[str, ...] = ()
    imagenet_top1: float | None = None
    note: str = ""


@dataclasses.dataclass(frozen=True)
class BatchNormalisation:
    """momentum: how much of its moving statistics a step keeps; epsilon: what is added to the variance."""

    momentum: float
    epsilon: float


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
    namings       of the PyTorch weights that compute here what they computed there; none where the arithmetic differs
    two_paddings  PyTorch weights of these names and shapes exist for either padding, and this network pads as
                  TensorFlow does
    initialisers  of the convolutions, as built
    batch_normalisation  as built; None for a network without

    Of keras_cv/BACKBONE only the built network tells widths, initialisers and batch normalisation.
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
    namings: tuple[Naming, ...] = ()
    two_paddings: bool = False
    initialisers: tuple[Initialiser, ...] = ()
    batch_normalisation: BatchNormalisation | None = None
    note: str = ""

    @property
    def whole(self) -> str:
        """Name of the network that this row is, or is cut from."""
        return self.base or self.name


def keras_file(
    file: str,
    folder: str,
    digest: str,
    expects: Scheme,
    side: int,
    top1: float,
    classifier: tuple[str, ...] = (),
) -> Checkpoint:
    """Weights as keras.applications releases them; it keeps them in its cache under `file`.

    `top1` is from the table of keras.io/api/applications.
    """
    url = f"https://storage.googleapis.com/{folder}"
    return Checkpoint("imagenet", "keras", file, url, digest, expects, "keras", side, AS_PUBLISHED, classifier, top1)


def hub_file(
    model: str, expects: Scheme, side: int, top1: float, licence: str, classifier: str, *, default: bool = False
) -> Checkpoint:
    """timm's weights on the Hugging Face hub; `default` makes them what --weights=imagenet means.

    `classifier` is the module's name; `top1` is from timm's results/results-imagenet.csv.
    """
    return Checkpoint(
        "imagenet" if default else f"timm/{model}",
        "hub",
        f"{model}.safetensors",
        f"https://huggingface.co/timm/{model}/resolve/main/model.safetensors",
        "",
        expects,
        "timm",
        side,
        licence,
        (f"{classifier}.weight", f"{classifier}.bias"),
        top1,
    )
