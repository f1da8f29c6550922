"""Maps of the same films after every evaluation, which change what is seen and nothing of what is learnt."""

import io

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from chex_tf.data.settings import DataSettings
from chex_tf.explain import while_training
from chex_tf.models.settings import ModelSettings
from chex_tf.observations import OBSERVATIONS, STUDY_TASKS
from chex_tf.training.settings import TrainSettings
from chex_tf.training.train import train_observations


@pytest.fixture
def settings(prepared):
    return DataSettings(data=prepared, image_size=64), ModelSettings(arch="ResNet18Minus3")


def test_an_example_of_each_task_is_a_film_that_has_it(settings):
    data, _ = settings
    examples = while_training.first_positives(data, 4, "valid")
    assert [example.task for example in examples] == list(STUDY_TASKS[:4])
    # A finding is a bright square at its own place: see the films of the prepared folder.
    for example in examples:
        row, column = divmod(OBSERVATIONS.index(example.task), 4)
        square = example.film[16 * row + 4 : 16 * row + 12, 16 * column + 4 : 16 * column + 12]
        assert square.mean() > 150


def test_maps_after_every_evaluation_and_the_same_weights_as_without(settings, trained, tmp_path):
    data, model = settings
    given = {"batch": 8, "steps": 6, "evaluate_every": 2, "evaluate_unit": "steps", "learning_rate": 1e-3, "keep": 3}
    run = tmp_path / "run"
    train_observations(
        TrainSettings(run_dir=run, **given), data, model, callbacks=[while_training.callback(data, model, 2)]
    )
    events = EventAccumulator(str(run), size_guidance={"images": 0}).Reload()
    for task in STUDY_TASKS[:2]:
        shown = events.Tensors(f"gradcam/{task}")
        assert [one.step for one in shown] == [2, 4, 6]
        first, last = (np.array(Image.open(io.BytesIO(shown[place].tensor_proto.string_val[2]))) for place in (0, -1))
        assert first.shape == last.shape
        assert first.shape[1:] == (64, 3)
        assert (first[:-64].max(axis=(0, 2)) > 150).any()  # the strip with the probability
        first, last = first[-64:], last[-64:]
        assert (first != last).any()  # the film stays, the map changes with the weights
        film = next(one.film for one in while_training.first_positives(data, 2, "valid") if one.task == task)
        assert np.corrcoef(first.mean(axis=-1).ravel(), film.ravel())[0, 1] > 0.5
    assert f"gradcam/{STUDY_TASKS[2]}" not in events.Tags()["tensors"]
    assert (run / "metrics.csv").read_bytes() == (trained / "metrics.csv").read_bytes()
