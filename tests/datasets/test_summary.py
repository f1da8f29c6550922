"""Sums with hand-computed answers."""

import json

import numpy as np
from chex_tf_datasets.radiograph_records.preparing import Seen
from chex_tf_datasets.radiograph_records.row import Row
from chex_tf_datasets.radiograph_records.summary import pixel_statistics, render, split_summary


def row(patient, study, view, sex, labels):
    return Row("", "", "", 1, patient, study, view, 4, sex, -1, labels)


ROWS = [
    row("patient1", "study1", 0, 0, (1, -2)),
    row("patient1", "study1", 1, 0, (1, -2)),
    row("patient1", "study2", 0, 0, (0, -1)),
    row("patient2", "study1", 2, 2, (0, -1)),
]


def test_mean_and_deviation_of_two_intensities():
    counts = np.zeros(256, np.int64)
    counts[[10, 20]] = [3, 1]  # mean 12.5, squares 6.25 three times and 56.25 once
    assert pixel_statistics(counts, 2) == {
        "mean": 12.5,
        "standard_deviation": 18.75**0.5,
        "images_measured": 2,
    }


def test_nothing_measured_is_no_zero():
    assert pixel_statistics(np.zeros(256, np.int64), 0)["mean"] is None


def test_counts():
    summary = split_summary(ROWS, ("Edema", "Fracture"), pixel_statistics(np.eye(1, 256)[0].astype(int), 4))
    assert (summary["images"], summary["patients"], summary["studies"]) == (4, 2, 3)
    assert summary["views"] == {"frontal": 2, "lateral": 1, "unknown": 1}
    assert summary["sexes"] == {"female": 3, "unknown": 1}
    assert summary["labels"] == {
        "Edema": {"positive": 2, "negative": 2, "uncertain": 0, "not mentioned": 0},
        "Fracture": {"positive": 0, "negative": 0, "uncertain": 2, "not mentioned": 2},
    }


def test_the_text_has_a_column_a_split_and_says_what_was_not_measured():
    counts = np.zeros(256, np.int64)
    counts[[10, 20]] = [3, 1]
    text = render(
        {
            "name": "some/config/1.0.0",
            "source": {"layout": "CheXpert small", "folder": "/there"},
            "splits": {
                "train": split_summary(ROWS, ("Edema", "Fracture"), pixel_statistics(counts, 2)),
                "valid": split_summary(ROWS[:1], ("Edema", "Fracture"), pixel_statistics(counts * 0, 0)),
            },
            "quarantined": 1,
            "doubts": {"it has no window": 2},
            "missing": 2,
            "seconds": 2.0,
            "images_a_second": 2.5,
        }
    )
    lines = {line.split("  ")[0].strip(): line.split() for line in text.splitlines() if line}
    assert lines["images"][-2:] == ["4", "1"]
    assert lines["lateral"][-2:] == ["1", "0"]
    assert lines["view unknown"][-2:] == ["1", "0"]
    assert lines["sex unknown"][-2:] == ["1", "0"]
    assert lines["pixel mean (0 to 255)"][-3:] == ["12.50", "not", "measured"]
    assert lines["pixels measured on"][-2:] == ["2", "0"]
    assert "2 images: it has no window" in text.splitlines()
    assert "5 images in 2.0 s, 2 a second; 1 bad images left out, listed in quarantine.csv" in text
    assert text.endswith("quarantine.csv; 2 listed without an image, left out, see missing.csv\n")


def test_what_was_seen_adds_up_and_comes_back_from_json():
    """Workers of Beam hand it over as a file."""
    one, other = Seen(), Seen(measured=2, bad=[("key", "path", "file", "reason")])
    one.doubts.update(["no window"])
    other.counts[7] = 3
    other.doubts.update(["no window", "no modality"])
    one.add(other)
    back = Seen.from_json(json.loads(json.dumps(one.to_json())))
    assert back.doubts == {"no window": 2, "no modality": 1}
    assert (back.counts[7], back.counts.sum(), back.measured) == (3, 3, 2)
    assert back.bad == [("key", "path", "file", "reason")]
