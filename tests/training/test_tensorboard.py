"""TensorBoard itself is started on what was written, and asked over HTTP."""

import json
import pathlib
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from typing import Any

import numpy as np
import pytest

from chex_tf.training import tensorboard
from chex_tf.training.tensorboard import TensorBoard


class Server:
    def __init__(self, folder: pathlib.Path) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tensorboard.main",
                f"--logdir={folder}",
                "--port=0",
                "--host=127.0.0.1",
                "--load_fast=false",
                "--reload_interval=1",
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                self.address = found[0]
                break
        else:
            raise AssertionError("TensorBoard did not say where it listens")

    def ask(self, path: str, content: Any = None, **query: str) -> Any:
        url = f"{self.address}/data/{path}?{urllib.parse.urlencode(query)}"
        body = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def wait_for(self, runs: set[str]) -> None:
        end = time.monotonic() + 60
        while not runs <= set(self.ask("runs")):
            assert time.monotonic() < end, self.ask("runs")
            time.sleep(0.2)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("boards")
    generator = np.random.default_rng(0)
    for name, rate in (("slow", 0.001), ("fast", 0.1)):
        settings = {"learning_rate": rate, "arch": "CBR-Tiny", "clip_norm": None}
        board = TensorBoard(folder / name, settings, 0, "auroc", "AUROC")
        board.images(0, "inputs", generator.integers(0, 256, (3, 8, 8, 1)))
        for step in (10, 20, 30):
            board.scalars(step, {"train/loss": rate * step, "validation/best_auroc": 0.5 + rate, "empty": float("nan")})
        board.precision_recall(30, "Edema", np.array([1, 0, np.nan, 1]), np.array([0.9, 0.2, 0.5, 0.4]))
        board.finish(succeeded=True)
    # "slow" was killed at step 30 and goes on from 10. Event files are read in the order of the seconds in their names.
    time.sleep(1.1)
    again = TensorBoard(folder / "slow", {"learning_rate": 0.001, "arch": "CBR-Tiny"}, 10, "auroc", "AUROC")
    again.scalars(20, {"train/loss": 7.0})
    again.finish(succeeded=True)
    found = Server(folder)
    found.wait_for({"slow", "fast"})
    yield found
    found.process.terminate()
    found.process.communicate(timeout=20)


def points(server, run, tag):
    return [(step, round(value, 6)) for _, step, value in server.ask("plugin/scalars/scalars", run=run, tag=tag)]


@pytest.mark.slow
def test_curves(server):
    assert points(server, "fast", "train/loss") == [(10, 1.0), (20, 2.0), (30, 3.0)]
    assert set(server.ask("plugin/scalars/tags")["fast"]) == {"train/loss", "validation/best_auroc"}


@pytest.mark.slow
def test_points_beyond_the_step_gone_on_from_are_gone(server):
    assert points(server, "slow", "train/loss") == [(10, 0.01), (20, 7.0)]


@pytest.mark.slow
def test_images_and_precision_recall(server):
    assert "inputs" in server.ask("plugin/images/tags")["fast"]
    (curve,) = server.ask("plugin/pr_curves/pr_curves", run="fast", tag="precision_recall/Edema/pr_curves")["fast"]
    assert curve["step"] == 30
    # Thresholds from high to low or low to high: at 0 everything is called, 2 of 3 rightly.
    everything = int(np.argmax(curve["recall"]))
    assert max(curve["recall"]) == 1.0
    assert min(curve["precision"]) == pytest.approx(2 / 3, abs=1e-6)
    assert curve["true_positives"][everything] == 2


@pytest.mark.slow
def test_the_hparams_tab_compares_the_runs(server):
    experiment = server.ask("plugin/hparams/experiment", {"experimentName": ""})
    assert {info["name"] for info in experiment["hparamInfos"]} == {"learning_rate", "arch"}
    asked = {
        "experimentName": "",
        "allowedStatuses": ["STATUS_SUCCESS", "STATUS_RUNNING", "STATUS_UNKNOWN"],
        "colParams": [{"metric": {"group": "", "tag": "validation/best_auroc"}, "order": "ORDER_DESC"}],
        "startIndex": 0,
        "sliceSize": 10,
    }
    groups = server.ask("plugin/hparams/session_groups", asked)["sessionGroups"]
    ranked = [(group["hparams"]["learning_rate"], round(group["metricValues"][0]["value"], 3)) for group in groups]
    assert ranked == [(0.1, 0.6), (0.001, 0.501)]


def test_precision_recall_by_hand():
    counts = tensorboard.precision_recall_counts(np.array([True, False, True]), np.array([0.9, 0.5, 0.3]))
    true, false, spared, missed, precision, recall = (values[40] for values in counts)  # at 0.4
    assert (true, false, spared, missed, precision, recall) == (1, 1, 0, 1, 0.5, 0.5)
