"""How a network began goes with its run: into config.json, its ensemble and whatever starts from it."""

import json

import keras
import numpy as np
import pytest

from chex_tf.models.settings import ModelSettings
from chex_tf.runs import config, encoder
from chex_tf.settings import InputError
from chex_tf.trained import members
from chex_tf.trained.run import read_run
from chex_tf.training.train import train_observations

SHORT = {"steps": 2, "evaluate_every": 2, "tensorboard": False}


def epsilons(model):
    return {layer.epsilon for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)}


@pytest.mark.slow
def test_the_papers_beginning_goes_with_the_run(settings, tmp_path):
    """Keras' MobileNetV2 has momentum 0.999 and epsilon 0.001, the paper's 0.9 and 0.00001."""
    paper = {"initialiser": "paper", "batch_normalisation": "paper"}
    given = settings(**SHORT, arch="MobileNetV2", truncate_at="block_2_add", **paper)
    run_dir = given[0].run_dir
    train_observations(*given)
    recorded = config.read(run_dir).settings(ModelSettings)
    assert (recorded.initialiser, recorded.batch_normalisation) == ("paper", "paper")
    assert (recorded.batch_norm_momentum, recorded.batch_norm_epsilon) == (0.9, 1e-5)
    run = read_run(run_dir)
    assert epsilons(members.load_member(run, run.best[0])) == {1e-5}
    assert encoder.read(run_dir).batch_norm_epsilon == 1e-5
    assert train_observations(*given).state == "finished"

    # A run that starts from it keeps its epsilon, says so, and records it.
    then = {**SHORT, "arch": "MobileNetV2", "truncate_at": "block_2_add", "weights": str(run_dir)}
    plan = train_observations(*settings(**then, run_dir=tmp_path / "none", dry_run=True)).plan
    assert "batch normalisation (keras): momentum 0.999, epsilon 1e-05, that of the loaded weights\n" in plan
    with pytest.raises(InputError, match=r"weights were trained, 1e-05; received 0\.001"):
        train_observations(*settings(**then, run_dir=tmp_path / "none", dry_run=True, batch_norm_epsilon=1e-3))
    second = settings(**then, run_dir=tmp_path / "second")
    train_observations(*second)
    assert encoder.read(tmp_path / "second").batch_norm_epsilon == 1e-5
    run = read_run(tmp_path / "second")
    assert epsilons(members.load_member(run, run.best[0])) == {1e-5}


def former(run_dir, arch):
    """Makes of a run one of form 3, when Keras' ResNets had the plain names and there were no such settings."""
    written = json.loads((run_dir / "config.json").read_text())
    written["form"] = 3
    written["model"]["arch"] = arch
    for name in ("initialiser", "batch_normalisation", "batch_norm_epsilon"):
        written["model"].pop(name, None)
    (run_dir / "config.json").write_text(json.dumps(written))
    facts = json.loads((run_dir / "encoder.json").read_text())
    for name in ("form", "batch_norm_epsilon"):
        facts.pop(name, None)
    (run_dir / "encoder.json").write_text(json.dumps({**facts, "arch": arch}))
    (run_dir / "status.json").write_text('{"state": "stopped"}')


@pytest.mark.slow
@pytest.mark.parametrize(("then", "today"), [("ResNet50", "ResNet50Keras"), ("ResNet50PyTorch", "ResNet50")])
def test_a_former_run_of_a_resnet_is_continued_and_read_as_the_network_it_was(then, today, settings, tmp_path):
    cut = {**SHORT, "truncate_at": "conv2_block1_out"}
    run_dir = settings()[0].run_dir
    train_observations(*settings(**cut, arch=today))
    image = np.random.default_rng(0).normal(size=(1, 64, 64, 3)).astype("float32")
    run = read_run(run_dir)
    before = np.asarray(members.load_member(run, run.best[0])(image))
    former(run_dir, then)
    said = []
    assert train_observations(*settings(**cut, arch=then), say=said.append).state == "finished"
    assert f"{run_dir} was begun by a former version and is continued as that version did: arch={today}" in said
    run = read_run(run_dir)
    assert run.arch == today
    np.testing.assert_array_equal(np.asarray(members.load_member(run, run.best[0])(image)), before)
    former(run_dir, then)
    assert encoder.read(run_dir).arch == today
    other = "ResNet50" if today == "ResNet50Keras" else "ResNet50Keras"
    refused = {**cut, "weights": str(run_dir), "run_dir": tmp_path / "other", "dry_run": True}
    with pytest.raises(InputError, match=f"holds weights of {today}; received --arch={other}"):
        train_observations(*settings(**refused, arch=other))
    assert " 0 missing" in train_observations(*settings(**refused, arch=today)).plan
