"""Do groups differ in a measure? Wald's test of equality, with the covariance that the bootstrap shows.

Variances of small groups are uncertain themselves, and Wald's chi-squared then calls equal groups different too often.
So p is that of Welch's (1951) F, which knows how many degrees of freedom each group's variance has.
"""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Interaction:
    """`statistic` is Wald's, with one degree of freedom (`freedom`) less than there are groups; `replicates` had a
    value in every group. NaN where there is no test, and `reason` says why."""

    statistic: float
    freedom: int
    p: float
    replicates: int
    reason: str = ""


def test_equality(values: np.ndarray, replicates: np.ndarray, freedoms: np.ndarray) -> Interaction:
    """From groups' values [groups] and replicates [groups, replicates], which share the resampling: a patient in two
    groups is drawn for both. `freedoms` are those of each group's variance; infinite where it is known."""
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
    variances = replicates[:, defined].var(axis=1, ddof=1)
    return Interaction(statistic, freedom, _welch_p(statistic, variances, freedoms), count)


def _welch_p(statistic: float, variances: np.ndarray, freedoms: np.ndarray) -> float:
    from scipy.special import chdtrc, fdtrc  # loads slowly, and most evaluations have no subgroups

    groups = variances.size
    shares = (1 / variances) / np.sum(1 / variances)
    uncertainty = float(np.sum((1 - shares) ** 2 / freedoms))
    if uncertainty == 0:
        return float(chdtrc(groups - 1, statistic))
    scale = (groups - 1) * (1 + 2 * (groups - 2) * uncertainty / (groups**2 - 1))
    return float(fdtrc(groups - 1, (groups**2 - 1) / (3 * uncertainty), statistic / scale))
