"""Recalibration against scikit-learn; AUROC under Platt's map is untouched."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from chex_tf.statistics import recalibration


def simulated(seed, rows=400):
    generator = np.random.default_rng(seed)
    z = generator.normal(-1, 2, rows)
    return (generator.random(rows) < expit(0.5 + 0.5 * z)).astype(float), expit(z)


def test_platt_is_scikit_learns_logistic_regression():
    labels, probabilities = simulated(0)
    new = simulated(1)[1]
    model = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000).fit(logit(probabilities)[:, None], labels)
    found = recalibration.fit(np.append(labels, np.nan), np.append(probabilities, 0.9), "platt")
    np.testing.assert_allclose(found(new), model.predict_proba(logit(new)[:, None])[:, 1], atol=1e-7)


def test_platt_leaves_auroc_as_it_is_to_the_last_bit():
    labels, probabilities = simulated(0)
    truth, new = simulated(1)
    new[:3] = 0.0, 1.0, 1e-12
    new[3] = new[4]
    found = recalibration.fit(labels, probabilities, "platt")
    assert roc_auc_score(truth, found(new)) == roc_auc_score(truth, new)
    assert found(new)[0] == 0.0
    assert found(new)[1] == 1.0


def test_isotonic_is_scikit_learns():
    labels, probabilities = simulated(0)
    probabilities = probabilities.round(2)  # with ties
    new = np.append(simulated(1)[1], [0.0, 1.0])
    model = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(probabilities, labels)
    found = recalibration.fit(labels, probabilities, "isotonic")
    np.testing.assert_allclose(found(new), model.predict(new), atol=1e-6)


def test_what_has_no_rising_map_stays_and_says_why():
    labels, probabilities = simulated(0)
    falling = recalibration.fit(labels, 1 - probabilities, "platt")
    assert "the slope is -0." in falling.reason
    np.testing.assert_array_equal(falling(probabilities), probabilities)
    assert (
        recalibration.fit(np.zeros(5), probabilities[:5], "isotonic").reason == "no positive among the validation rows"
    )
    assert "separated" in recalibration.fit(np.array([0.0, 1]), np.array([0.2, 0.7]), "platt").reason


def test_calibrated_after_platt():
    labels, probabilities = simulated(0, 100_000)
    truth, new = simulated(1, 100_000)
    after = recalibration.fit(labels, probabilities, "platt")(new)
    assert after.mean() == pytest.approx(truth.mean(), abs=0.01)
    high = after > 0.7
    assert truth[high].mean() == pytest.approx(after[high].mean(), abs=0.01)
