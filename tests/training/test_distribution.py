"""Replicas and workers take the step that one device takes; bad batch sizes and missing devices are named."""

import json
import os
import pathlib
import subprocess
import sys
import types

import numpy as np
import pytest
import tensorflow as tf

from chex_tf.settings import InputError
from chex_tf.training import distribution
from chex_tf.training.settings import TrainSettings

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = pathlib.Path(__file__).with_name("take_steps.py")
SYNCHRONISED = {"synchronise_batch_norm": True}


def begin(
    out: pathlib.Path, replicas: str, changes: dict, environment: dict[str, str] | None = None
) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(out), replicas, json.dumps(changes)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", **(environment or {})},
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(*processes: subprocess.Popen) -> None:
    try:
        for process in processes:
            _, err = process.communicate(timeout=300)
            assert process.returncode == 0, err[-3000:]
    finally:
        for process in processes:
            process.kill()


@pytest.fixture(scope="module")
def replicas(tmp_path_factory):
    """Replicas -> what so many of them make of the batches."""
    out = tmp_path_factory.mktemp("replicas")
    # TensorFlow fixes the size of a group of devices for the life of a process: hence two of them.
    ended(begin(out, "1,2", SYNCHRONISED), begin(out, "4", SYNCHRONISED))
    return {count: dict(np.load(out / f"{count}.npz")) for count in (1, 2, 4)}


def assert_same_update(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=2e-4, atol=2e-6, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 4])
def test_replicas_take_the_step_of_one_device(count, replicas):
    assert_same_update(replicas[count], replicas[1])


@pytest.mark.slow
def test_replicas_take_the_step_of_deep_auc_maximisation_alike(tmp_path):
    """Two steps, of which the first ends a stage: reference points and averages are among what is compared."""
    given = {"optimizer": "pesg", "loss": "auc_margin", "epoch_decay": 0.5, "schedule": "step", "decay_epochs": [0.1]}
    ended(begin(tmp_path, "1,2", {**SYNCHRONISED, **given}))
    one, two = (dict(np.load(tmp_path / f"{count}.npz")) for count in (1, 2))
    assert {"objective/auc_margin_reference", "objective/auc_margin_average", "reference/observations/kernel"} <= {*one}
    assert (one["reference/observations/kernel"] != one["average/observations/kernel"]).any()
    assert_same_update(two, one)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [2, 3])
def test_workers_take_the_step_of_one_device(workers, replicas, tmp_path, as_workers):
    ended(*(begin(tmp_path, "1", SYNCHRONISED, environment) for environment in as_workers(workers)))
    assert_same_update(dict(np.load(tmp_path / "1.npz")), replicas[1])


def settings(**changes) -> TrainSettings:
    return TrainSettings(run_dir=pathlib.Path("unused"), **changes)


def machine_of(replicas: int) -> distribution.Machine:
    return distribution.Machine(None, 0, 1, replicas)


def test_a_batch_that_does_not_divide_is_refused_with_the_numbers():
    with pytest.raises(InputError, match=r"16 does not divide by 3 replicas; 15 or 18 would"):
        distribution.check_batch(settings(batch=16), machine_of(3))
    with pytest.raises(InputError, match=r"2 does not divide by 4 replicas; 4 would"):
        distribution.check_batch(settings(batch=2), machine_of(4))
    with pytest.raises(InputError, match=r"8 images do not divide into 3 parts"):
        distribution.check_batch(settings(batch=16, accumulate=3), machine_of(2))


def test_xla_is_for_one_replica():
    with pytest.raises(InputError, match="XLA can hang with several replicas"):
        distribution.check_batch(settings(xla=True), machine_of(2))
    distribution.check_batch(settings(xla=True), machine_of(1))


SLURM = {
    "SLURM_STEP_NUM_TASKS": "4",
    "SLURM_STEP_TASKS_PER_NODE": "2(x2)",
    "SLURM_STEP_NODELIST": "n[1-2]",
    "SLURM_NODELIST": "n[1-2]",
    "SLURM_PROCID": "3",
    "SLURM_NTASKS": "4",
    "CUDA_VISIBLE_DEVICES": "0,1",
}


def test_a_gpu_that_is_required_must_be_there():
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        pytest.skip("this machine has a GPU")
    with pytest.raises(InputError, match="expected a GPU"):
        distribution.machine(settings(require_gpu=True))


def test_multi_worker_without_a_cluster_is_refused(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(InputError, match="expected TF_CONFIG, or Slurm's environment"):
        distribution.machine(settings(strategy="multi_worker"))


def tf_config(workers=("a:1", "b:2"), task=None, **more):
    return json.dumps({"cluster": {"worker": list(workers), **more}, "task": task or {"type": "worker", "index": 0}})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{not json", "expected JSON; "),
        ("[]", r"expected an object; found \[\]"),
        ("3", "expected an object; found 3"),
        ("\udcff", "expected JSON in UTF-8"),
        ('{"cluster": []}', "cluster: expected an object"),
        ('{"cluster": {"worker": "a:1"}}', "cluster.worker: expected a list"),
        ('{"cluster": {"worker": [1, 2]}}', r"cluster.worker\[0\]: expected text; found 1"),
        ('{"cluster": {"worker": ["a:1", "b:2"]}}', "task is missing"),
        (tf_config(["a:1", "a:1"]), "expected each worker once"),
        (tf_config(["a:1", "b"]), "expected HOST:PORT for each worker; found 'b'"),
        (tf_config(["a:1", "b:0"]), "expected HOST:PORT"),
        (tf_config(["a:1", "b:99999999999999999999"]), "expected HOST:PORT"),
        (tf_config(["a:1", ":2"]), "expected HOST:PORT"),
        (tf_config(chief=["c:3"]), "expected a cluster of workers only; found chief"),
        (tf_config(ps=["c:3"]), "expected a cluster of workers only; found ps"),
        (tf_config(task={"type": "worker", "index": 2}), "task.index: expected 0 to 1; found 2"),
        (tf_config(task={"type": "worker", "index": -1}), "task.index: expected 0 to 1; found -1"),
        (tf_config(task={"type": "worker", "index": "0"}), "task.index: expected an integer"),
        (tf_config(task={"type": "worker"}), "task.index is missing"),
        (tf_config(task={"type": "evaluator", "index": 0}), "task.type: expected one of worker"),
    ],
)
def test_a_tf_config_of_another_form_is_named(monkeypatch, text, reason):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(InputError, match=f"^TF_CONFIG: {reason}") as caught:
        distribution.machine(settings())
    assert caught.value.setting == "strategy"


@pytest.mark.parametrize("text", ["{}", '{"cluster": {}}', tf_config(["a:1"])])
def test_a_tf_config_of_one_process_is_none(monkeypatch, text):
    monkeypatch.delenv("SLURM_STEP_NUM_TASKS", raising=False)
    monkeypatch.setenv("TF_CONFIG", text)
    assert distribution.cluster() is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("SLURM_STEP_NUM_TASKS", value) for value in ("x", "", "-2", "4.0", "1e9", "9" * 40, "٤")),
        *(("SLURM_STEP_TASKS_PER_NODE", value) for value in ("x", "", "2(x", "(x2)", "2(xx)")),
        ("SLURM_PROCID", "x"),
    ],
)
def test_slurms_variables_of_another_form_are_named(monkeypatch, name, value):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    for known, right in {**SLURM, name: value}.items():
        monkeypatch.setenv(known, right)
    with pytest.raises(InputError, match="SLURM_") as caught:
        distribution.cluster()
    assert caught.value.setting == "strategy"
    assert "\n" not in str(caught.value)


def test_slurms_environment_names_the_workers(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    for name, value in SLURM.items():
        monkeypatch.setenv(name, value)
    resolver = distribution.cluster()
    assert resolver is not None
    workers = resolver.cluster_spec().as_dict()["worker"]
    assert len(workers) == 4
    assert distribution.place_of(resolver) == (3, 4)


def test_who_is_gone_is_read_from_what_tensorflow_says():
    hosts = tf.train.ClusterSpec({"worker": ["one:1", "two:2", "three:3"]})
    strategy = types.SimpleNamespace(cluster_resolver=types.SimpleNamespace(cluster_spec=lambda: hosts))
    machine = distribution.Machine(strategy, 0, 3, 3)

    def said(words: str) -> str:
        with pytest.raises(distribution.WorkerLost) as raised, distribution.worker_errors(machine):
            raise tf.errors.UnavailableError(None, None, words)
        return str(raised.value)

    named = said("Graph execution error:\n\nreached /job:worker/replica:0/task:2 from /job:worker/replica:0/task:0")
    assert named == "gone: worker 2 on three:3; start all 3 workers again: they continue from the last checkpoint"
    unnamed = said("Graph execution error:\n\n  Connection reset by peer\nmore")
    assert unnamed.startswith("another of the 3 workers is gone (Connection reset by peer); start all 3 workers again")
