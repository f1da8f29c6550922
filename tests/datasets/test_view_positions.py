"""ViewPosition as MIMIC-CXR and BRAX have it."""

import pytest
from chex_tf_datasets.radiograph_records.row import PROJECTIONS, VIEWS
from chex_tf_datasets.radiograph_records.view_positions import describe_unknown, view_and_projection


@pytest.mark.parametrize(
    ("position", "view", "projection"),
    [
        ("AP", "frontal", "AP"),
        ("pa", "frontal", "PA"),
        ("AP AXIAL", "frontal", "AP"),
        ("PA RLD", "frontal", "PA"),
        ("LATERAL", "lateral", "none"),
        ("LL", "lateral", "LL"),
        ("RL", "lateral", "RL"),
        ("XTABLE LATERAL", "lateral", "none"),
        ("", "unknown", "none"),
        ("RAO", "unknown", "none"),
        ("SWIMMERS", "unknown", "none"),
    ],
)
def test_positions(position, view, projection):
    assert view_and_projection(position) == (VIEWS.index(view), PROJECTIONS.index(projection))


def test_another_position_is_refused_with_those_that_are_known():
    with pytest.raises(ValueError, match=r"expected AP, PA, AP AXIAL, .* or nothing; received 'upright'"):
        view_and_projection("upright")


def test_what_is_said():
    assert describe_unknown({}) == []
    assert describe_unknown({"": 15769}) == ["view unknown: 15,769 images without a position"]
    assert describe_unknown({"": 2, "RAO": 3, "LAO": 1}) == [
        "view unknown: 2 images without a position, and those neither frontal nor lateral: LAO 1, RAO 3"
    ]
