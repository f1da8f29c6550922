"""Pools of runs as part of evaluation.json."""

from typing import Any

from chex_tf.evaluation.json_numbers import number
from chex_tf.evaluation.pools import Pooled, PooledValue
from chex_tf.statistics.several_seeds import OverSeeds


def pools(pooled: Pooled) -> dict[str, Any]:
    """By pool; its measures by task as a model's are."""
    found: dict[str, Any] = {
        one.name: {"made_of": one.made_of, "runs": list(one.runs), "seeds": one.seeds} for one in pooled.pools
    }
    for value in pooled.values:
        found[value.pool.name].setdefault(value.measure, {})[value.task] = _value(value)
    return found


def _value(one: PooledValue) -> dict[str, Any]:
    return {
        "value": number(one.over.value),
        "low": number(one.interval.low),
        "high": number(one.interval.high),
        "runs": {name: number(value) for name, value in zip(one.pool.runs, one.values, strict=True)},
        "deviation_of_seeds": number(one.deviation_of_seeds),
        "seed_share": _share(one.over),
        **({"reason": one.interval.reason} if one.interval.reason else {}),
    }


def _share(over: OverSeeds) -> dict[str, float | None]:
    low, high = over.seed_share_interval
    return {"value": number(over.seed_share), "low": number(low), "high": number(high)}


def differences(pooled: Pooled) -> list[dict[str, Any]]:
    return [
        {
            "a": one.a,
            "b": one.b,
            "measure": one.measure,
            "task": one.task,
            "value": number(one.over.value),
            "low": number(one.interval.low),
            "high": number(one.interval.high),
            "p": number(one.p),
            "p_holm": number(one.p_holm),
            "significant": one.is_significant,
            "seed_share": _share(one.over),
        }
        for one in pooled.differences
    ]
