"""Writes what an audit found: audit.json, and pairs, unusual films and subgroups as CSV."""

import json
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chex_tf.audit import copies
from chex_tf.audit.auditing import Audit
from chex_tf.audit.copies import Pair
from chex_tf.audit.films import Films
from chex_tf.audit.settings import AuditSettings
from chex_tf.audit.shift import Share, Shift
from chex_tf.audit.subgroups import CLASSES
from chex_tf.csv_text import csv_text
from chex_tf.evaluation.json_numbers import number
from chex_tf.files import write_text
from chex_tf.statistics.bootstrap import Interval

_FILM = ("set", "split", "path", "patient", "study", "view")
_PAIR = ("kind", "correlation", "mirrored", "negative", "where", "whose", "contradicting_labels")


def write(folder: pathlib.Path, audit: Audit, settings: AuditSettings, about: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names of what was written; `about` says of each set its letter, name, folder and fingerprints."""
    films = audit.films
    of_both = (*(f"{name}_{which}" for which in ("a", "b") for name in _FILM),)
    _rows(folder / "pairs.csv", (*_PAIR, *of_both), (_pair(films, pair) for pair in audit.pairs))
    _rows(
        folder / "films.csv",
        ("kind", "value", *_FILM),
        ((one.kind, f"{one.value:.4f}", *_film(films, one.film)) for one in audit.unusual.films),
    )
    _rows(
        folder / "subgroups.csv",
        ("split", "variable", "group", "films", "patients", "task", *(name.replace(" ", "_") for name in CLASSES)),
        (
            (group.part, group.variable, group.name, group.films, group.patients, task, *counts)
            for group in audit.groups
            for task, counts in group.classes.items()
        ),
    )
    content = {
        "settings": settings.to_json(),
        "sets": list(about),
        "found": audit.counts(),
        "films": len(films),
        "pairs_compared_closely": audit.copies.compared,
        "films_not_compared": audit.copies.left_out,
        "views_not_judged": dict(audit.unusual.not_judged),
        "shared": [
            {
                "first": one.first,
                "second": one.second,
                "patients": one.patients,
                "studies": one.studies,
                "examples": list(one.examples),
            }
            for one in audit.shared
        ],
        "shift": None if audit.shift is None else _shift(audit.shift),
    }
    text = json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False)
    write_text(folder / "audit.json", text + "\n")
    return ["audit.json", "pairs.csv", "films.csv", "subgroups.csv"]


def _pair(films: Films, pair: Pair) -> tuple[Any, ...]:
    return (
        pair.kind,
        f"{pair.correlation:.4f}",
        int(pair.mirrored),
        int(pair.negative),
        copies.place(films, pair),
        copies.relation(films, pair),
        "; ".join(films.contradictions(pair.first, pair.second)),
        *_film(films, pair.first),
        *_film(films, pair.second),
    )


def _film(films: Films, film: int) -> tuple[str, ...]:
    part = films.part_of(film)
    names = (films.path, films.patient, films.study)
    return part.set, part.split, *(column[film].decode() for column in names), str(films.view[film])


def _shift(found: Shift) -> dict[str, Any]:
    return {
        "sources": [
            {
                "name": one.name,
                "films": one.films,
                "patients": one.patients,
                "median_age": number(one.age),
                "histogram": [round(float(share), 6) for share in one.histogram],
                "prevalence": {task: _share(share) for task, share in one.prevalence.items()},
                "subgroups": {kind: _share(share) for kind, share in one.subgroups.items()},
            }
            for one in found.sources
        ],
        "told_apart": [
            {
                "first": one.first,
                "second": one.second,
                "films": one.films,
                "auroc": number(one.auroc),
                **_interval(one.interval),
                "reason": one.reason,
            }
            for one in found.told
        ],
    }


def _share(share: Share) -> dict[str, Any]:
    return {"value": number(share.value), **_interval(share.interval), "films": share.films}


def _interval(interval: Interval) -> dict[str, float | None]:
    return {"low": number(interval.low), "high": number(interval.high)}


def _rows(path: pathlib.Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    write_text(path, csv_text([header, *rows]))
