"""Do families of models differ in AUROC by more than models of one family do, and by more than the test set's noise?

Of a model's AUROC, one part is its family's, one its own, and one the noise of this test set. The first two have
standard deviations that are estimated by restricted maximum likelihood, with the noise's covariance known from paired
replicates. Their intervals are those of the profile likelihood, which reach down to 0 where 0 is plausible.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from chex_tf.statistics.bootstrap import HIGH, Interval, percentile_interval
from chex_tf.statistics.noisy_correlation import contrasts, noise_covariance

FEWEST_FAMILIES = 3
DRAWN_LABELLINGS = 9_999
# Standard deviations tried, in units of the values' own.
TRIED = np.concatenate([[0.0], np.geomspace(0.05, 10, 40)])


@dataclasses.dataclass(frozen=True)
class Component:
    """A standard deviation."""

    value: float
    interval: Interval


@dataclasses.dataclass(frozen=True)
class FamilySpread:
    """`growth`: largest model's value minus the smallest's, by family (CheXtransfer, section 4.1). `between` families
    and `within` a family are without the test set's noise. `p` is the share of ways to deal the models to families of
    these sizes in which families' means differ as much as they do, counted over `labellings` drawn ones and this one;
    NaN where there is nothing to deal."""

    growth: dict[str, tuple[float, Interval | None]]
    between: Component
    within: Component
    p: float
    labellings: int
    families: int


def family_spread(
    families: Sequence[str],
    parameters: Sequence[float],
    values: Sequence[float] | np.ndarray,
    replicates: np.ndarray | None = None,
    seed: int = 0,
) -> FamilySpread:
    """`replicates` [replicates, models] are the values over the resampled test set; without them there is no noise."""
    sizes = np.asarray(parameters, dtype=np.float64)
    table = np.asarray(values, dtype=np.float64)
    members = {name: np.flatnonzero([family == name for family in families]) for name in dict.fromkeys(families)}

    def growth(rows: np.ndarray) -> tuple[float, Interval | None]:
        largest, smallest = rows[np.argmax(sizes[rows])], rows[np.argmin(sizes[rows])]
        resampled = None if replicates is None else replicates[:, largest] - replicates[:, smallest]
        return float(table[largest] - table[smallest]), None if resampled is None else percentile_interval(resampled)

    belongs = np.array([[family == name for name in members] for family in families], dtype=np.float64)
    noise = np.zeros((table.size, table.size)) if replicates is None else noise_covariance(replicates)
    between, within = components(table, belongs, noise)
    p, labellings = permutation_p(table, belongs, seed)
    return FamilySpread(
        {name: growth(rows) for name, rows in members.items() if rows.size > 1},
        between,
        within,
        p,
        labellings,
        len(members),
    )


def components(values: np.ndarray, belongs: np.ndarray, noise: np.ndarray) -> tuple[Component, Component]:
    """Standard deviations between and within families; `belongs` [models, families] of 0 and 1."""
    models, families = belongs.shape
    reason = ""
    if families < FEWEST_FAMILIES:
        reason = f"fewer than {FEWEST_FAMILIES} families"
    elif families == models:
        reason = "no family has two models"
    elif np.ptp(values) == 0:
        reason = "all values are equal"
    if reason:
        nothing = Component(math.nan, Interval(math.nan, math.nan, 0, reason))
        return nothing, nothing
    turned = contrasts(models)
    observed = turned @ values
    tried = TRIED * math.sqrt(float(np.mean(observed**2)))
    alike = turned @ belongs
    alike = alike @ alike.T
    own, known = np.eye(models - 1), turned @ noise @ turned.T

    def deviances(between: float, within: np.ndarray) -> np.ndarray:
        covariance = between**2 * alike + within[:, np.newaxis, np.newaxis] ** 2 * own + known
        # Without noise, families alone do not explain models that differ, nor does nothing at all.
        usable = np.linalg.eigvalsh(covariance)[:, 0] > 1e-9 * float(np.mean(observed**2))
        found = np.full(within.size, math.inf)
        _, size = np.linalg.slogdet(covariance[usable])
        solved = np.linalg.solve(covariance[usable], observed[np.newaxis, :, np.newaxis])[..., 0]
        found[usable] = size + solved @ observed
        return found

    from scipy import optimize, special  # load slowly, and most evaluations have no families

    grid = np.array([deviances(between, tried) for between in tried])
    place = np.unravel_index(np.argmin(grid), grid.shape)
    best = optimize.minimize(
        lambda pair: float(deviances(pair[0], pair[1:])[0]), tried[list(place)], method="Nelder-Mead"
    )
    # Student's t in place of the normal, or the interval within families would be too short for so few models.
    reach = float(special.stdtrit(models - families, HIGH)) ** 2
    profiles = grid.min(axis=1), grid.min(axis=0)
    between, within = (
        Component(abs(float(value)), _where_below(profile - best.fun - reach, tried))
        for value, profile in zip(best.x, profiles, strict=True)
    )
    return between, within


def _where_below(above: np.ndarray, tried: np.ndarray) -> Interval:
    """From the lowest to the highest standard deviation at which `above` is not above zero, between tried ones along a
    straight line."""

    def crossing(inside: int, outside: int) -> float:
        if math.isinf(above[outside]):
            return float(tried[inside])
        share = above[inside] / (above[inside] - above[outside])
        return float(tried[inside] + share * (tried[outside] - tried[inside]))

    inside = np.flatnonzero(above <= 0)
    first, last = int(inside[0]), int(inside[-1])
    low = float(tried[0]) if first == 0 else crossing(first, first - 1)
    if last == tried.size - 1:
        return Interval(math.nan, math.nan, 0, "it has no upper end")
    return Interval(low, crossing(last, last + 1))


def permutation_p(values: np.ndarray, belongs: np.ndarray, seed: int) -> tuple[float, int]:
    """The families' sum of squares is as good as F for this, since the total does not change."""
    models, families = belongs.shape
    if families < 2 or families == models or np.ptp(values) == 0:
        return math.nan, 0
    centred = values - values.mean()
    weights = belongs / np.sqrt(belongs.sum(axis=0))
    orders = np.random.default_rng(seed).permuted(np.broadcast_to(centred, (DRAWN_LABELLINGS, models)), axis=1)
    drawn = np.sum((orders @ weights) ** 2, axis=1)
    observed = float(np.sum((centred @ weights) ** 2))
    reached = int(np.sum(drawn >= observed * (1 - 1e-12)))  # the same labelling by another order of addition
    return (reached + 1) / (DRAWN_LABELLINGS + 1), DRAWN_LABELLINGS
