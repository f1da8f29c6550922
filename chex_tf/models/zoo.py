"""Counts the catalogue: builds and measures each row, and compares it with what the paper prints."""

import dataclasses
import json
import pathlib
import textwrap
from collections.abc import Callable, Iterable, Sequence

from chex_tf.csv_text import csv_text
from chex_tf.models import catalogue, kept_counts
from chex_tf.models.kept_counts import Counts
from chex_tf.models.rows import BatchNormalisation, Checkpoint, Row

SIDE = 320  # pixels, the paper's image size, for which maps and multiply-adds are given
OUTPUTS = 14
WIDTH = 80  # of the table's notes
Aligned = Callable[[Sequence[str], Sequence[Sequence[str]], int, Sequence[int]], str]  # header, rows, left, breaks

# The columns of --format=csv, which the statistics read.
COLUMNS = (
    "model",
    "family",
    "parameters",
    "paper_parameters_millions",
    "times_smaller",
    "features",
    "cam_grid",
    "multiply_adds",
    "imagenet_top1",
    "paper_imagenet_top1",
    "weights",
    "weights_imagenet_top1",
)


@dataclasses.dataclass(frozen=True)
class Entry:
    """One row, counted from the built model with 14 outputs; absent values are None.

    times_smaller          the paper's count of the whole network over this one's parameters; 1 for a whole network
    imagenet_top1          per cent, of the checkpoint that --weights=imagenet loads
    paper_imagenet_top1    the same network's in the package from which CheXtransfer took it (see the rows)
    weights_imagenet_top1  of every checkpoint, NAME=ACCURACY
    """

    model: str
    family: str
    parameters: int
    paper_parameters_millions: float | None
    times_smaller: float
    features: int
    cam_grid: str
    multiply_adds: int | None
    imagenet_top1: float | None
    paper_imagenet_top1: float | None
    weights: str
    weights_imagenet_top1: str
    cut_at: str | None
    paper_times_smaller: float | None
    paper_imagenet_top1_source: str
    note: str
    initialisers: tuple[str, ...]
    batch_normalisation: BatchNormalisation | None
    checkpoints: tuple[Checkpoint, ...]


def entries(
    names: Sequence[str],
    progress: Callable[[int, int], None] = lambda done, total: None,
    kept: pathlib.Path | None = None,
) -> list[Entry]:
    """Counts every row named: from the file `kept`, or built and then kept there; rows cut from one network share it.

    Keras is imported only where something has to be built.
    """
    rows = [catalogue.row(name) for name in names]
    counts = kept_counts.read(kept) if kept is not None else {}
    missing = [row for row in rows if row.name not in counts]
    if not missing:
        progress(len(rows), len(rows))
    for whole in dict.fromkeys(row.whole for row in missing):
        from chex_tf.models.features import whole_network

        of_whole = [row for row in missing if row.whole == whole]
        network = whole_network(of_whole[0], SIDE, seed=0)
        for row in of_whole:
            counts[row.name] = _count(row, network)
            progress(sum(row.name in counts for row in rows), len(rows))
    if missing and kept is not None:
        kept_counts.write(kept, counts)
    return [as_entry(row, counts[row.name]) for row in rows]


def _count(row: Row, network: object) -> Counts:
    import keras

    from chex_tf.models import counting, heads
    from chex_tf.models.features import cut

    assert isinstance(network, keras.Model)
    features = cut(row, network)
    model = heads.attach(features, heads.Heads(OUTPUTS))
    grid = counting.grid(model, row.cam_layer or features.layers[-1].name)
    return Counts(
        parameters=counting.trainable_parameters(model),
        features=features.output.shape[-1],
        cam_grid=f"{grid[0]}x{grid[1]}",
        multiply_adds=counting.multiply_adds(model),
    )


def as_entry(row: Row, counts: Counts) -> Entry:
    printed = catalogue.whole(row).paper_parameters_millions
    smaller = 1.0 if row.cut_at is None or printed is None else printed * 1e6 / counts.parameters
    paper = row.imagenet_top1[0] if row.imagenet_top1 else None
    # A truncated network's weights come from the whole one's file, whose accuracy is not its own.
    accuracies = {one.name: one.imagenet_top1 for one in row.checkpoints if row.is_released}
    return Entry(
        model=row.name,
        family=row.family,
        parameters=counts.parameters,
        paper_parameters_millions=row.paper_parameters_millions,
        times_smaller=round(smaller, 3),
        features=counts.features,
        cam_grid=counts.cam_grid,
        multiply_adds=counts.multiply_adds,
        imagenet_top1=accuracies.get("imagenet"),
        paper_imagenet_top1=paper[1] if paper else None,
        weights="; ".join(f"{checkpoint.name} ({checkpoint.source})" for checkpoint in row.checkpoints),
        weights_imagenet_top1="; ".join(f"{name}={top1}" for name, top1 in accuracies.items() if top1 is not None),
        cut_at=row.cut_at,
        paper_times_smaller=row.paper_times_smaller,
        paper_imagenet_top1_source=paper[0] if paper else "",
        note="; ".join(part for part in (row.difference, row.note) if part),
        initialisers=row.initialisers,
        batch_normalisation=row.batch_normalisation,
        checkpoints=row.checkpoints,
    )


def as_csv(counted: Iterable[Entry]) -> str:
    values = ([getattr(entry, column) for column in COLUMNS] for entry in counted)
    return csv_text([COLUMNS, *(["" if value is None else value for value in row] for row in values)])


def as_json(counted: Iterable[Entry]) -> str:
    return json.dumps([dataclasses.asdict(entry) for entry in counted], indent=2) + "\n"


def as_table(counted: Sequence[Entry], aligned: Aligned) -> str:
    """For people: columns, which `aligned` lays out, and below them the weights and why counts differ from the
    paper's."""
    head = (
        "model",
        "parameters",
        "in paper",
        "smaller",
        "in paper",
        "cut after",
        "features",
        "CAM",
        "multiply-adds",
        "top-1",
        "in paper's source",
    )
    body = [
        (
            entry.model,
            f"{entry.parameters:,}",
            "" if entry.paper_parameters_millions is None else f"{entry.paper_parameters_millions:.3f}M",
            f"{entry.times_smaller:.2f}" if entry.cut_at else "",
            "" if entry.paper_times_smaller is None else f"{entry.paper_times_smaller:.1f}",
            entry.cut_at or "",
            str(entry.features),
            entry.cam_grid,
            "" if entry.multiply_adds is None else f"{entry.multiply_adds / 1e9:.2f}G",
            "" if entry.imagenet_top1 is None else f"{entry.imagenet_top1:.2f}",
            ""
            if entry.paper_imagenet_top1 is None
            else f"{entry.paper_imagenet_top1:.2f} {entry.paper_imagenet_top1_source}",
        )
        for entry in counted
    ]
    about = (
        f"{OUTPUTS} outputs, {SIDE}×{SIDE} pixels; smaller: the paper's count of the whole network over parameters; "
        "top-1: of what --weights=imagenet loads, and in the package from which the paper took the network"
    )
    weights = _by(counted, lambda entry: entry.weights.replace("imagenet (keras)", "imagenet") or "none")
    notes = _by(counted, lambda entry: entry.note)
    said = [about, *(f"weights of {names}: {text}" for text, names in weights.items())]
    said += [f"{names}: {text}" for text, names in notes.items() if text]
    below = (textwrap.fill(one, WIDTH, subsequent_indent="  ", break_on_hyphens=False) for one in said)
    return "\n".join([aligned(head, body, 1, (6,)), "", *below]) + "\n"


def _by(counted: Sequence[Entry], text_of: Callable[[Entry], str]) -> dict[str, str]:
    """Text -> the models of which it is true."""
    found: dict[str, list[str]] = {}
    for entry in counted:
        found.setdefault(text_of(entry), []).append(entry.model)
    return {text: ", ".join(names) for text, names in found.items()}
