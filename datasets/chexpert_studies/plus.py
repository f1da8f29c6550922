"""CheXpert Plus: one table of reports and descriptions, labels in JSON lines beside it, images as PNG."""

import json
import math
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from chex_tf_datasets.radiograph_records.errors import SourceError
from chex_tf_datasets.radiograph_records.missing import Missing
from chex_tf_datasets.radiograph_records.row import NEGATIVE, NOT_MENTIONED, POSITIVE, UNCERTAIN
from chex_tf_datasets.radiograph_records.source import Source, complete
from chex_tf_datasets.radiograph_records.survey import Survey
from chex_tf_datasets.radiograph_records.tables import Table

from .paths import Locator, parse_image
from .rows import Columns, Rows, each_line

COLUMNS = Columns(sex="sex", age="age", view="frontal_lateral", projection="ap_pa")
# Value of `labels` -> the file with the labels that CheXbert read from that part of the report.
PLUS_LABELS = {"report": "report_fixed.json", "impression": "impression_fixed.json", "findings": "findings_fixed.json"}
_PATH = "path_to_image"
_SPLITS = ("train", "valid", "test")


def is_plus(found: Survey) -> bool:
    return _tables(found) != []


def read_plus(
    found: Survey, labels_name: str, label_names: Sequence[str], aliases: Mapping[str, str], missing_images: str
) -> Source:
    files = _tables(found)
    if len(files) > 1:
        raise SourceError(f"{found.root}: expected one df_chexpert_plus table; received {files[0]} and {files[1]}")
    file = found.root / files[0]
    labels_file = _labels_file(found, labels_name)
    labels = _read_labels(labels_file, label_names, aliases)
    table = Table(file, (_PATH,), ("split", *COLUMNS.names))
    missing = Missing()
    rows = Rows(table, COLUMNS, Locator(found), missing)

    def use(line: int, cells: dict[str, str]) -> None:
        path = cells[_PATH]
        parsed = parse_image(path)
        split = cells.get("split", "") or path.split("/")[0]
        if split not in _SPLITS:
            raise ValueError(f"column 'split': expected {', '.join(_SPLITS)}; received {split[:80]!r}")
        if parsed.without_suffix not in labels:
            raise ValueError(f"expected labels of {path} in {labels_file.name}; received none")
        rows.add(split, line, cells, [(path, parsed)], labels[parsed.without_suffix])

    each_line(table, use)
    note = f"labels from {labels_file.name}; --labels takes {', '.join(PLUS_LABELS)}"
    ordered = {split: rows.of_split[split] for split in _SPLITS if split in rows.of_split}
    source = Source("CheXpert Plus", found.root, (file, labels_file), ordered, (note,))
    return complete(source, missing, missing_images)


def _tables(found: Survey) -> list[str]:
    named = [places for name, places in found.files.items() if name.startswith("df_chexpert_plus")]
    return sorted(place for places in named for place in places if place.lower().endswith(".csv"))


def _labels_file(found: Survey, labels_name: str) -> pathlib.Path:
    if labels_name != "source" and labels_name not in PLUS_LABELS:
        raise SourceError(f"labels: expected {', '.join(PLUS_LABELS)} or source; received {labels_name!r}")
    names = list(PLUS_LABELS.values()) if labels_name == "source" else [PLUS_LABELS[labels_name]]
    there = [file for name in names if (file := found.file(name))]
    if not there:
        raise SourceError(f"{found.root}: expected {' or '.join(names)} in it or below; unpack chexbert_labels there")
    return there[0]


def _read_labels(
    file: pathlib.Path, label_names: Sequence[str], aliases: Mapping[str, str]
) -> dict[str, tuple[int, ...]]:
    """patient/study/view -> the label values."""
    labels: dict[str, tuple[int, ...]] = {}
    try:
        with open(file, encoding="utf-8-sig") as lines:
            for line, text in enumerate(lines, start=1):
                if text.strip():
                    try:
                        key, values = _label_line(json.loads(text), label_names, aliases)
                    except (ValueError, RecursionError) as error:
                        raise SourceError(f"{file}, line {line}: {error}") from error
                    if labels.setdefault(key, values) != values:
                        raise SourceError(f"{file}, line {line}: expected one set of labels; received another of {key}")
    except UnicodeDecodeError as error:
        raise SourceError(f"{file}: expected UTF-8 text; {error.reason}") from error
    return labels


def _label_line(entry: Any, label_names: Sequence[str], aliases: Mapping[str, str]) -> tuple[str, tuple[int, ...]]:
    if not isinstance(entry, dict) or not isinstance(entry.get(_PATH), str):
        raise ValueError(f"expected one JSON object a line with {_PATH!r}; received {str(entry)[:80]}")
    by_name = {aliases.get(name, name): value for name, value in entry.items()}
    missing = [name for name in label_names if name not in by_name]
    if missing:
        raise ValueError(f"expected a value of {missing[0]!r}; received none")
    return parse_image(entry[_PATH]).without_suffix, tuple(_value(name, by_name[name]) for name in label_names)


def _value(name: str, value: Any) -> int:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return NOT_MENTIONED
    if isinstance(value, bool) or value not in (POSITIVE, NEGATIVE, UNCERTAIN):
        raise ValueError(f"{name}: expected 1.0, 0.0, -1.0 or null; received {value!r}")
    return int(value)
