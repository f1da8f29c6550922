"""Do groups differ in a measure? Wald's test of equality, with the covariance that the bootstrap shows."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Interaction:
    """`statistic` is chi-squared with `freedom` degrees of freedom if all groups have the same value; `replicates`
    had a value in every group. NaN where there is no test, and `reason` says why."""

    statistic: float
    freedom: int
    p: float
    replicates: int
    reason: str = ""


def test_equality(values: np.ndarray, replicates: np.ndarray) -> Interaction:
    """From groups' values [groups] and replicates [groups, replicates], which share the resampling: a patient in two
    groups is drawn for both."""
    freedom = values.size - 1
    if freedom < 1:
        return Interaction(np.nan, 0, np.nan, 0, "fewer than two groups are large enough")
    defined = ~np.isnan(replicates).any(axis=0)
    count = int(defined.sum())
    if np.isnan(values).any() or count < 20 * freedom:
        return Interaction(np.nan, freedom, np.nan, count, "too few replicates have a value in every group")
    contrasts = values[1:] - values[0]
    spread = np.atleast_2d(np.cov(replicates[1:, defined] - replicates[0, defined]))
    scale = np.sqrt(np.diag(spread))
    if (scale == 0).any() or np.linalg.matrix_rank(spread / np.outer(scale, scale)) < freedom:
        return Interaction(np.nan, freedom, np.nan, count, "some groups' values do not vary over the replicates")
    statistic = float(contrasts @ np.linalg.solve(spread, contrasts))
    from scipy.special import chdtrc  # loads slowly, and most evaluations have no subgroups

    return Interaction(statistic, freedom, float(chdtrc(freedom, statistic)), count)
