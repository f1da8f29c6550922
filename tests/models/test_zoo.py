"""The counted catalogue as table, CSV and JSON."""

import csv
import importlib.metadata
import io
import json
import pathlib

import pytest

from chex_tf.models import kept_counts, zoo


@pytest.fixture(scope="module")
def counted() -> list[zoo.Entry]:
    told: list[tuple[int, int]] = []
    found = zoo.entries(["CBR-Tiny", "ResNet18Minus3", "ResNet18"], lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    return found


def test_numbers_are_counted(counted: list[zoo.Entry]) -> None:
    """CBR-Tiny: 5×5 kernels 3-32-64-128-256, two numbers a channel of batch normalisation, 14 outputs."""
    tiny, cut, whole = counted
    kernels = 25 * (3 * 32 + 32 * 64 + 64 * 128 + 128 * 256)
    assert tiny.parameters == kernels + 2 * (32 + 64 + 128 + 256) + 14 * 257
    places = (320**2, 160**2, 80**2, 40**2)
    widths = (3, 32, 64, 128, 256)
    assert tiny.multiply_adds == 14 * 256 + sum(
        25 * before * after * place for before, after, place in zip(widths, widths[1:], places, strict=False)
    )
    assert (tiny.cam_grid, tiny.times_smaller, tiny.imagenet_top1) == ("20x20", 1.0, None)
    assert (cut.parameters, cut.times_smaller, cut.cut_at) == (158_414, 73.794, "conv2_block2_out")
    assert (whole.paper_parameters_millions, whole.imagenet_top1) == (11.690, 69.76)


def test_csv(counted: list[zoo.Entry]) -> None:
    rows = list(csv.DictReader(io.StringIO(zoo.as_csv(counted))))
    assert ",".join(rows[0]) == (
        "model,family,parameters,paper_parameters_millions,times_smaller,features,cam_grid,multiply_adds,imagenet_top1,weights"
    )
    assert rows[0]["paper_parameters_millions"] == rows[0]["imagenet_top1"] == ""
    assert rows[2]["parameters"] == "11183694"


def test_json(counted: list[zoo.Entry]) -> None:
    rows = json.loads(zoo.as_json(counted))
    assert [row["model"] for row in rows] == ["CBR-Tiny", "ResNet18Minus3", "ResNet18"]
    assert rows[1]["paper_times_smaller"] == 73.8
    assert rows[2]["batch_normalisation"] == {"momentum": 0.9, "epsilon": 1e-5}
    assert [(known["licence"], known["side"]) for known in rows[2]["checkpoints"]] == [("BSD-3-Clause", 224)]


def test_table(counted: list[zoo.Entry]) -> None:
    lines = zoo.as_table(counted).splitlines()
    assert lines[0].split()[:4] == ["model", "parameters", "in", "paper"]
    assert "11,183,694" in lines[3]
    assert "11.690M" in lines[3]
    assert lines[-1] == "ResNet18: the paper's count is for 1000 outputs"


def test_counts_are_kept_for_these_sources_and_versions(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    before = kept_counts.place()
    assert before.parent == tmp_path / "chex_tf"
    assert kept_counts.place() == before
    monkeypatch.setattr(importlib.metadata, "version", lambda package: "99")
    assert kept_counts.place() != before

    made_up = kept_counts.Counts(7, 8, "9x9", None)
    kept_counts.write(before, {"ResNet18": made_up})
    (entry,) = zoo.entries(["ResNet18"], kept=before)
    assert (entry.parameters, entry.features, entry.cam_grid, entry.multiply_adds) == (7, 8, "9x9", None)
    before.write_text("half a fi")
    assert kept_counts.read(before) == {}
    blocked = tmp_path / "file" / "x.json"
    blocked.parent.write_text("")
    kept_counts.write(blocked, {"ResNet18": made_up})
    assert kept_counts.read(blocked) == {}
