"""Writes what the probes found: probe.json, tables as CSV, and every test film's scores as predictions files."""

import dataclasses
import json
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chex_tf.csv_text import csv_text
from chex_tf.evaluation import evaluation_json, pools_json
from chex_tf.evaluation.json_numbers import number
from chex_tf.files import write_text
from chex_tf.prediction_files import Table
from chex_tf.probing.films import TEST, TRAIN, VALIDATION
from chex_tf.probing.probing import Found, Probed
from chex_tf.probing.table import estimates

SHORTCUTS = "shortcuts"


def write(folder: pathlib.Path, found: Found, about: Mapping[str, Any]) -> list[str]:
    """The names of what was written; `about` is what is known of the features and films beside."""
    probed = {one.kind: one for one in found.probes} | ({SHORTCUTS: found.shortcuts} if found.shortcuts else {})
    for kind, one in probed.items():
        _write_table(folder / "predictions" / f"{kind}_labels.csv", one.answers.truth())
        for name in one.answers.scores:
            _write_table(folder / "predictions" / f"{kind}_{file_name(name)}.csv", one.answers.table(name))
    written = ["predictions/", "auroc.csv", "differences.csv"]
    _write_rows(folder / "auroc.csv", _AUROC, (row for kind, one in probed.items() for row in _aurocs(kind, one)))
    _write_rows(folder / "differences.csv", _DIFFERENCE, [*_differences(probed), *_differences_of_curve(found)])
    if found.curve:
        _write_rows(folder / "few_labels.csv", _CURVE, _curve(found))
        written.append("few_labels.csv")
    text = json.dumps(_json(found, probed, about), indent=1, allow_nan=False, ensure_ascii=False)
    write_text(folder / "probe.json", text + "\n")
    return ["probe.json", *written]


def file_name(name: str) -> str:
    return name.replace("/", "-")


_AUROC = ("probe", "features", "task", "positives", "negatives", "auroc", "low", "high", "chosen", "reason")
_DIFFERENCE = ("probe", "share", "task", "a", "b", "difference", "low", "high", "p", "p_holm", "family", "significant")
_CURVE = ("features", "share", "patients", "films", "unfitted", "task", "auroc", "low", "high", "lowest", "highest")


def _aurocs(kind: str, probed: Probed) -> Iterable[Sequence[Any]]:
    evaluation = probed.evaluation
    for name in probed.answers.scores:
        for task, one in estimates(probed, name).items():
            fit = probed.fits[name].get(task)
            counts = evaluation.counts.get(task, ("", ""))
            interval = (one.value, one.interval.low, one.interval.high)
            reason = one.reason or one.interval.reason
            yield kind, name, task, *counts, *interval, "" if fit is None else fit.chosen, reason
        for task, reason in probed.left_out.items():
            yield kind, name, task, "", "", *([float("nan")] * 3), "", reason


def _differences(probed: Mapping[str, Probed]) -> Iterable[Sequence[Any]]:
    for kind, one in probed.items():
        for each in one.evaluation.differences:
            interval = (each.value, each.interval.low, each.interval.high)
            p = (each.tested_p, each.tested_p_holm, each.family, each.is_significant)
            yield kind, 100, each.task, each.a, each.b, *interval, *p


def _differences_of_curve(found: Found) -> Iterable[Sequence[Any]]:
    for point in found.curve:
        for each in point.differences:
            interval = (each.over.value, each.interval.low, each.interval.high)
            p = (each.p, each.p_holm, each.family, each.is_significant)
            yield "linear", point.share, each.task, each.a, each.b, *interval, *p


def _curve(found: Found) -> Iterable[Sequence[Any]]:
    """A row of counts holds means over the subsets."""
    for point in found.curve:
        films, unfitted = (sum(counts) / len(counts) for counts in (point.films, point.unfitted))
        for one in point.values:
            interval = (one.over.value, one.interval.low, one.interval.high, min(one.values), max(one.values))
            yield one.pool.name, point.share, point.patients, films, unfitted, one.task, *interval


def _json(found: Found, probed: Mapping[str, Probed], about: Mapping[str, Any]) -> dict[str, Any]:
    films = found.films
    return {
        "set": found.set,
        "policy": found.policy,
        "settings": found.settings.to_json(),
        "rows": {
            name: {"count": int(films.rows(role).sum()), "patients": films.patients_among(films.rows(role))}
            for name, role in (("train", TRAIN), ("validation", VALIDATION), ("test", TEST))
        },
        "features": {one.name: {"origin": one.origin, "columns": one.values.shape[1]} for one in found.sets},
        **about,
        **{
            kind: {
                **evaluation_json.as_json(one.evaluation),
                "not_probed": dict(one.left_out),
                "chosen": {
                    name: {task: number(fit.chosen) for task, fit in fits.items()} for name, fits in one.fits.items()
                },
            }
            for kind, one in probed.items()
        },
        "few_labels": [
            {
                "share": point.share,
                "patients": point.patients,
                "films": list(point.films),
                "unfitted": list(point.unfitted),
                "pools": pools_json.pools(dataclasses.replace(point.evaluation.pooled, values=point.values)),
                "differences": [
                    dict(zip(_DIFFERENCE, map(_plain, row), strict=True))
                    for row in _differences_of_curve(found)
                    if row[1] == point.share
                ],
            }
            for point in found.curve
        ],
    }


def _plain(value: Any) -> Any:
    return number(value) if isinstance(value, float) else value


def _write_table(path: pathlib.Path, table: Table) -> None:
    rows = zip(table.keys, *table.columns.values(), strict=True)
    _write_rows(path, (table.key, *table.columns), rows)


def _write_rows(path: pathlib.Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    cells = (["" if isinstance(one, float) and one != one else one for one in row] for row in rows)
    write_text(path, csv_text([header, *cells]))
