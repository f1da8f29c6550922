"""The tables of docs/models.md, from the rows alone: how each whole network begins, and its released weights."""

from collections.abc import Sequence

from chex_tf.models.rows import INITIALISER_WORDS, BatchNormalisation, Row


def tables(rows: Sequence[Row]) -> str:
    whole = [row for row in rows if row.base is None]
    return f"{_beginnings(whole)}\n{_checkpoints([row for row in whole if row.is_released])}"


def _beginnings(rows: Sequence[Row]) -> str:
    head = ("model", "keras: convolutions", "momentum, epsilon", "paper: convolutions", "momentum, epsilon", "from")
    body = []
    for row in rows:
        original = row.original
        body.append(
            (
                row.name,
                "; ".join(INITIALISER_WORDS[kind] for kind in row.initialisers),
                _numbers(row.batch_normalisation),
                "not known, refused" if original is None else INITIALISER_WORDS[original.initialiser],
                "" if original is None else _numbers(original.batch_normalisation),
                "" if original is None else original.source,
            )
        )
    return _table(head, body)


def _checkpoints(rows: Sequence[Row]) -> str:
    head = ("model", "--weights=", "file", "normalisation", "top-1", "in the paper's source")
    body = []
    for row in rows:
        paper = f"{row.imagenet_top1[0][1]:.2f} ({row.imagenet_top1[0][0]})" if row.imagenet_top1 else ""
        for number, one in enumerate(row.checkpoints):
            top1 = "" if one.imagenet_top1 is None else f"{one.imagenet_top1:.2f}"
            named = row.name if number == 0 else ""
            body.append((named, one.name, f"{one.source}: {one.file}", one.expects, top1, paper if number == 0 else ""))
    return _table(head, body)


def _numbers(found: BatchNormalisation | None) -> str:
    return "none" if found is None else f"{found.momentum:g}, {found.epsilon:g}"


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
