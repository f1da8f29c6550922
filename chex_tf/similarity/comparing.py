"""launch.similarity from its settings to its files."""

import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence

from chex_tf.files import filled_folder
from chex_tf.settings import InputError
from chex_tf.similarity import files, filters_figure, filters_table, layers_figure, similarity_json, table
from chex_tf.similarity.filters import Filters
from chex_tf.similarity.found import Comparison
from chex_tf.similarity.results import similarities
from chex_tf.similarity.settings import EVERY, SimilaritySettings
from chex_tf.similarity.stream import Accumulated, Batch, Design, LayerPair, accumulate, bytes_needed

Say = Callable[[str], None]
Progress = Callable[[int, int], None]


@dataclasses.dataclass(frozen=True)
class Output:
    """The table, and the names of the files written."""

    text: str
    written: tuple[str, ...]


def compare(settings: SimilaritySettings, say: Say, films_progress: Progress, steps_progress: Progress) -> Output:
    if settings.run_a:
        found, filters = _compare_runs(settings, say, films_progress, steps_progress)
    else:
        found, filters = _compare_files(settings, say, steps_progress), None
    return _write(found, filters)


def _compare_files(settings: SimilaritySettings, say: Say, progress: Progress) -> Comparison:
    assert settings.features_a is not None
    assert settings.features_b is not None
    read = files.read(settings.features_a, settings.features_b, say)
    pairs = [read.names]
    sides = read.batch.first, read.batch.second
    first, second = ({name: value.shape[2] for name, value in side.items()} for side in sides)
    design = _design(settings)
    _say_bytes(pairs, first, second, design, say)
    return _found(
        settings,
        "the files",
        (str(settings.features_a), str(settings.features_b)),
        read.unit,
        pairs,
        accumulate([read.batch], pairs, design),
        [],
        progress,
    )


def _compare_runs(
    settings: SimilaritySettings, say: Say, films_progress: Progress, steps_progress: Progress
) -> tuple[Comparison, Filters | None]:
    from chex_tf.similarity import first_layer, networks

    pair = networks.open_pair(settings)
    filters = first_layer.of_pair(settings, pair) if settings.filters else None
    first, second = pair
    for line in first.films.describe_images():
        say(line)
    pairs: list[LayerPair] = (
        [(a, b) for a in first.layers for b in second.layers]
        if settings.pairs == EVERY
        else list(zip(first.layers, second.layers, strict=True))
    )
    design = _design(settings)
    _say_bytes(pairs, first.neurons(), second.neurons(), design, say)
    passes = 1 + settings.random_networks
    images = len(first.films)

    def told(number: int) -> Progress:
        return lambda done, total: films_progress(number * images + done, passes * images)

    sums = accumulate(networks.batches(settings, pair, told(0)), pairs, design)
    by_chance = []
    for number in range(settings.random_networks):
        random = networks.random_pair(settings, pair, number)
        stream: Iterable[Batch] = networks.batches(settings, random, told(1 + number))
        by_chance.append(accumulate(stream, pairs, Design(1, 0, settings.seed)))
    names = f"{first.run.arch}, {first.network.origin}", f"{second.run.arch}, {second.network.origin}"
    set_name = f"{first.films.records.name.split('/')[0]} {settings.split}"
    found = _found(settings, set_name, names, "patient", pairs, sums, by_chance, steps_progress)
    return found, filters


def _design(settings: SimilaritySettings) -> Design:
    return Design(settings.groups, settings.permutations, settings.seed)


def _say_bytes(
    pairs: Sequence[LayerPair], first: dict[str, int], second: dict[str, int], design: Design, say: Say
) -> None:
    needed = bytes_needed(pairs, first, second, design)
    say(
        f"{len(pairs):,} {'pair' if len(pairs) == 1 else 'pairs'} of layers: their sums take "
        f"{needed / 2**20:,.1f} MiB, however many films there are"
    )


def _found(
    settings: SimilaritySettings,
    set_name: str,
    names: tuple[str, str],
    unit: str,
    pairs: Sequence[LayerPair],
    sums: Accumulated,
    by_chance: Sequence[Accumulated],
    progress: Progress,
) -> Comparison:
    rows = similarities(sums, by_chance, pairs, settings.statistics, settings.variance, progress)
    if all(math.isnan(row.value) for row in rows):
        raise InputError(f"nothing can be compared: {rows[0].layers[0]} and {rows[0].layers[1]}, {rows[0].refusal}")
    return Comparison(settings, set_name, names, unit, sums.films, sums.patients, tuple(pairs), tuple(rows))


def _write(found: Comparison, filters: Filters | None) -> Output:
    said = [table.text(found)]
    entry = None
    with filled_folder(found.settings.out) as folder:
        written: list[str] = layers_figure.draw(found, folder)
        if filters is not None:
            written += filters_figure.draw(filters, folder)
            said.append(filters_table.text(filters))
            entry = filters_table.entry(filters)
        written.append(similarity_json.write(folder, found, entry))
    return Output("\n\n".join(said), tuple(written))
