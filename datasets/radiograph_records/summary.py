"""What a prepared data set holds, counted: for people as text, for programs as JSON."""

import collections
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .row import LABEL_VALUES, PROJECTIONS, SEXES, VIEWS, Row

INTENSITIES = 256
_UNKNOWN = {
    ("views", "unknown"): "view unknown",
    ("projections", "none"): "no projection",
    ("sexes", "unknown"): "sex unknown",
}


def pixel_statistics(counts: np.ndarray, images: int) -> dict[str, Any]:
    """Mean and standard deviation over all pixels of `images` images, from how often each intensity occurs."""
    total = int(counts.sum())
    if not total:
        return {"mean": None, "standard_deviation": None, "images_measured": 0}
    intensities = np.arange(INTENSITIES)
    mean = float(counts @ intensities / total)
    variance = float(counts @ (intensities - mean) ** 2 / total)
    return {"mean": mean, "standard_deviation": variance**0.5, "images_measured": images}


def split_summary(rows: Sequence[Row], label_names: Sequence[str], pixels: dict[str, Any]) -> dict[str, Any]:
    labels = np.array([row.labels for row in rows], np.int8).reshape(len(rows), len(label_names))
    return {
        "images": len(rows),
        "patients": len({row.patient for row in rows}),
        "studies": len({(row.patient, row.study) for row in rows}),
        "views": _counts(VIEWS, [row.view for row in rows]),
        "projections": _counts(PROJECTIONS, [row.projection for row in rows]),
        "sexes": _counts(SEXES, [row.sex for row in rows]),
        "labels": {
            name: {meaning: int((labels[:, place] == value).sum()) for value, meaning in LABEL_VALUES.items()}
            for place, name in enumerate(label_names)
        },
        "pixels": pixels,
    }


def _counts(names: Sequence[str], places: Sequence[int]) -> dict[str, int]:
    counted = collections.Counter(places)
    return {name: counted[place] for place, name in enumerate(names) if counted[place]}


def render(summary: Mapping[str, Any]) -> str:
    """The same as a text of a few tables."""
    splits: Mapping[str, Mapping[str, Any]] = summary["splits"]
    lines = [f"{summary['name']}: {summary['source']['layout']} from {summary['source']['folder']}", ""]
    rows = [["", *splits]]
    for what in ("images", "patients", "studies"):
        rows.append([what, *(f"{split[what]:,}" for split in splits.values())])
    for group in ("views", "projections", "sexes"):
        for name in dict.fromkeys(name for split in splits.values() for name in split[group]):
            shown = _UNKNOWN.get((group, name), name)
            rows.append([shown, *(f"{split[group].get(name, 0):,}" for split in splits.values())])
    for what, shown in (("mean", "pixel mean (0 to 255)"), ("standard_deviation", "pixel standard deviation")):
        values = [split["pixels"][what] for split in splits.values()]
        rows.append([shown, *("not measured" if value is None else f"{value:.2f}" for value in values)])
    if any(split["pixels"]["images_measured"] != split["images"] for split in splits.values()):
        rows.append(["pixels measured on", *(f"{split['pixels']['images_measured']:,}" for split in splits.values())])
    lines += _table(rows)
    for name, split in splits.items():
        head = [f"labels in {name}", *LABEL_VALUES.values()]
        body = [[label, *(f"{count:,}" for count in values.values())] for label, values in split["labels"].items()]
        lines += ["", *_table([head, *body])]
    lines += ["", *(f"{images:,} images: {doubt}" for doubt, images in sorted(summary["doubts"].items()))]
    lines.append(_closing(summary))
    return "\n".join(lines) + "\n"


def _closing(summary: Mapping[str, Any]) -> str:
    images = sum(split["images"] for split in summary["splits"].values())
    rate = f"{images:,} images in {summary['seconds']:.1f} s, {summary['images_a_second']:,.0f} a second"
    left_out, missing = summary["quarantined"], summary["missing"]
    rate += f"; {left_out:,} bad images left out, listed in quarantine.csv" if left_out else ""
    return rate + (f"; {missing:,} listed without an image, left out, see missing.csv" if missing else "")


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
