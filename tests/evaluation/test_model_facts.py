"""Rank correlations of evaluated models with what a catalogue knows of them."""

import numpy as np
import pytest
import scipy.stats

from chex_tf.evaluation import evaluation, matching, model_facts
from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.runs.trained_model import TrainedModel
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
    correlations, spread = model_facts.relate(found, model_facts.read(file), {}, said.append)
    areas = {model.name: model.of(AUROC)[MEAN].value for model in found.models}
    known = [areas[name] for name in NAMES[:4]]
    boosts = [areas[first] - areas[second] for first, second in zip(NAMES[:4], NAMES[4:], strict=True)]
    parameters = [10, 20, 5, 40]
    assert set(correlations) == {"parameters and AUROC", "parameters and boost"}
    for name, values in (("parameters and AUROC", known), ("parameters and boost", boosts)):
        assert correlations[name].rho == pytest.approx(scipy.stats.spearmanr(parameters, values).statistic)
        assert correlations[name].without_noise is not None
        assert correlations[name].by_family.families == 2
    assert set(spread) == {""}
    assert spread[""].growth["B"][0] == pytest.approx(areas["B2"] - areas["B1"])
    assert said == [
        "rank correlation leaves out plain1, plain2, plain3, plain4: not in the catalogue",
        "no rank correlation of ImageNet accuracy of --weights=imagenet and AUROC: it needs 4 models or pairs, 3 are "
        "known",
    ]


ARCHS = ("A1", "A2", "B1", "B2", "C1")
ZOO = (
    "model,family,parameters,paper_parameters_millions,times_smaller,imagenet_top1,paper_imagenet_top1,"
    "weights_imagenet_top1\n"
    "A1,A,10,9,1.0,70,71,imagenet=70\n"
    "A2,A,20,19,1.0,72,70.5,imagenet=72; timm/a2.tv_in1k=76\n"
    "B1,B,5,6,1.0,75,75,imagenet=75\n"
    "B2,B,40,41,1.0,71,72,\n"
    "C1,C,30,,1.0,69,,imagenet=69\n"
    "A2Minus1,A,7,,2.7,,,\n"
)


def evaluate_runs(tmp_path, names, compare=()):
    """Models of as many strengths, on one task."""
    generator = np.random.default_rng(1)
    labels = (generator.random((80, 1)) < 0.4).astype(float)
    cohort = matching.Cohort("Study", tuple("k" * 80), ("Edema",), labels, "study", np.arange(80), 80, "none")
    models = [
        matching.Model(name, generator.normal(size=(80, 1)) + generator.uniform(0.2, 2) * labels) for name in names
    ]
    file = tmp_path / "zoo.csv"
    file.write_text(ZOO)
    settings = EvaluationSettings(predictions=(file,), labels=file, replicates=60, compare=compare)
    found = evaluation.evaluate("test", cohort, models, settings)
    return found, model_facts.read(file), {model.name: model.of(AUROC)[MEAN].value for model in found.models}


def rho(first, second):
    return pytest.approx(scipy.stats.spearmanr(first, second).statistic)


def test_runs_are_correlated_by_what_they_trained_each_arm_by_itself(tmp_path):
    """Whatever their folders are called; the boost is of the one architecture, its scratch runs taken together."""
    trained = {f"x{number}": TrainedModel(arch, "imagenet") for number, arch in enumerate(ARCHS)}
    trained["x1"] = TrainedModel("A2", "timm/a2.tv_in1k")
    trained |= {f"y{number}": TrainedModel(arch, "none") for number, arch in enumerate(ARCHS)}
    trained["again"] = TrainedModel("B1", "none")
    found, entries, areas = evaluate_runs(tmp_path, tuple(trained))
    said = []
    correlations, spread = model_facts.relate(found, entries, trained, said.append)
    pretrained = [areas[f"x{number}"] for number in range(5)]
    scratch = [areas[f"y{number}"] for number in range(5)]
    scratch[2] = (areas["y2"] + areas["again"]) / 2
    boost = np.subtract(pretrained, scratch)
    ours, printed = [10, 20, 5, 40, 30], [9, 19, 6, 41]
    of_imagenet, loaded, in_paper = [70, 72, 75, 71, 69], [70, 76, 75, 71, 69], [71, 70.5, 75, 72]
    assert rho(loaded, pretrained).expected != rho(of_imagenet, pretrained).expected
    assert {name: (one.models, one.rho) for name, one in correlations.items()} == {
        "parameters and AUROC, pretrained": (5, rho(ours, pretrained)),
        "parameters and AUROC, scratch": (5, rho(ours, scratch)),
        "the paper's parameters and AUROC, pretrained": (4, rho(printed, pretrained[:4])),
        "the paper's parameters and AUROC, scratch": (4, rho(printed, scratch[:4])),
        "ImageNet accuracy of the weights loaded and AUROC, pretrained": (5, rho(loaded, pretrained)),
        "ImageNet accuracy of --weights=imagenet and AUROC, scratch": (5, rho(of_imagenet, scratch)),
        "ImageNet accuracy in the paper's source and AUROC, pretrained": (4, rho(in_paper, pretrained[:4])),
        "ImageNet accuracy in the paper's source and AUROC, scratch": (4, rho(in_paper, scratch[:4])),
        "parameters and boost": (5, rho(ours, boost)),
        "the paper's parameters and boost": (4, rho(printed, boost[:4])),
    }
    assert spread["pretrained"].growth["A"][0] == pytest.approx(areas["x1"] - areas["x0"])
    assert spread["scratch"].growth["B"][0] == pytest.approx(areas["y3"] - scratch[2])
    assert said == [
        "rank correlation takes B1, scratch, as the mean of y2, again",
        "ImageNet accuracy of the weights loaded is that of other weights than --weights=imagenet for A2 76 "
        "(timm/a2.tv_in1k)",
    ]


def test_the_accuracy_of_weights_that_the_catalogue_does_not_know_is_not_guessed(tmp_path):
    trained = {f"x{number}": TrainedModel(arch, "imagenet") for number, arch in enumerate(ARCHS[:4])}
    trained["x1"] = TrainedModel("A2", "timm/a2.unheard_in1k")
    found, entries, _ = evaluate_runs(tmp_path, tuple(trained))
    said = []
    correlations, _ = model_facts.relate(found, entries, trained, said.append)
    assert "ImageNet accuracy of the weights loaded and AUROC, pretrained" not in correlations
    assert said == [
        "ImageNet accuracy of the weights loaded is that of other weights than --weights=imagenet for A2 unknown "
        "(timm/a2.unheard_in1k)",
        "no rank correlation of ImageNet accuracy of the weights loaded and AUROC, pretrained: it needs 4 models or "
        "pairs, 3 are known",
    ]


def test_truncated_models_and_other_starts_are_left_out_and_it_says_so(tmp_path):
    trained = {
        "A1": TrainedModel("A2Minus1", "imagenet"),  # the folder's name says nothing
        "cut": TrainedModel("A1", "imagenet", truncate_at="block2"),
        "part": TrainedModel("A1", "imagenet", is_mixed=True),
        "own": TrainedModel("A1", "/runs/other"),
        "odd": TrainedModel("Unheard", "none"),
        "whole": TrainedModel("A2", "none"),
        "other": TrainedModel("B1", "imagenet"),
    }
    compare = ("A1:whole", "cut:whole", "other:whole", "own:part")
    found, entries, _ = evaluate_runs(tmp_path, (*trained, "ensemble"), compare)
    said = []
    correlations, _ = model_facts.relate(found, entries, trained, said.append)
    assert correlations == {}
    assert [line for line in said if "leaves out" in line] == [
        "rank correlation leaves out A1, cut: truncated",
        "rank correlation leaves out part, own: neither from scratch nor whole from ImageNet",
        "rank correlation leaves out odd, ensemble: not in the catalogue",
        "boost leaves out A1:whole, cut:whole: not whole models",
        "boost leaves out other:whole: two architectures",
        "boost leaves out own:part: not one from scratch and one pretrained",
    ]


def test_a_boost_of_files_is_not_of_a_truncated_model_or_of_two_that_are_known(tmp_path):
    names = (*ARCHS, "A2Minus1", *(f"plain{number}" for number in range(6)))
    compare = (*(f"{arch}:plain{number}" for number, arch in enumerate(ARCHS)), "A2Minus1:A2", "A1:B1", "plain1:plain2")
    found, entries, areas = evaluate_runs(tmp_path, names, compare)
    said = []
    correlations, _ = model_facts.relate(found, entries, {}, said.append)
    boost = [areas[arch] - areas[f"plain{number}"] for number, arch in enumerate(ARCHS)]
    assert correlations["parameters and boost"].rho == rho([10, 20, 5, 40, 30], boost)
    assert correlations["parameters and AUROC"].rho == rho([10, 20, 5, 40, 30], [areas[arch] for arch in ARCHS])
    assert "rank correlation leaves out A2Minus1: truncated" in said
    assert "boost leaves out A2Minus1:A2: not whole models" in said
    assert "boost leaves out A1:B1: two architectures" in said
    assert "boost leaves out plain1:plain2: plain1 is not in the catalogue" in said


def test_runs_of_one_architecture_from_different_weights_are_not_averaged(tmp_path):
    trained = {"a": TrainedModel("A1", "imagenet"), "b": TrainedModel("A1", "timm/a1.tv_in1k")}
    found, entries, _ = evaluate_runs(tmp_path, tuple(trained))
    said = []
    model_facts.relate(found, entries, trained, said.append)
    assert said[0] == "rank correlation leaves out a, b: one architecture from different weights"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model,family,parameters\n", "received none named model, family, parameters, imagenet_top1"),
        ("model,family,parameters\nA,A,1\n", "received none named imagenet_top1"),
        (CATALOGUE.replace("40", "forty"), "expected a number as parameters of B2; received 'forty'"),
        (
            ZOO.replace("imagenet=75", "imagenet"),
            "expected NAME=NUMBER, with ; between, as weights_imagenet_top1 of B1",
        ),
    ],
)
def test_a_catalogue_of_another_form_is_refused(tmp_path, text, message):
    file = tmp_path / "models.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        model_facts.read(file)


def test_a_catalogue_that_knows_fewer_than_two_models_is_refused(evaluated, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text(
        CATALOGUE.replace("A1,A", "X1,A").replace("A2,A", "X2,A").replace("B1,B", "X3,B").replace("B2,B", "X4,B")
    )
    with pytest.raises(
        InputError, match=r"sought by their names and runs by their --arch; received 0; it has X1, X2, X3"
    ):
        model_facts.expect_several(NAMES, model_facts.read(other), {})
    one = {"A1": model_facts.read(evaluated[1])["A1"]}
    with pytest.raises(InputError, match=r"4 for a rank correlation.*received 1; it has A1"):
        model_facts.expect_several(NAMES, one, {})
    model_facts.expect_several(NAMES, model_facts.read(evaluated[1]), {})
