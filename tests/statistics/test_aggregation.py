"""Studies from images, by hand."""

import numpy as np
import pytest

from chex_tf.statistics import aggregation


def test_aggregation_by_hand():
    values = np.array([[0.1, 3.0], [0.5, 1.0], [0.9, -2.0]])
    places = np.array([1, 0, 1])
    np.testing.assert_allclose(aggregation.aggregate(values, places, 2, "max"), [[0.5, 1.0], [0.9, 3.0]])
    np.testing.assert_allclose(aggregation.aggregate(values, places, 2, "mean"), [[0.5, 1.0], [0.5, 0.5]])
    with pytest.raises(ValueError, match="none"):
        aggregation.aggregate(values, places, 2, "none")


UNKNOWN = np.nan
LABELS = np.array([[1, 0, UNKNOWN], [0, 0, UNKNOWN], [UNKNOWN, 0, 0], [UNKNOWN, 1, 1], [0, 0, UNKNOWN], [0, 1, 0]])
STUDIES = np.array([0, 0, 1, 1, 2, 2])


def test_a_study_is_positive_if_an_image_is_and_negative_if_all_are():
    found = aggregation.positive_if_any(LABELS, STUDIES, 3)
    np.testing.assert_array_equal(found, [[1, 0, UNKNOWN], [UNKNOWN, 1, 1], [0, 1, UNKNOWN]])


def test_images_disagree_where_their_labels_differ_also_in_being_known():
    found = aggregation.disagreeing(LABELS, STUDIES, 3)
    np.testing.assert_array_equal(found, [[True, False, False], [False, True, True], [False, True, True]])
