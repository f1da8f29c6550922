"""The graph: grey values in, the run's own probabilities out by name, resized inside as training resizes."""

import cv2
import numpy as np
import pytest

from chex_tf.data.stored import Stored
from chex_tf.data.view import View
from chex_tf.export import run_graph
from chex_tf.models import counting
from chex_tf.settings import InputError
from chex_tf.trained import members


def images(side=64, count=3):
    return np.random.default_rng(1).integers(0, 256, (count, side, side, 1), np.uint8)


def values(model, given):
    found = model.predict_on_batch(given)
    return np.stack(list(found.values()), axis=1)


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_the_graph_is_the_run(graph, trained, kind):
    expected = members.load_run(trained, members=2).predict_on_batch(images())
    for model in (graph.fixed, graph.any_size):
        found = model.predict_on_batch(images().astype(kind))
        assert tuple(found) == graph.names
        assert graph.names[4:] == ("pleural_effusion", "no_finding")
        np.testing.assert_allclose(np.stack(list(found.values()), axis=1), expected, rtol=1e-5)


@pytest.mark.parametrize("shape", [(64, 64), (90, 70), (200, 150), (50, 60)])
@pytest.mark.parametrize(
    "view",
    [
        View(64, 64),
        View(64, 73),
        View(64, 75, "keep"),
        View(64, 64, "keep", Stored(96, "square")),
        View(64, 73, "keep", Stored(96, "square")),
        View(64, 64, "squash", Stored(96, "longer")),
    ],
)
def test_films_of_any_size_are_resized_within_nearly_as_in_training(view, shape):
    """Up to the resampling, and with `keep` up to the half pixel by which an odd rest cannot be halved."""
    import keras

    image = keras.Input((None, None, 1))
    preparing = keras.Model(image, run_graph._prepared(view, image))
    film = cv2.resize(np.random.default_rng(2).integers(0, 256, (4, 4), np.uint8), shape[::-1])
    expected = view.apply(film)
    found = preparing.predict_on_batch(film[None, ..., None].astype(np.float32))[0]
    assert found.shape == (64, 64, 1)
    difference = np.abs(found - expected)
    # A shift by one pixel would be three levels down and five across, in the mean.
    cropped = view.aspect == "keep" and view.stored == Stored()
    assert difference.mean() < (2.5 if cropped else 0.4)
    if view == View(64, 64) and shape == (64, 64):
        assert difference.max() < 1e-3


def test_multiply_adds_count_every_checkpoint(graph):
    one = counting.multiply_adds(members.load_member(graph.run, graph.best[0]))
    assert one > 1e6
    assert run_graph.multiply_adds(graph.run, graph.best) == 2 * one


def test_tasks_that_would_share_a_name_are_refused():
    with pytest.raises(InputError, match="names differ"):
        run_graph.output_names(("Pleural Effusion", "Pleural_Effusion"))
