"""Runs through `python -m launch.pretrain`: killed and begun again, on replicas, collapsed, and handed over."""

import csv
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLAGS = (
    *("--arch=ResNet18Minus3", "--image_size=64", "--crop_from=72", "--batch=8", "--evaluate_unit=steps"),
    *("--flip=0.5", "--rotation=10", "--brightness=0.1", "--contrast=0.1", "--notensorboard"),
)
TWINS = (*FLAGS, "--objective=barlow_twins", "--projector=16,16", "--optimizer=lars", "--learning_rate=0.2")


def begun(verb, *flags):
    return subprocess.Popen(
        [sys.executable, "-m", f"launch.{verb}", *flags],
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def done(verb, *flags):
    process = begun(verb, *flags)
    out, err = process.communicate(timeout=600)
    return process.returncode, out, err


def rows(run_dir):
    with open(run_dir / "metrics.csv", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def twins(prepared, tmp_path_factory):
    """A run of six steps, undisturbed."""
    run_dir = tmp_path_factory.mktemp("twins") / "run"
    flags = (f"--data={prepared}", *TWINS, "--steps=6", "--evaluate_every=2", "--deterministic")
    code, _, err = done("pretrain", *flags, f"--run_dir={run_dir}")
    assert code == 0, err[-3000:]
    assert "second view: of the same image\nvalidation: the first " in err
    # Both views pass through the network: 12 updates of momentum 0.9 leave 28% of the start, six would leave 53%.
    assert "moving statistics" not in err
    return run_dir, flags


@pytest.mark.slow
def test_terms_and_health_are_columns_and_the_best_has_the_lowest_loss(twins):
    run_dir, _ = twins
    found = rows(run_dir)
    assert [int(row["step"]) for row in found] == [2, 4, 6]
    for row in found:
        loss = float(row["diagonal"]) + 0.0051 * float(row["off_diagonal"])
        assert float(row["validation_loss"]) == pytest.approx(loss, rel=1e-5) == -float(row["negative_loss"])
        assert 1 <= float(row["effective_rank"]) <= 16
        assert float(row["embedding_deviation"]) >= float(row["embedding_least_deviation"]) > 0
    status = json.loads((run_dir / "status.json").read_text())
    assert status["best_negative_loss"] == max(float(row["negative_loss"]) for row in found)


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["barlow_twins", "vicreg"])
def test_half_precision_begins_with_about_the_same_loss(prepared, tmp_path, objective):
    """Embeddings and statistics stay float32: only the maps below are rounded, to 8 or 11 bits."""
    found = {}
    for precision in ("float32", "mixed_bfloat16", "mixed_float16"):
        run_dir = tmp_path / precision
        flags = (*TWINS, f"--objective={objective}", "--steps=1", "--evaluate_every=1", "--batch=16")
        given = (f"--data={prepared}", *flags, f"--precision={precision}", f"--run_dir={run_dir}")
        code, _, err = done("pretrain", *given)
        assert code == 0, err[-3000:]
        found[precision] = float(rows(run_dir)[0]["train_loss"])
    assert found["mixed_bfloat16"] != found["float32"]
    assert found["mixed_bfloat16"] == pytest.approx(found["float32"], rel=0.05)
    assert found["mixed_float16"] == pytest.approx(found["float32"], rel=0.01)


@pytest.mark.slow
def test_a_killed_run_ends_as_if_nobody_had_touched_it(twins, tmp_path):
    run_dir, flags = twins
    process = begun("pretrain", *flags, f"--run_dir={tmp_path / 'run'}")
    index, end = tmp_path / "run" / "checkpoints" / "index.json", time.monotonic() + 300
    while not index.is_file() or not json.loads(index.read_text())["states"]:
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    code, _, err = done("pretrain", *flags, f"--run_dir={tmp_path / 'run'}")
    assert code == 0, err[-3000:]
    assert "continuing from step" in err
    assert (tmp_path / "run" / "metrics.csv").read_bytes() == (run_dir / "metrics.csv").read_bytes()


@pytest.mark.slow
def test_the_encoder_is_handed_over_to_heads_and_truncations(twins, prepared, tmp_path):
    run_dir, _ = twins
    shared = (f"--data={prepared}", "--image_size=64", "--batch=8", "--dry_run", f"--weights={run_dir}")
    cut = "--truncate_at=conv2_block1_out"
    code, plan, err = done("train", *shared, "--arch=ResNet18Minus3", cut, f"--run_dir={tmp_path / 'a'}")
    assert code == 0, err[-3000:]
    assert "which learned barlow_twins" in plan
    assert "pretrained (conv1_conv to conv2_block1_" in plan
    code, _, err = done("train", *shared, "--arch=ResNet34", f"--run_dir={tmp_path / 'b'}")
    assert code == 2
    assert "holds weights of ResNet18Minus3; received --arch=ResNet34" in err
    film = tmp_path / "film.png"
    film.write_bytes(b"never read")
    for verb, flags in {
        "evaluate": ("--split=test",),
        "predict": (str(film),),
        "explain": (f"--out={tmp_path}",),
    }.items():
        code, _, err = done(verb, f"--run_dir={run_dir}", *flags)
        assert code == 2
        assert "learned barlow_twins alone and predicts no observation" in err, verb


@pytest.mark.slow
def test_a_collapse_stops_the_run_and_says_what_fell(prepared, tmp_path):
    """Nine tenths of every weight decay at each step: soon all films have the same embedding."""
    flags = (*FLAGS, "--objective=vicreg", "--projector=16,16", "--optimizer=sgd", "--learning_rate=1e-4")
    more = ("--variance_weight=0", "--covariance_weight=0", "--weight_decay=9000", "--steps=40", "--evaluate_every=1")
    code, _, err = done("pretrain", f"--data={prepared}", *flags, *more, f"--run_dir={tmp_path / 'run'}")
    assert code == 1, err[-3000:]
    assert "pretrain: collapsed at step" in err.splitlines()[-1]
    assert "fell to" in err.splitlines()[-1]
    assert json.loads((tmp_path / "run" / "status.json").read_text())["state"] == "failed"


@pytest.mark.slow
def test_view_prediction_is_a_run_of_the_observations_objective(prepared, tmp_path):
    code, _, err = done(
        "pretrain", f"--data={prepared}", *FLAGS, "--objective=view", "--steps=2", f"--run_dir={tmp_path / 'run'}"
    )
    assert code == 0, err[-3000:]
    assert "--objective=view: --observations_weight=0 --view_weight=1" in err
    assert "note: projection is not learned: all" in err
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["observations"]["observations_weight"] == 0
    assert config["heads"]["extra"] == ["view"]
    assert "pretraining" not in config
