"""The losses against float64 numpy, their gradients against finite differences, dead units, short batches."""

import numpy as np
import pytest
import tensorflow as tf

from chex_tf.pretraining import moments, two_views
from chex_tf.pretraining.settings import PretrainingSettings


def barlow_twins(first, second, formula):
    """Diagonal and off-diagonal sums in float64, unit by unit."""
    images, units = first.shape
    diagonal = off_diagonal = 0.0
    for i in range(units):
        for j in range(units):
            a, b = first[:, i] - first[:, i].mean(), second[:, j] - second[:, j].mean()
            if formula == "code":
                value = np.mean(a / np.sqrt(np.var(a) + 1e-5) * (b / np.sqrt(np.var(b) + 1e-5)))
            elif formula == "algorithm":
                value = np.sum(a / np.std(a, ddof=1) * (b / np.std(b, ddof=1))) / images
            else:
                value = np.corrcoef(first[:, i], second[:, j])[0, 1]
            if i == j:
                diagonal += (1 - value) ** 2
            else:
                off_diagonal += value**2
    return {"diagonal": diagonal, "off_diagonal": off_diagonal}


def vicreg(first, second, formula):
    """Invariance, variance and covariance terms in float64, unit by unit."""
    images, units = first.shape
    distances = [np.sum((a - b) ** 2) for a, b in zip(first, second, strict=True)]
    invariance = np.sum(distances) / images
    hinges, covariance = [], 0.0
    for view in (first, second):
        hinges.append(np.mean([max(0.0, 1 - np.sqrt(np.var(view[:, j], ddof=1) + 1e-4)) for j in range(units)]))
        matrix = np.cov(view.T)
        covariance += sum(matrix[i, j] ** 2 for i in range(units) for j in range(units) if i != j) / units
    return {
        "invariance": invariance if formula == "equations" else invariance / units,
        "variance": sum(hinges) / 2 if formula == "code" else sum(hinges),
        "covariance": covariance,
    }


FORMULAS = ("code", "algorithm", "equations")
ORACLES = {"barlow_twins": barlow_twins, "vicreg": vicreg}
CASES = [(objective, formula) for objective in ORACLES for formula in FORMULAS]


def embeddings(images=7, units=4, seed=0):
    """Two views that agree in part, of units with other means and scales; a hinge is active for some of VICReg's."""
    generator = np.random.default_rng(seed)
    first = generator.normal(0, 1, (images, units)) * np.array([0.2, 0.7, 1.5, 3.0])[:units] + np.arange(units)
    return first, 0.8 * first + generator.normal(0, 0.3, (images, units))


def method_of(objective, formula, **weights):
    return two_views.method(PretrainingSettings(objective=objective, formula=formula, **weights))


def terms_of(method, first, second, weight=None):
    weight = np.ones(len(first)) if weight is None else weight
    given = (tf.constant(value, tf.float64) for value in (first, second, weight))
    return method.terms(*given, moments.on_one_device)


@pytest.mark.parametrize(("objective", "formula"), CASES)
def test_terms_are_the_published_formulas(objective, formula):
    first, second = embeddings()
    found = terms_of(method_of(objective, formula), first, second)
    expected = ORACLES[objective](first, second, formula)
    assert {*found} == {*expected}
    for name, value in expected.items():
        assert float(found[name]) == pytest.approx(value, rel=1e-9), name


def test_the_formulas_differ():
    """VICReg's code halves the variance term; its equations sum over units where the code takes means; Barlow Twins'
    code adds epsilon, its algorithm divides by n what it normalised by n - 1."""
    first, second = embeddings()
    of = {case: terms_of(method_of(*case), first, second) for case in CASES}
    code, algorithm, equations = (of["vicreg", formula] for formula in FORMULAS)
    assert float(algorithm["variance"]) == pytest.approx(2 * float(code["variance"]))
    assert float(equations["invariance"]) == pytest.approx(4 * float(code["invariance"]))
    diagonals = {round(float(of["barlow_twins", formula]["diagonal"]), 6) for formula in FORMULAS}
    assert len(diagonals) == 3


def test_the_loss_weighs_its_terms():
    first, second = embeddings()
    method = method_of("vicreg", "code", invariance_weight=2.0, variance_weight=3.0, covariance_weight=5.0)
    terms = terms_of(method, first, second)
    by_hand = 2 * terms["invariance"] + 3 * terms["variance"] + 5 * terms["covariance"]
    assert float(method.loss(terms)) == pytest.approx(float(by_hand))
    method = method_of("barlow_twins", "code", off_diagonal_weight=0.25)
    terms = terms_of(method, first, second)
    assert float(method.loss(terms)) == pytest.approx(float(terms["diagonal"] + 0.25 * terms["off_diagonal"]))


def gradients_of(method, first, second, weight=None, dtype=tf.float64):
    first, second = tf.constant(first, dtype), tf.constant(second, dtype)
    weight = tf.ones(len(first), dtype) if weight is None else tf.constant(weight, dtype)
    with tf.GradientTape() as tape:
        tape.watch([first, second])
        loss = method.loss(method.terms(first, second, weight, moments.on_one_device))
    return [gradient.numpy() for gradient in tape.gradient(loss, [first, second])]


@pytest.mark.parametrize(("objective", "formula"), CASES)
def test_gradients_are_those_of_finite_differences(objective, formula):
    """The means are constants in the code: here it shows that nothing is lost."""
    views = embeddings(images=5, units=3)
    method = method_of(objective, formula)
    found = gradients_of(method, *views)
    step = 1e-6
    for view in (0, 1):
        for place in np.ndindex(views[view].shape):
            losses = []
            for sign in (1, -1):
                moved = [value.copy() for value in views]
                moved[view][place] += sign * step
                terms = ORACLES[objective](*moved, formula)
                losses.append(sum(method.weights[name] * value for name, value in terms.items()))
            expected = (losses[0] - losses[1]) / (2 * step)
            assert found[view][place] == pytest.approx(expected, rel=1e-4, abs=1e-6), (view, place)


@pytest.mark.parametrize(("objective", "formula"), CASES)
def test_a_short_batch_divides_by_what_it_holds(objective, formula):
    first, second = embeddings()
    padded = [np.concatenate([view, np.full((3, 4), 99.0)]) for view in (first, second)]
    weight = np.array([1.0] * 7 + [0.0] * 3)
    method = method_of(objective, formula)
    whole, short = terms_of(method, first, second), terms_of(method, *padded, weight)
    for name in whole:
        assert float(short[name]) == pytest.approx(float(whole[name]), rel=1e-12)
    gradients = gradients_of(method, *padded, weight)
    for found, expected in zip(gradients, gradients_of(method, first, second), strict=True):
        np.testing.assert_allclose(found[:7], expected, rtol=1e-10)
        assert not found[7:].any()


@pytest.mark.parametrize(("objective", "formula"), CASES)
@pytest.mark.parametrize("dead", [[1], [0, 1, 2, 3]])
def test_dead_units_have_finite_gradients(objective, formula, dead):
    first, second = embeddings()
    for view in (first, second):
        view[:, dead] = 2.0
    method = method_of(objective, formula)
    for gradient in gradients_of(method, first, second, dtype=tf.float32):
        assert np.isfinite(gradient).all()
    for value in terms_of(method, first, second).values():
        assert np.isfinite(float(value))


def test_a_dead_unit_correlates_with_nothing():
    first, second = embeddings()
    first[:, 0] = 1.0
    for formula in FORMULAS:
        found = terms_of(method_of("barlow_twins", formula), first, second)
        rest = terms_of(method_of("barlow_twins", formula), first[:, 1:], second[:, 1:])
        assert float(found["diagonal"]) == pytest.approx(1.0 + float(rest["diagonal"]))


def test_plans_name_the_formula():
    said = {method_of(*case).describe() for case in CASES}
    assert len(said) == len(CASES)
    assert "half their sum" in method_of("vicreg", "code").describe()
    assert "diagonal + 0.0051 × off_diagonal" in method_of("barlow_twins", "code").describe()
