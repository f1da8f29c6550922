"""View prediction: which of view and projection the data can teach, and what must not be asked beside it."""

import dataclasses

import numpy as np
import pytest

from chex_tf.data import pipeline
from chex_tf.data.settings import DataSettings
from chex_tf.pretraining.view import of_view
from chex_tf.settings import InputError
from chex_tf.training.observations.settings import ObservationsSettings


@pytest.fixture
def data(prepared):
    return DataSettings(data=prepared, image_size=64, tasks=("competition",))


@pytest.fixture
def with_columns(monkeypatch):
    """Replaces columns of the index of whatever is opened."""
    opened = pipeline.open_records

    def replace(**columns):
        def open_replaced(*given):
            records = opened(*given)
            changes = {name: value(len(records)) for name, value in columns.items()}
            records.index = dataclasses.replace(records.index, **changes)
            return records

        monkeypatch.setattr(pipeline, "open_records", open_replaced)

    return replace


def weights(asked):
    return asked.observations_weight, asked.auxiliary


def test_frontal_films_of_one_projection_teach_the_view_alone(data):
    asked, changed, lines = of_view(ObservationsSettings(), data)
    assert weights(asked) == (0.0, {"view": 1.0})
    assert changed.tasks == ("all",)
    assert lines[0] == "--objective=view: --observations_weight=0 --view_weight=1 --tasks=all"
    assert lines[1].startswith("note: projection is not learned: all 76 images")


def test_frontal_films_alone_teach_the_projection(data, with_columns):
    with_columns(view=lambda count: np.zeros(count, np.int64), projection=lambda count: np.arange(count) % 2)
    asked, _, _ = of_view(ObservationsSettings(), data)
    assert weights(asked) == (0.0, {"projection": 1.0})


def test_both_are_learned_where_both_are_there(data, with_columns):
    with_columns(view=lambda count: np.arange(count) % 3 // 2, projection=lambda count: np.arange(count) % 2)
    asked, _, lines = of_view(ObservationsSettings(), data)
    assert weights(asked) == (0.0, {"view": 1.0, "projection": 1.0})
    assert len(lines) == 1


def test_nothing_to_learn_is_refused(data, with_columns):
    with_columns(view=lambda count: np.zeros(count, np.int64))
    with pytest.raises(InputError, match="no view can be learned from these data: view: all 96 images"):
        of_view(ObservationsSettings(), data)


@pytest.mark.parametrize("name", ["sex_weight", "view_weight", "observations_weight"])
def test_weights_beside_it_are_refused(data, name):
    with pytest.raises(InputError, match="is chosen by --objective=view") as caught:
        of_view(ObservationsSettings(**{name: 0.5}), data)
    assert caught.value.setting == name
