"""Rank correlations of evaluated models with what a catalogue knows of them."""

import numpy as np
import pytest
import scipy.stats

from chex_tf.evaluation import evaluation, matching, model_facts
from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.settings import InputError
from chex_tf.statistics.measure import MEAN

NAMES = ("A1", "A2", "B1", "B2", "plain1", "plain2", "plain3", "plain4")
CATALOGUE = "model,family,parameters,extra,imagenet_top1\nA1,A,10,x,70\nA2,A,20,x,\nB1,B,5,x,75\nB2,B,40,x,80\n"


@pytest.fixture
def evaluated(tmp_path):
    generator = np.random.default_rng(0)
    labels = (generator.random((80, 1)) < 0.4).astype(float)
    scores = [
        generator.normal(size=(80, 1)) + strength * labels for strength in (1.0, 1.4, 0.6, 2.5, 0.7, 0.9, 0.1, 0.8)
    ]
    cohort = matching.Cohort("Study", tuple("k" * 80), ("Edema",), labels, "study", np.arange(80), 80, "none")
    models = [matching.Model(name, each) for name, each in zip(NAMES, scores, strict=True)]
    file = tmp_path / "models.csv"
    file.write_text(CATALOGUE)
    pairs = tuple(f"{first}:{second}" for first, second in zip(NAMES[:4], NAMES[4:], strict=True))
    settings = EvaluationSettings(predictions=(file,), labels=file, replicates=60, compare=pairs)
    return evaluation.evaluate("test", cohort, models, settings), file


def test_correlations_are_of_the_models_the_catalogue_knows(evaluated):
    found, file = evaluated
    said = []
    correlations, spread = model_facts.relate(found, model_facts.read(file), said.append)
    areas = {model.name: model.of(AUROC)[MEAN].value for model in found.models}
    known = [areas[name] for name in NAMES[:4]]
    boosts = [areas[first] - areas[second] for first, second in zip(NAMES[:4], NAMES[4:], strict=True)]
    parameters = [10, 20, 5, 40]
    assert set(correlations) == {"parameters and AUROC", "parameters and boost"}
    for name, values in (("parameters and AUROC", known), ("parameters and boost", boosts)):
        assert correlations[name].rho == pytest.approx(scipy.stats.spearmanr(parameters, values).statistic)
        assert correlations[name].over_test is not None
    assert spread.growth["B"][0] == pytest.approx(areas["B2"] - areas["B1"])
    assert said == [
        "rank correlation leaves out plain1, plain2, plain3, plain4: not in the catalogue",
        "no rank correlation of ImageNet accuracy and AUROC: it needs 4 models or pairs, 3 are known",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model,family,parameters\n", "received none named model, family, parameters, imagenet_top1"),
        ("model,family,parameters\nA,A,1\n", "received none named imagenet_top1"),
        (CATALOGUE.replace("40", "forty"), "expected a number as parameters of B2; received 'forty'"),
    ],
)
def test_a_catalogue_of_another_form_is_refused(tmp_path, text, message):
    file = tmp_path / "models.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        model_facts.read(file)
