"""What launch.pretrain refuses: settings of another method, batches in parts, local statistics, two equal views."""

import dataclasses
import pathlib

import pytest

from chex_tf.data.settings import DataSettings
from chex_tf.pretraining.settings import PretrainingSettings, check_training
from chex_tf.settings import InputError
from chex_tf.training.settings import TrainSettings

TWINS = PretrainingSettings(objective="barlow_twins")
TRAINING = TrainSettings(run_dir=pathlib.Path("unused"))
FILMS = DataSettings(data=pathlib.Path("unused"), flip=0.5)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"objective": "vicreg", "off_diagonal_weight": 0.1}, "goes with --objective=barlow_twins"),
        ({"objective": "barlow_twins", "variance_weight": 1.0}, "goes with --objective=vicreg"),
        ({"objective": "view", "pairs": "patient"}, "goes with --objective=barlow_twins or vicreg"),
        ({"objective": "vicreg", "projector": ()}, "expected 1 to 5 layers; received 0"),
        ({"objective": "vicreg", "projector": (8,) * 6}, "expected 1 to 5 layers; received 6"),
    ],
)
def test_settings_of_another_method_are_refused(given, named):
    with pytest.raises(InputError, match=named):
        PretrainingSettings(**given)


@pytest.mark.parametrize(
    ("changes", "replicas", "named"),
    [
        ({"accumulate": 2}, 1, "statistics of a whole batch, which cannot be taken in parts"),
        ({"batch": 1}, 1, "at least 2 images"),
        ({"optimizer": "pesg"}, 1, "pesg is the optimizer of --loss=auc_margin"),
        ({}, 2, "expected it with the 2 replicas here"),
    ],
)
def test_what_would_make_statistics_local_is_refused(changes, replicas, named):
    with pytest.raises(InputError, match=named):
        check_training(TWINS, dataclasses.replace(TRAINING, **changes), FILMS, replicas)


def test_synchronised_replicas_are_taken():
    check_training(TWINS, dataclasses.replace(TRAINING, synchronise_batch_norm=True), FILMS, 4)


def test_two_equal_views_are_refused():
    still = dataclasses.replace(FILMS, flip=0.0)
    with pytest.raises(InputError, match="expected two different views of an image"):
        check_training(TWINS, TRAINING, still, 1)
    check_training(dataclasses.replace(TWINS, pairs="patient"), TRAINING, still, 1)
    check_training(TWINS, TRAINING, dataclasses.replace(still, augmentation="two_views"), 1)
    check_training(TWINS, TRAINING, dataclasses.replace(still, crop_from=400, crop="random"), 1)
    with pytest.raises(InputError, match="two different views"):
        check_training(TWINS, TRAINING, dataclasses.replace(still, crop="random"), 1)
