"""The counted catalogue as table, CSV and JSON."""

import csv
import importlib.metadata
import io
import json
import pathlib

import pytest

from chex_tf.models import catalogue, kept_counts, zoo


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
    assert (tiny.cam_grid, tiny.times_smaller, tiny.imagenet_top1, tiny.weights) == ("20x20", 1.0, None, "")
    assert (cut.parameters, cut.times_smaller, cut.cut_at) == (158_414, 73.794, "conv2_block2_out")
    assert (whole.paper_parameters_millions, whole.imagenet_top1, whole.paper_imagenet_top1) == (11.690, 69.76, 69.76)
    assert (cut.imagenet_top1, cut.paper_imagenet_top1, cut.weights_imagenet_top1) == (None, None, "")


def test_each_accuracy_is_of_one_network_and_says_which() -> None:
    """Keras' DenseNet121 has 75.0 (keras.io), timm's copy of torchvision's file 74.76, torchvision's table 74.65."""
    made_up = kept_counts.Counts(7, 8, "9x9", None)
    dense = zoo.as_entry(catalogue.row("DenseNet121"), made_up)
    assert (dense.imagenet_top1, dense.paper_imagenet_top1) == (75.0, 74.65)
    assert dense.weights_imagenet_top1 == "imagenet=75.0; timm/densenet121.tv_in1k=74.76"
    # The paper's ResNets: torchvision's 76.15 and 77.37, in timm's files 76.13 and 77.38; Caffe's 74.9 in Keras'.
    for name, expected in (
        ("ResNet50", (76.13, 76.15, "torchvision")),
        ("ResNet101", (77.38, 77.37, "torchvision")),
        ("ResNet50Keras", (74.9, None, "")),
    ):
        found = zoo.as_entry(catalogue.row(name), made_up)
        assert (found.imagenet_top1, found.paper_imagenet_top1, found.paper_imagenet_top1_source) == expected


def test_csv(counted: list[zoo.Entry]) -> None:
    rows = list(csv.DictReader(io.StringIO(zoo.as_csv(counted))))
    assert ",".join(rows[0]) == (
        "model,family,parameters,paper_parameters_millions,times_smaller,features,cam_grid,multiply_adds,imagenet_top1,"
        "paper_imagenet_top1,weights,weights_imagenet_top1"
    )
    assert rows[0]["paper_parameters_millions"] == rows[0]["imagenet_top1"] == ""
    assert rows[2]["parameters"] == "11183694"
    assert rows[2]["weights_imagenet_top1"] == "imagenet=69.76"


def test_json(counted: list[zoo.Entry]) -> None:
    rows = json.loads(zoo.as_json(counted))
    assert [row["model"] for row in rows] == ["CBR-Tiny", "ResNet18Minus3", "ResNet18"]
    assert rows[1]["paper_times_smaller"] == 73.8
    assert rows[2]["batch_normalisation"] == {"momentum": 0.9, "epsilon": 1e-5}
    assert [(known["licence"], known["side"]) for known in rows[2]["checkpoints"]] == [("BSD-3-Clause", 224)]


def test_table(counted: list[zoo.Entry]) -> None:
    def aligned(header, rows, left, breaks):
        assert (left, max(breaks) < len(header)) == (1, True)
        return "\n".join("  ".join(row) for row in (header, *rows))

    lines = zoo.as_table(counted, aligned).splitlines()
    assert lines[0].split()[:4] == ["model", "parameters", "in", "paper"]
    assert "11,183,694" in lines[3]
    assert "11.690M" in lines[3]
    assert "69.76  69.76 torchvision" in lines[3]
    assert "weights of CBR-Tiny: none" in lines
    assert any(line.startswith("weights of ResNet18Minus3, ResNet18: imagenet (hub)") for line in lines)
    assert lines[-1] == "ResNet18: the paper's count is for 1000 outputs"
    assert max(map(len, lines[5:])) <= 80


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
