"""Which models are compared, and their paired differences."""

import math
from collections.abc import Mapping, Sequence

from chex_tf.evaluation import measures
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.settings import InputError, nearest
from chex_tf.statistics import comparison
from chex_tf.statistics.measure import Key, Sampled


def asked_for(names: Sequence[str], settings: EvaluationSettings) -> list[tuple[str, str]]:
    """The pairs of --compare as they stand there, then with --paired all others."""
    asked: list[tuple[str, str]] = []
    for pair in settings.compare:
        first, second = pair.split(":")
        for name in (first, second):
            if name not in names:
                raise InputError(f"expected names of models; received {name}{nearest(name, names)}", "compare")
        if first == second:
            raise InputError(f"expected two models; received {first} twice", "compare")
        asked.append((first, second))
    if settings.paired:
        known = set(asked)
        every = [(a, b) for place, a in enumerate(names) for b in names[place + 1 :]]
        asked += [(a, b) for a, b in every if (a, b) not in known and (b, a) not in known]
    return list(dict.fromkeys(asked))


def differences(
    pairs: Sequence[tuple[str, str]], tasks: Sequence[str], sampled: Mapping[Key, Sampled]
) -> tuple[comparison.Difference, ...]:
    """On every task of `tasks`, the mean among them, where both models have a value. Holm's adjustment covers the
    pairs of one measure on one task."""
    found: list[comparison.Difference] = []
    for measure in measures.MEASURES:
        for task in tasks if measure.is_compared else ():
            known = [pair for pair in pairs if all(_has_value((name, measure, task), sampled) for name in pair)]
            found += comparison.adjust(comparison.differences(measure, task, known, sampled))
    return tuple(found)


def _has_value(key: Key, sampled: Mapping[Key, Sampled]) -> bool:
    return key in sampled and not math.isnan(sampled[key].value)
