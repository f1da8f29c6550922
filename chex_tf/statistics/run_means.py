"""How far a weighted sum of means of runs may be off: Student's interval over runs, Welch's for several means."""

import math
from collections.abc import Sequence

import numpy as np

from chex_tf.statistics import student
from chex_tf.statistics.bootstrap import LOW

Terms = Sequence[tuple[float, np.ndarray]]


def half_width(terms: Terms, is_paired: bool = False, added: Sequence[float] = ()) -> float:
    """Of the 95% interval; `added` has for each term a variance that its runs have beside what they show. Paired, run
    k of every term goes with run k of the others. A term needs two runs."""
    added = added or [0.0] * len(terms)
    if is_paired:
        summed = np.sum([weight * values for weight, values in terms], axis=0)
        more = sum(weight**2 * one for (weight, _), one in zip(terms, added, strict=True))
        variance, degrees = (float(summed.var(ddof=1)) + more) / summed.size, summed.size - 1.0
    else:
        parts = [
            weight**2 * (float(values.var(ddof=1)) + one) / values.size
            for (weight, values), one in zip(terms, added, strict=True)
        ]
        variance = sum(parts)
        if variance == 0:
            return 0.0
        degrees = variance**2 / sum(part**2 / (one.size - 1) for part, (_, one) in zip(parts, terms, strict=True))
    return student.quantile(1 - LOW, degrees) * math.sqrt(variance)
