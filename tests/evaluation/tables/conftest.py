"""An evaluation of 120 studies by 60 patients, of which Fracture has no positive."""

import pathlib

import numpy as np
import pytest

from chex_tf.evaluation import evaluation, matching
from chex_tf.evaluation.settings import EvaluationSettings

FILE = pathlib.Path(__file__)


@pytest.fixture
def evaluate():
    def evaluate_these(values, names, mean_tasks=None, **given):
        settings = EvaluationSettings(predictions=(FILE,), labels=FILE, **{"replicates": 100, **given})
        labels = values["labels"]
        cohort = matching.Cohort(
            "Study", tuple("k" * 120), ("Edema", "Fracture", "Pneumonia"), labels, "study", np.arange(120), 120, "none"
        )
        models = [matching.Model(name, values[name]) for name in names]
        return evaluation.evaluate(
            "test", cohort, models, settings, None, "nothing to choose it on", mean_tasks=mean_tasks
        )

    return evaluate_these
