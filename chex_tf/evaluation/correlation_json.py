"""Rank correlations and families' spread as they stand in evaluation.json."""

import math
from collections.abc import Mapping
from typing import Any

from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.family_spread import Component, FamilySpread
from chex_tf.statistics.noisy_correlation import NO_INTERVAL
from chex_tf.statistics.permutation import PermutationP
from chex_tf.statistics.rank_correlation import Correlation


def as_json(
    correlations: Mapping[str, Correlation] | None, spread: Mapping[str, FamilySpread] | None
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    if correlations is not None:
        result["rank_correlation"] = {name: _correlation(found) for name, found in correlations.items()}
    for arm, found in (spread or {}).items():  # "" for models given as files
        result[f"families_{arm}" if arm else "families"] = _spread(found)
    return result


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _interval(interval: Interval | None) -> dict[str, Any] | None:
    if interval is None:
        return None
    found = {"low": _number(interval.low), "high": _number(interval.high)}
    return {**found, "reason": interval.reason} if interval.reason else found


def _p(p: PermutationP) -> dict[str, Any]:
    return {"p": _number(p.p), "orders": p.orders, "exact": p.is_exact}


def _correlation(found: Correlation) -> dict[str, Any]:
    families, noisy = found.by_family, found.without_noise
    return {
        "rho": _number(found.rho),
        **_p(found.p),
        "models": found.models,
        "effective_models": found.effective_models,
        "over_models": _interval(found.over_models),
        "by_family": families and {"rho": _number(families.rho), **_p(families.p), "families": families.families},
        "without_noise": noisy
        and {
            "rho": _number(noisy.rho),
            "reliability": _number(noisy.reliability),
            "no_interval": NO_INTERVAL,
        },
    }


def _component(component: Component) -> dict[str, Any]:
    return {"value": _number(component.value), **(_interval(component.interval) or {})}


def _spread(spread: FamilySpread) -> dict[str, Any]:
    return {
        "largest_minus_smallest": {
            name: {"value": _number(value), **(_interval(interval) or {})}
            for name, (value, interval) in spread.growth.items()
        },
        "between": _component(spread.between),
        "within": _component(spread.within),
        "p": _number(spread.p),
        "labellings": spread.labellings,
        "families": spread.families,
    }
