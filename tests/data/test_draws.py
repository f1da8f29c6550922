"""Counter-based random numbers: a published reference, independence of keys, uniformity."""

import numpy as np
from scipy import stats

from chex_tf.data import draws
from chex_tf.data.draws import Purpose


def test_mixing_is_splitmix64():
    # First outputs of Vigna's reference program splitmix64.c for seed 0.
    states = np.array([draws._GOLDEN, 2 * draws._GOLDEN & (2**64 - 1), 3 * draws._GOLDEN & (2**64 - 1)], np.uint64)
    assert draws._mix(states).tolist() == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


def test_a_draw_depends_on_its_own_keys_alone():
    alone = draws.uniform(Purpose.FLIP, 3, 5, np.array([17]))
    among = draws.uniform(Purpose.FLIP, 3, 5, np.arange(100))
    assert alone[0] == among[17]


def test_each_key_matters():
    base = draws.bits(Purpose.FLIP, 1, 2, 3)
    for other in (
        draws.bits(Purpose.SCALE, 1, 2, 3),
        draws.bits(Purpose.FLIP, 2, 2, 3),
        draws.bits(Purpose.FLIP, 1, 3, 2),
        draws.bits(Purpose.FLIP, 1, 2, 4),
        draws.bits(Purpose.FLIP, 2**63 - 1, 2, 3),
    ):
        assert other != base


def test_uniform_and_uncorrelated():
    first = draws.uniform(Purpose.ROTATION, 0, 0, np.arange(20_000))
    next_epoch = draws.uniform(Purpose.ROTATION, 0, 1, np.arange(20_000))
    assert stats.kstest(first, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(first[:-1], first[1:])[0, 1]) < 0.03
    assert abs(np.corrcoef(first, next_epoch)[0, 1]) < 0.03
    assert first.min() >= 0
    assert first.max() < 1
