"""Counts of films, patients and labels by subgroup, all counted by hand."""

import numpy as np

from chex_tf.audit import subgroups


def test_counts_by_sex_age_view_and_projection(make_films):
    films = make_films(
        [("train", "a", "1"), ("train", "a", "2"), ("train", "b", "1"), ("test", "c", "1")],
        labels=[[1, 0], [0, -1], [1, -2], [0, -3]],
        sex=["female", "female", "male", "unknown"],
        age=[39, 40, 80, -1],
        view=["frontal", "lateral", "frontal", "frontal"],
        projection=["AP", "none", "PA", "AP"],
    )
    found = {(one.part, one.variable, one.name): one for one in subgroups.count(films, (40, 60, 80))}
    whole = found["train", "all", "all"]
    assert (whole.films, whole.patients) == (3, 2)
    assert whole.classes == {"Edema": (2, 1, 0, 0), "Fracture": (0, 1, 1, 1)}
    assert (found["train", "sex", "female"].films, found["train", "sex", "female"].patients) == (2, 1)
    assert found["train", "age", "below 40"].classes["Edema"] == (1, 0, 0, 0)
    assert found["train", "age", "40 to 59"].films == 1
    assert ("train", "age", "60 to 79") not in found
    assert found["train", "age", "80 and above"].patients == 1
    assert found["train", "projection", "none"].films == found["train", "view", "lateral"].films == 1
    # The test set does not have the task Fracture at all.
    assert found["test", "all", "all"].classes == {"Edema": (0, 1, 0, 0)}
    words = {(one.variable, one.name): one.words for one in found.values()}
    assert words["age", "unknown"] == "age unknown"
    assert words["sex", "unknown"] == "sex unknown"
    assert words["projection", "none"] == "projection none"
    assert words["sex", "male"] == "male"


def test_bands_begin_at_their_edges():
    found = subgroups.bands(np.array([0, 39, 40, 59, 60, 95, -1]), (40, 60))
    assert found.tolist() == ["below 40", "below 40", "40 to 59", "40 to 59", *["60 and above"] * 2, "unknown"]
