"""Contradictions among what is asked of an evaluation."""

import pathlib

import pytest

from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.settings import InputError

FILE = pathlib.Path(__file__)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "received neither"),
        ({"predictions": (FILE,)}, "--labels=FILE is required"),
        ({"predictions": (FILE,), "labels": FILE, "run_dir": (FILE.parent,)}, "received both"),
        ({"predictions": (FILE,), "labels": FILE, "threshold_predictions": (FILE,)}, "received one of them"),
        ({"predictions": (FILE,), "labels": FILE, "threshold_labels": FILE}, "received one of them"),
        ({"run_dir": (FILE.parent,), "threshold_labels": FILE}, "goes with --predictions"),
        ({"predictions": (FILE,), "labels": FILE, "data": FILE.parent}, "goes with --run_dir"),
        ({"predictions": (FILE,), "labels": FILE, "ensemble": True}, "at least two models"),
        ({"run_dir": (FILE.parent,), "checkpoint": "last"}, "ensemble, best or a step"),
        ({"predictions": (FILE,), "labels": FILE, "compare": ("a",)}, "two model names with a colon"),
        ({"predictions": (FILE,), "labels": FILE, "compare": ("a:",)}, "two model names with a colon"),
        ({"predictions": (FILE,), "labels": FILE, "replicates": 39}, "an integer from 40"),
        ({"predictions": (FILE,), "labels": FILE, "interval": "bcs"}, "did you mean bca?"),
    ],
)
def test_contradictions(given, message):
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        EvaluationSettings(**given)


@pytest.mark.parametrize(
    ("given", "setting", "message"),
    [
        ({"subgroups": ("sex",)}, "groups", "expected --groups=FILE"),
        ({"groups": FILE}, "groups", "goes with --subgroups"),
        ({"match_prevalence": True}, "match_prevalence", "goes with --subgroups"),
        ({"subgroups": ("sex", "sex"), "groups": FILE}, "subgroups", "expected each once"),
        ({"age_bands": (60, 40)}, "age_bands", "expected rising ages"),
    ],
)
def test_groups_need_a_file_and_sense(given, setting, message):
    with pytest.raises(InputError, match=message) as caught:
        EvaluationSettings(predictions=(FILE,), labels=FILE, **given)
    assert caught.value.setting == setting
