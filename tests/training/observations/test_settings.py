"""A loss that cannot take the targets of a label policy is refused before anything is opened."""

import pathlib

import pytest

from chex_tf.data.settings import DataSettings
from chex_tf.settings import InputError
from chex_tf.training.observations.settings import ObservationsSettings, check_together


@pytest.mark.parametrize(
    ("observations", "uncertain", "message"),
    [
        ({"balance": True}, "multiclass", "balance weighs positives against negatives"),
        ({"balance": True}, "Edema:multiclass,*:ones", "balance weighs positives against negatives"),
        ({"loss": "auc_margin"}, "multiclass", "auc_margin ranks by one score per task"),
        ({"loss": "auc_margin"}, "smooth_ones", "takes labels of 0 and 1; received a policy with smooth_ones"),
        ({"loss": "auc_margin"}, "Edema:smooth_zeros,*:ones", "received a policy with smooth_zeros"),
    ],
)
def test_what_cannot_go_together(observations, uncertain, message):
    data = DataSettings(data=pathlib.Path("anywhere"), uncertain=uncertain)
    with pytest.raises(InputError, match=message) as caught:
        check_together(ObservationsSettings(**observations), data)
    assert caught.value.setting in observations


@pytest.mark.parametrize("observations", [{"balance": True}, {"loss": "auc_margin"}, {}])
def test_hard_labels_go_with_every_loss(observations):
    for uncertain in ("ones", "zeros", "ignore"):
        data = DataSettings(data=pathlib.Path("anywhere"), uncertain=uncertain)
        check_together(ObservationsSettings(**observations), data)


def test_cross_entropy_takes_the_targets_of_every_policy():
    for uncertain in ("multiclass", "smooth_ones", "Edema:multiclass,*:smooth_zeros"):
        check_together(ObservationsSettings(), DataSettings(data=pathlib.Path("anywhere"), uncertain=uncertain))


def test_the_auc_margin_takes_no_smoothing_of_its_own():
    with pytest.raises(InputError, match="drop balance and label_smoothing"):
        ObservationsSettings(loss="auc_margin", label_smoothing=0.1)
