"""What a run will leave on the disk, counted by hand for a small network; and where it cannot fit, it is refused."""

import pathlib
import types

import keras
import pytest

from chex_tf.models.heads import POOLED
from chex_tf.settings import InputError
from chex_tf.training import disk
from chex_tf.training.settings import TrainSettings


@pytest.fixture(scope="module")
def built():
    """20 numbers in a convolution; 4 that learn and 4 that move in a normalisation; 9 in the head."""
    images = keras.Input((4, 4, 1))
    maps = keras.layers.BatchNormalization()(keras.layers.Conv2D(2, 3)(images))
    pooled = keras.layers.GlobalAveragePooling2D(name=POOLED)(maps)
    return types.SimpleNamespace(model=keras.Model(images, keras.layers.Dense(3)(pooled)))


def need(built, run_dir=pathlib.Path("unused"), **changes):
    objective = types.SimpleNamespace(steps_per_epoch=5.0, heads=types.SimpleNamespace(outputs=3), side=4)
    given = {"steps": 10, "evaluate_every": 5, "evaluate_unit": "steps", "tensorboard": False, **changes}
    return disk.need(TrainSettings(run_dir=run_dir, **given), objective, built)


def test_states_best_weights_and_encoders_are_counted(built):
    """37 numbers of 4 bytes in the weights, 33 of which learn and have two slots of Adam's; 28 below the head."""
    state, weights, encoder = 4 * (37 + 2 * 33), 4 * 37, 4 * 28
    assert need(built) == disk.Need(2 * state + 2 * weights, 2 * encoder, 0)
    # Of three evaluations the best may be the second: the state before the last still names what it took the place of.
    assert need(built, steps=15, keep=1) == disk.Need(2 * state + 2 * weights, 2 * encoder, 0)
    assert need(built, steps=50, keep=3) == disk.Need(2 * state + 4 * weights, 2 * encoder, 0)
    assert need(built, evaluate_every=10) == disk.Need(state + weights, 2 * encoder, 0)
    assert need(built, optimizer="sgd").checkpoints == 2 * 4 * (37 + 33) + 2 * weights
    assert need(built).describe() == "disk: 1 KB of checkpoints, 224 bytes of encoders"


def test_events_are_estimated_and_refuse_nothing(built, monkeypatch, tmp_path):
    with_events = need(built, tensorboard=True)
    assert with_events.events > 0
    assert with_events.describe().endswith(f" and about {with_events.events / 1000:.0f} KB of events")
    monkeypatch.setattr(disk, "free_space", lambda place: with_events.checkpoints + with_events.encoders)
    disk.check(tmp_path / "run", with_events)


def test_what_cannot_fit_is_refused_and_what_is_there_counts(built, monkeypatch, tmp_path):
    wanted = need(built)
    monkeypatch.setattr(disk, "free_space", lambda place: 1000)
    with pytest.raises(InputError) as error:
        disk.check(tmp_path / "run", wanted)
    expected = f"the run needs 1 KB more of disk for checkpoints and encoders; 1 KB are free in {tmp_path / 'run'}"
    assert str(error.value) == f"{expected}; a smaller --keep needs less"
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    (tmp_path / "run" / "checkpoints" / "state-000000005.safetensors").write_bytes(bytes(344))
    disk.check(tmp_path / "run", wanted)  # 1,344 bytes, of which 344 are there
