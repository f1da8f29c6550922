"""Builds the Keras model, from image to logits, that a row's name and a few options describe."""

import dataclasses
from collections.abc import Callable

import keras

from chex_tf.models import (
    batch_normalisation,
    catalogue,
    fused_batch_normalization,
    heads,
    initialisation,
    initialisers,
    stochastic_depth,
    weights,
)
from chex_tf.models.features import cut, initialise, whole_network
from chex_tf.models.heads import Heads
from chex_tf.models.inputs import Encoder, Normalisation, Statistics, normalisation
from chex_tf.models.layers_within import every_layer
from chex_tf.models.rows import Row
from chex_tf.models.settings import KERAS, ModelSettings
from chex_tf.models.truncation import truncate
from chex_tf.settings import InputError, nearest


@dataclasses.dataclass(frozen=True)
class Built:
    """A model, the settings as resolved, the normalisation that it expects, how its weights were loaded and what became
    of them; `shared_up_to` is the layer above which weights of another row's network were not taken, empty where the
    weights are the network's own."""

    model: keras.Model
    row: Row
    settings: ModelSettings
    normalisation: Normalisation | None
    loaded: weights.Loaded | None
    parts: tuple[initialisation.Part, ...] = ()
    shared_up_to: str = ""


def build_model(
    settings: ModelSettings,
    heads_wanted: Heads,
    side: int,
    seed: int = 0,
    statistics: Statistics | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    encoder: Encoder | None = None,
) -> Built:
    """The model that `settings` describe, with `heads_wanted` on top.

    It takes normalised images (batch, side, side, 3) and gives logits; see heads.attach for their form. Without
    pretrained weights and without `statistics` the normalisation is left open (None). The same seed gives the same
    weights; a head is always random. `progress` counts the bytes of weights that have to be fetched. `encoder` is that
    of the run whose folder `settings.weights` names.
    """
    row = catalogue.row(settings.arch)
    settings = batch_normalisation.resolved(settings, row, encoder)
    network = whole_network(row, side, seed, settings.initialiser)
    if settings.stochastic_depth is not None:
        stochastic_depth.set_rate(network, settings.stochastic_depth)
    features = truncated(row, network, settings.truncate_at)
    loaded = None
    origins: dict[str, str] = {}
    if settings.weights != "none":
        source = _source(row, encoder)
        pretrained = network if source is row else whole_network(source, side, seed)
        # Of another row's network all that its file holds; of this one what goes into the features.
        needed = {layer.name for layer in every_layer(features if source is row else pretrained)}
        loaded = weights.load(
            pretrained,
            source,
            settings.weights,
            settings.weights_dir,
            needed=needed,
            progress=progress,
            encoder=encoder,
        )
        if settings.transfuse_up_to is not None:
            _check_below_the_cut(settings.transfuse_up_to, features)
        if source is row:
            network, origins = _started(settings, row, network, side, seed)
        else:
            origins = _shared(settings, row, pretrained, network)
        features = truncated(row, network, settings.truncate_at)
    if settings.gabor:
        origins[initialisation.gabor_filters(network, seed)] = initialisation.GABOR
    model = assemble(features, heads_wanted, seed, settings.initialiser)
    batch_normalisation.choose(model, settings)
    if settings.fused:
        fused_batch_normalization.fuse(model)
    open_question = settings.weights == "none" and statistics is None
    wanted = None if open_question else normalisation(row, settings.weights, statistics, settings.scheme, encoder)
    shared_up_to = row.shares[1] if row.shares and loaded is not None and _source(row, encoder) is not row else ""
    return Built(model, row, settings, wanted, loaded, initialisation.parts(model, origins), shared_up_to)


def _started(
    settings: ModelSettings, row: Row, pretrained: keras.Model, side: int, seed: int
) -> tuple[keras.Model, dict[str, str]]:
    """The network that training starts from, of the pretrained one, and each layer's origin by its name.

    `mean_variance` draws all of it or, with `transfuse_up_to`, what lies above that layer, which is random otherwise.
    """
    names = [layer.name for layer in every_layer(pretrained)]
    if settings.transfuse_up_to is None:
        if settings.mean_variance:
            initialisation.mean_variance(pretrained, seed)
        return pretrained, dict.fromkeys(
            names, initialisation.MEAN_VARIANCE if settings.mean_variance else initialisation.PRETRAINED
        )
    start = whole_network(row, side, seed, settings.initialiser)
    if settings.stochastic_depth is not None:
        stochastic_depth.set_rate(start, settings.stochastic_depth)
    if settings.mean_variance:
        start.set_weights(pretrained.get_weights())
        initialisation.mean_variance(start, seed)
    above = initialisation.MEAN_VARIANCE if settings.mean_variance else initialisation.RANDOM
    copied = initialisation.transfuse(pretrained, start, settings.transfuse_up_to)
    return start, {name: initialisation.PRETRAINED if name in copied else above for name in names}


def _source(row: Row, encoder: Encoder | None) -> Row:
    """The row whose weights are loaded: the network's own or, for a slim network, those of the whole one that it shares
    its lower layers with, unless they are the encoder of a run of its own."""
    is_own = encoder is not None and encoder.arch == row.name
    return row if is_own or not row.shares else catalogue.row(row.shares[0])


def _shared(settings: ModelSettings, row: Row, pretrained: keras.Model, network: keras.Model) -> dict[str, str]:
    """Copies into `network` what it shares with the pretrained one of another row; each layer's origin by its name."""
    source, up_to = row.shares  # type: ignore[misc]
    if settings.mean_variance:
        raise InputError(
            f"expected random weights above {up_to}: tensors of {row.name} have other shapes there than those of "
            f"{source}",
            "mean_variance",
        )
    if settings.transfuse_up_to is not None:
        names = [layer.name for layer in network.layers]
        if names.index(settings.transfuse_up_to) > names.index(up_to):
            raise InputError(
                f"expected {up_to} or a layer below it, up to where {row.name} is {source}; received "
                f"{settings.transfuse_up_to}",
                "transfuse_up_to",
            )
        up_to = settings.transfuse_up_to
    copied = initialisation.transfuse(pretrained, network, up_to)
    return {
        layer.name: initialisation.PRETRAINED if layer.name in copied else initialisation.RANDOM
        for layer in every_layer(network)
    }


def truncated(row: Row, network: keras.Model, truncate_at: str | None = None) -> keras.Model:
    """`network` up to the row's cut, and then up to the layer `truncate_at`; its layers are shared."""
    features = cut(row, network)
    return features if truncate_at is None else truncate(features, truncate_at)


def assemble(features: keras.Model, heads_wanted: Heads, seed: int, initialiser: str = KERAS) -> keras.Model:
    """`features` under a head drawn from `seed`; the layers are shared."""
    model = heads.attach(features, heads_wanted)
    names = heads.names(heads_wanted)
    initialisers.choose_for_heads(model, names, initialiser)
    initialise(model, seed, only=names)
    return model


def _check_below_the_cut(layer: str, features: keras.Model) -> None:
    names = [known.name for known in features.layers]
    if layer not in names:
        raise InputError(
            f"expected a layer of {features.name}, which is as far as the model goes; received {layer}"
            f"{nearest(layer, names)}",
            "transfuse_up_to",
        )
