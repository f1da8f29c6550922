"""The fields of a catalogue row: an architecture, where it may be cut, its released weights and what they expect."""

import dataclasses
import typing

from chex_tf.models.timm_names import Naming

Source = typing.Literal["keras", "hub", "pypi"]
Scheme = typing.Literal["torch", "caffe", "tf", "lite"]
# How convolutions are initialised. he_normal (by inputs, truncated) and glorot_uniform are Keras' own; he_fan_out is He
# et al. 2015 by the number of outputs, from a full normal or from one truncated at two deviations; for the others see
# initialisers.py.
Initialiser = typing.Literal[
    "glorot_uniform",
    "he_normal",
    "he_fan_out",
    "he_fan_out_truncated",
    "he_fan_in",
    "uniform_fan_in",
    "truncated_normal",
]
INITIALISER_WORDS: dict[Initialiser, str] = {
    "glorot_uniform": "Glorot uniform",
    "he_normal": "He by inputs, truncated normal",
    "he_fan_in": "He by inputs, normal",
    "he_fan_out": "He by outputs, normal",
    "he_fan_out_truncated": "He by outputs, truncated normal",
    "uniform_fan_in": "uniform within 1/√inputs",
    "truncated_normal": "normal of deviation 0.1, truncated at two",
}

# Licences of weights: the hub's as each model's card states. Keras states none that covers all files of
# keras.applications, which came from several publishers.
APACHE, BSD = "Apache-2.0", "BSD-3-Clause"
AS_PUBLISHED = "as its publisher states"


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """Released ImageNet weights and the normalisation that they were trained with.

    `name` is what --weights takes. `digest` is the file's MD5 as keras.applications publishes it (or a SHA-256);
    an empty digest means that none is published in advance: the hub's own SHA-256, which it sends with every file, is
    then checked instead.

    side           pixels per side of the images it was trained on
    licence        of the weights
    classifier     tensors (or, for Keras, layers) of the file that only a classifier takes
    imagenet_top1  per cent, of this very file; None where none is published
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
class Original:
    """How a network begins in the implementation that CheXtransfer trained: what --initialiser=paper and
    --batch_normalisation=paper mean.

    Section 3.1 names PyTorch 1.4.0 (and with it torchvision 0.5.0), Cadene's pretrainedmodels 0.7.4 and timm 0.2.1; a
    network that the paper does not have counts as in the same packages.

    initialiser          of the convolutions; their biases, where there are any, are zeros
    batch_normalisation  None for a network without
    source               where this stands
    """

    initialiser: Initialiser
    batch_normalisation: BatchNormalisation | None
    source: str


@dataclasses.dataclass(frozen=True)
class Row:
    """One model.

    builder       module and variant, for example "applications:DenseNet121"
    features      channels of the feature vector behind the head
    cam_layer     layer whose maps Grad-CAM explains
    cam_grid      rows (and columns) of that layer's maps for a 320×320 image
    cut_layers    ends of stages from the input upwards: places to truncate at, or to load pretrained weights up to
    cut_at        the layer at which this row is truncated, None for a whole network
    shares        another row, and the layer up to which this one has the same layers: its weights load as far as that,
                  and what lies above is random; empty for a network with weights of its own
    smallest      smallest side of an input image in pixels
    paper_parameters_millions, paper_times_smaller   as printed in CheXtransfer, Tables 1 and 2
    difference    why the built model's count differs from the printed one, where it does
    imagenet_top1 per cent, by source, the paper's first; each checkpoint has its own
    namings       of the PyTorch weights that give the same results here
    keras_only    for a row without namings: why it has none, and what would do
    two_paddings  PyTorch weights of these names and shapes exist for either padding (and epsilon), and this network
                  pads as TensorFlow does
    initialisers  of the convolutions, as built
    batch_normalisation  as built; None for a network without. Every checkpoint of the row was trained with this
                  epsilon, to within its thousandth (PyTorch's DenseNets have 1e-5)
    original      None where no implementation of CheXtransfer's is known

    For keras_cv/BACKBONE, widths, initialisers and batch normalisation are known only from the built network.
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
    shares: tuple[str, str] | tuple[()] = ()
    paper_parameters_millions: float | None = None
    paper_times_smaller: float | None = None
    difference: str = ""
    imagenet_top1: tuple[tuple[str, float], ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    namings: tuple[Naming, ...] = ()
    keras_only: str = ""
    two_paddings: bool = False
    initialisers: tuple[Initialiser, ...] = ()
    batch_normalisation: BatchNormalisation | None = None
    original: Original | None = None
    note: str = ""

    @property
    def whole(self) -> str:
        """Name of the network that this row is cut from; its own name if it is whole."""
        return self.base or self.name

    @property
    def is_released(self) -> bool:
        """Whether its checkpoints are of this very network, and their accuracy with them."""
        return self.cut_at is None and not self.shares


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
