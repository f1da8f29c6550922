"""The similarities by name."""

import dataclasses
from collections.abc import Callable

from chex_tf.similarity import alignment, correlation
from chex_tf.similarity.moments import Pair


@dataclasses.dataclass(frozen=True)
class Statistic:
    """`of` takes a pair of layers and the share of variance that SVCCA keeps. None exceeds 1 or is below `least`."""

    name: str
    words: str
    of: Callable[[Pair, float], float]
    least: float = 0.0


def _svcca(pair: Pair, share: float) -> float:
    return correlation.svcca(pair, kept(pair, share))


def kept(pair: Pair, share: float) -> tuple[int, int]:
    """How many principal components of either side hold the share of its variance."""
    return correlation.components_for(pair.first, share), correlation.components_for(pair.second, share)


DEBIASED = "cka"
SVCCA = "svcca"
STATISTICS = {
    one.name: one
    for one in (
        Statistic(DEBIASED, "linear CKA, debiased", lambda pair, share: alignment.debiased(pair), -1.0),
        Statistic("cka_biased", "linear CKA, biased", lambda pair, share: alignment.biased(pair)),
        Statistic("cca", "mean CCA", lambda pair, share: correlation.mean_cca(pair)),
        Statistic(SVCCA, "SVCCA", _svcca),
        Statistic("pwcca", "projection-weighted CCA", lambda pair, share: correlation.pwcca(pair)),
        Statistic(
            "pwcca_code",
            "projection-weighted CCA as published code has it",
            lambda pair, share: correlation.pwcca_code(pair),
        ),
    )
}
