"""The linear probe against scikit-learn's own pipeline."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chex_tf.probing import linear


def drawn(rows, seed):
    generator = np.random.default_rng(seed)
    features = generator.normal(5, 3, (rows, 8))
    labels = (features[:, 0] - 5 + generator.normal(0, 3, rows) > 0).astype(float)
    return features, labels


def test_scores_and_choice_are_scikit_learns():
    train, validation, (test, _) = drawn(80, 0), drawn(60, 1), drawn(50, 2)
    models = [make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=1000)) for c in linear.GRID]
    areas = [roc_auc_score(validation[1], model.fit(*train).predict_proba(validation[0])[:, 1]) for model in models]
    best = int(np.argmax(areas))
    found = linear.fit(train, validation, test)
    assert found.chosen == linear.GRID[best]
    assert found.converged
    np.testing.assert_allclose(found.scores, models[best].predict_proba(test)[:, 1], rtol=1e-6)


def test_rows_without_a_label_are_neither_fitted_nor_standardised_by():
    train, validation, (test, _) = drawn(80, 0), drawn(60, 1), drawn(50, 2)
    more = np.vstack([train[0], np.full((5, 8), 1e6)]), np.append(train[1], [np.nan] * 5)
    np.testing.assert_array_equal(linear.fit(more, validation, test).scores, linear.fit(train, validation, test).scores)


def test_labels_on_the_features_are_found_and_scores_stay_probabilities():
    labels = np.arange(40) % 2 * 1.0
    features = np.stack([labels * 1e3, np.ones(40)], axis=1)  # the second says nothing, and has no deviation
    found = linear.fit((features, labels), (features, labels), features, grid=(1e9,))
    assert roc_auc_score(labels, found.scores) == 1
    assert found.scores.min() > 0
    assert found.scores.max() < 1


def test_a_class_that_is_missing_is_said_and_every_score_is_one_half():
    features = np.zeros((4, 2))
    both, one = np.array([0.0, 1, 0, 1]), np.array([0.0, 0, np.nan, 0])
    for train, validation, says in ((one, both, "no positive to fit on"), (both, one, "no positive on validation")):
        found = linear.fit((features, train), (features, validation), features)
        assert found.reason == says
        assert found.scores.tolist() == [0.5] * 4
        assert np.isnan(found.chosen)


def test_a_fit_that_did_not_converge_is_marked(monkeypatch):
    monkeypatch.setattr(linear, "MOST_ITERATIONS", 1)
    train, validation, (test, _) = drawn(80, 0), drawn(60, 1), drawn(50, 2)
    assert not linear.fit(train, validation, test, grid=(1.0,)).converged
