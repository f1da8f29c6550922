"""Counts the catalogue: builds and measures each row, and compares it with what the paper prints."""

import csv
import dataclasses
import io
import json
import pathlib
from collections.abc import Callable, Iterable, Sequence

from chex_tf.models import catalogue, kept_counts
from chex_tf.models.kept_counts import Counts
from chex_tf.models.rows import BatchNormalisation, Checkpoint, Row

SIDE = 320  # pixels, the paper's image size, for which maps and multiply-adds are given
OUTPUTS = 14

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
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for entry in counted:
        values = (getattr(entry, column) for column in COLUMNS)
        writer.writerow("" if value is None else value for value in values)
    return text.getvalue()


def as_json(counted: Iterable[Entry]) -> str:
    return json.dumps([dataclasses.asdict(entry) for entry in counted], indent=2) + "\n"


def as_table(counted: Sequence[Entry]) -> str:
    """For people: aligned columns, and below them why counts differ from the paper's."""
    head = (
        "model",
        "parameters",
        "in paper",
        "smaller",
        "in paper",
        "features",
        "CAM",
        "multiply-adds",
        "top-1",
        "in paper's source",
        "weights",
        "cut after",
    )
    body = [
        (
            entry.model,
            f"{entry.parameters:,}",
            "" if entry.paper_parameters_millions is None else f"{entry.paper_parameters_millions:.3f}M",
            f"{entry.times_smaller:.2f}" if entry.cut_at else "",
            "" if entry.paper_times_smaller is None else f"{entry.paper_times_smaller:.1f}",
            str(entry.features),
            entry.cam_grid,
            "" if entry.multiply_adds is None else f"{entry.multiply_adds / 1e9:.2f}G",
            "" if entry.imagenet_top1 is None else f"{entry.imagenet_top1:.2f}",
            ""
            if entry.paper_imagenet_top1 is None
            else f"{entry.paper_imagenet_top1:.2f} {entry.paper_imagenet_top1_source}",
            entry.weights.replace("imagenet (keras)", "imagenet") or "none",
            entry.cut_at or "",
        )
        for entry in counted
    ]
    widths = [max(len(line[column]) for line in (head, *body)) for column in range(len(head))]
    left = {0, 9, 10, 11}
    lines = [
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in (head, *body)
    ]
    notes = [
        f"{', '.join(entry.model for entry in counted if entry.note == note)}: {note}"
        for note in dict.fromkeys(entry.note for entry in counted if entry.note)
    ]
    about = (
        f"{OUTPUTS} outputs, {SIDE}×{SIDE} pixels; smaller: the paper's count of the whole network over parameters; "
        "top-1: of what --weights=imagenet loads, and in the package from which the paper took the network"
    )
    return "\n".join([*lines, "", about, *notes]) + "\n"
