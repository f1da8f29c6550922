"""How a number stands in evaluation.json: JSON has no NaN, so one that is missing is null."""

import math


def number(value: float) -> float | None:
    return None if math.isnan(value) else value
