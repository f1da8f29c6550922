"""What a run's frozen network computes at its layers, film by film over a split, in bounded memory.

    run = read_run("runs/densenet121")
    network = frozen(run, "best")
    for batch in activations(network, open_films(run, "test"), layers=("conv4_block6_concat", POOLED)):
        batch.paths, batch.layers[POOLED]

The network is in inference mode: batch normalisation uses its moving statistics and changes none of them.
"""

import dataclasses
import hashlib
import pathlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from chex_tf.data.failures import reader_errors
from chex_tf.data.pipeline import Source
from chex_tf.models import catalogue, heads
from chex_tf.models.build import build_model
from chex_tf.models.heads import POOLED, Heads
from chex_tf.models.inputs import Normalisation, Statistics
from chex_tf.models.normalising import normalised
from chex_tf.models.settings import KERAS
from chex_tf.models.variable_names import weight_names
from chex_tf.runs import checkpoints, encoder, former_versions, seeds
from chex_tf.runs.options import BEST
from chex_tf.settings import InputError, nearest
from chex_tf.trained.run import TrainedRun

LAST, RANDOM, INITIAL = encoder.LAST, "random", "initial"  # beside `best` and a kept step


@dataclasses.dataclass(frozen=True)
class Frozen:
    """A network up to its pooled features: normalised images of three channels -> (batch, features).

    `origin` says in words whose weights they are.
    """

    model: keras.Model
    normalisation: Normalisation
    origin: str

    def layer_names(self) -> list[str]:
        return [layer.name for layer in self.model.layers if not isinstance(layer, keras.layers.InputLayer)]

    def digest(self) -> str:
        """SHA-256 of all variables, moving statistics included."""
        found = hashlib.sha256()
        for name, variable in weight_names(self.model).items():
            found.update(name.encode())
            found.update(np.ascontiguousarray(variable).tobytes())
        return found.hexdigest()


@dataclasses.dataclass(frozen=True)
class Activations:
    """Of some films: `layers` holds for each layer (films, channels) or, of whole maps, (films, rows, columns,
    channels), float32."""

    paths: tuple[str, ...]
    patients: tuple[str, ...]
    studies: tuple[str, ...]
    layers: dict[str, np.ndarray]


def frozen(run: TrainedRun, checkpoint: str = BEST, seed: int = 0) -> Frozen:
    """A run's network below its heads, whatever it learned. `checkpoint` is `best`, a kept step, `last` for the encoder
    at the last step, `initial` for what this run's training began with, made again from its settings, or `random`: the
    same architecture, as a run from scratch with this seed would start it."""
    if checkpoint == RANDOM:
        wanted = dataclasses.replace(run.model, weights="none", mean_variance=False, transfuse_up_to=None, gabor=False)
        model = _up_to_the_heads(build_model(wanted, Heads(1), run.side, seed, Statistics(0.0, 1.0)).model)
        return Frozen(model, run.normalisation, f"random weights of {run.arch}, seed {seed}")
    if checkpoint == INITIAL:
        began = _began(run)
        from_what = "random weights" if run.model.weights == "none" else f"--weights={run.model.weights}"
        return Frozen(began, run.normalisation, f"the start of the run {run.run_dir}, from {from_what}")
    # Weights are replaced below, or the encoder's; a run records momentum and epsilon as numbers.
    plain = dataclasses.replace(run.model, mean_variance=False, transfuse_up_to=None, gabor=False)
    plain = dataclasses.replace(plain, initialiser=KERAS, batch_normalisation=KERAS)
    if checkpoint == LAST:
        known = encoder.read(run.run_dir, LAST)
        wanted = dataclasses.replace(plain, weights=str(run.run_dir), encoder=LAST)
        model = build_model(wanted, Heads(1), run.side, encoder=known).model
        return Frozen(_up_to_the_heads(model), run.normalisation, f"weights {known.origin}")
    chosen = _choose(run, checkpoint)
    wanted = dataclasses.replace(plain, weights="none")
    model = _up_to_the_heads(build_model(wanted, Heads(1), run.side, 0, Statistics(0.0, 1.0)).model)
    _assign(run, model, chosen)
    return Frozen(model, run.normalisation, f"weights of the run {run.run_dir}, at its step {chosen.step:,}")


def _began(run: TrainedRun) -> keras.Model:
    settings = run.model
    released = {"none", *(known.name for known in catalogue.row(settings.arch).checkpoints)}
    is_run = settings.weights not in released
    start = encoder.at(pathlib.Path(settings.weights), settings.encoder) if is_run else None
    seed = seeds.of_weights(run.config)
    return _up_to_the_heads(build_model(settings, Heads(1), run.side, seed, Statistics(0.0, 1.0), encoder=start).model)


def _choose(run: TrainedRun, checkpoint: str) -> checkpoints.Best:
    if checkpoint == BEST or checkpoint.isdecimal():
        return checkpoints.choose(run.best, checkpoint)[0]
    raise InputError(
        f"expected {BEST}, {LAST}, {INITIAL}, {RANDOM} or a kept step; received {checkpoint}", "checkpoint"
    )


def _up_to_the_heads(model: keras.Model) -> keras.Model:
    return keras.Model(model.input, model.get_layer(POOLED).output, name=model.name)


def _assign(run: TrainedRun, model: keras.Model, best: checkpoints.Best) -> None:
    """A checkpoint's weights below the heads; the heads' own are left out."""
    variables = {f"{checkpoints.WEIGHT}{name}": variable for name, variable in weight_names(model).items()}
    names = [name.removeprefix(checkpoints.WEIGHT) for name in variables]
    arrays = former_versions.arrays(checkpoints.read_weights(run.run_dir, best), names, ())
    missing = [
        name
        for name, variable in variables.items()
        if name not in arrays or arrays[name].shape != tuple(variable.shape)
    ]
    if missing:
        raise InputError(f"{best.file} lacks {len(missing)} of {len(variables)} tensors of {run.arch}", "run_dir")
    for name, variable in variables.items():
        variable.assign(np.asarray(arrays[name]))


def open_films(run: TrainedRun, split: str, data: pathlib.Path | None = None) -> Source:
    """A split's films of the run's views, as its network sees them, with every label that the data have."""
    settings = run.data.as_evaluated(data)
    if not settings.data.is_dir():
        raise InputError(
            f"expected the prepared folder; the run was trained on {settings.data}, which does not exist", "data"
        )
    settings = dataclasses.replace(settings, tasks=("all",), blank="zeros")
    return Source(settings, split, training=False)


def activations(
    network: Frozen,
    films: Source,
    layers: Sequence[str] = (POOLED,),
    batch: int = 16,
    maps: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[Activations]:
    """Every film once, in the order of `films.examples`, `batch` at a time. A layer's maps are averaged over their
    places, as the heads pool them, unless `maps` are asked for."""
    forward = _forward(network, layers, maps)
    index, total, done = films.records.index, len(films), 0
    texts = [_decoded(getattr(index, name)[films.examples]) for name in ("path", "patient", "study")]
    with reader_errors(films):
        for images in films.dataset(batch, texts=False).map(lambda found: found["image"]):
            values = forward(images)
            rows = slice(done, min(done + batch, total))  # the last batch is padded
            kept = {name: value.numpy()[: rows.stop - rows.start] for name, value in values.items()}
            done = rows.stop
            paths, patients, studies = (column[rows] for column in texts)
            yield Activations(paths, patients, studies, kept)
            progress(done, total)


def _decoded(texts: np.ndarray) -> tuple[str, ...]:
    return tuple(text.decode() for text in texts.tolist())


def _forward(network: Frozen, layers: Sequence[str], maps: bool) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
    names = network.layer_names()
    for layer in layers:
        if layer not in names:
            listed = [name for name in names if name not in heads.LAYERS]
            raise InputError(
                f"expected a layer of {network.model.name} below its heads; received {layer}{nearest(layer, listed)}",
                "layer",
            )
    outputs = {layer: network.model.get_layer(layer).output for layer in layers}
    for layer, output in outputs.items():
        if len(output.shape) not in (2, 4):
            raise InputError(f"expected a layer that gives maps or vectors; {layer} gives {output.shape}", "layer")
    model = keras.Model(network.model.input, outputs)

    @tf.function
    def forward(images: tf.Tensor) -> dict[str, Any]:
        found = model(normalised(network.normalisation, images), training=False)
        found = {name: tf.cast(value, tf.float32) for name, value in found.items()}
        if maps:
            return found
        return {
            name: tf.reduce_mean(value, axis=(1, 2)) if len(value.shape) == 4 else value
            for name, value in found.items()
        }

    return forward
