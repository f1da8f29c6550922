"""Two runs' networks on the films of a split, as batches of activations."""

import dataclasses
import pathlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from chex_tf.data.pipeline import Source
from chex_tf.settings import InputError, nearest
from chex_tf.similarity.settings import PIXELS, SimilaritySettings
from chex_tf.similarity.stream import Batch
from chex_tf.trained.activations import INITIAL, RANDOM, Frozen, activations, frozen, open_films
from chex_tf.trained.run import TrainedRun, read_run

Progress = Callable[[int, int], None]
_OTHER_WEIGHTS = (INITIAL, RANDOM)


@dataclasses.dataclass(frozen=True)
class Network:
    """A network to compare, its layers, and the films as it sees them."""

    run: TrainedRun
    network: Frozen
    layers: tuple[str, ...]
    films: Source

    def neurons(self) -> dict[str, int]:
        return {name: int(self.network.model.get_layer(name).output.shape[-1]) for name in self.layers}


def open_pair(settings: SimilaritySettings) -> tuple[Network, Network]:
    runs = [_run(settings, name) for name in ("run_a", "run_b")]
    data = settings.data or runs[0].data.data
    layers = settings.layers, settings.layers_b or settings.layers
    films = [open_films(run, settings.split, data) for run in runs]
    _check_same_films(*films)
    first, second = (
        Network(run, _network(settings, name, run), names, source)
        for name, run, names, source in zip(("run_a", "run_b"), runs, layers, films, strict=True)
    )
    for network, name in ((first, "layers"), (second, "layers_b" if settings.layers_b else "layers")):
        known = network.network.layer_names()
        for layer in network.layers:
            if layer not in known:
                raise InputError(
                    f"expected layers of {network.run.arch}; received {layer}{nearest(layer, known)}", name
                )
    return first, second


def random_pair(settings: SimilaritySettings, pair: tuple[Network, Network], number: int) -> tuple[Network, Network]:
    """The same two architectures with random weights, each of its own seed, which is no compared network's."""
    first, second = (
        dataclasses.replace(one, network=frozen(one.run, RANDOM, settings.seed + 2 * (number + 1) + side))
        for side, one in enumerate(pair)
    )
    return first, second


def batches(settings: SimilaritySettings, pair: tuple[Network, Network], progress: Progress) -> Iterator[Batch]:
    maps = settings.points == PIXELS
    streams = [
        activations(one.network, one.films, one.layers, settings.batch, maps, told)
        for one, told in zip(pair, (lambda done, total: None, progress), strict=True)
    ]
    for first, second in zip(*streams, strict=True):
        if first.paths != second.paths:
            raise AssertionError("two passes over one split gave other films")
        yield Batch(first.patients, _placed(first.layers), _placed(second.layers))


def _placed(layers: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """(films, places, neurons): one place of what is pooled, rows × columns of maps."""
    return {
        name: values.reshape(len(values), int(np.prod(values.shape[1:-1])), values.shape[-1])
        for name, values in layers.items()
    }


def _split_name(text: str) -> tuple[str, pathlib.Path]:
    kind, colon, rest = text.partition(":")
    return (kind, pathlib.Path(rest)) if colon and kind in _OTHER_WEIGHTS else ("", pathlib.Path(text))


def _run(settings: SimilaritySettings, name: str) -> TrainedRun:
    _, folder = _split_name(getattr(settings, name))
    if not folder.is_dir():
        raise InputError(
            f"expected a run directory, initial:RUN_DIR or random:RUN_DIR; received {getattr(settings, name)}; "
            f"{folder} is no folder",
            name,
        )
    return read_run(folder)


def _network(settings: SimilaritySettings, name: str, run: TrainedRun) -> Frozen:
    """Of two random networks the second has the seed after the first's: they would be one network otherwise."""
    kind, _ = _split_name(getattr(settings, name))
    return frozen(run, kind or settings.checkpoint, settings.seed + (name == "run_b"))


def _check_same_films(first: Source, second: Source) -> None:
    paths: Sequence[set[bytes]] = [set(one.records.index.path[one.examples].tolist()) for one in (first, second)]
    if paths[0] != paths[1]:
        raise InputError(
            f"expected runs that see the same films; of {len(paths[0]):,} and {len(paths[1]):,} films, "
            f"{len(paths[0] & paths[1]):,} are seen by both: their --views differ",
            "run_b",
        )
