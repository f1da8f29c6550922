"""The order of several sources' films: shares, permutations, and no film before its turn."""

import numpy as np
import pytest

from chex_tf.data import mixed_order, order
from chex_tf.data.mixed_order import MixedOrder, places_of_pass


def test_places_are_shared_out_by_weight_with_the_largest_remainders_up():
    assert places_of_pass((30, 10), ()) == (30, 10)
    assert places_of_pass((30, 10), (1.0, 1.0)) == (20, 20)
    # 10 places by 1:1:1 are 3.33 each: the first takes the tenth. By 2:1:1 they are 5, 2.5 and 2.5.
    assert places_of_pass((5, 3, 2), (1.0, 1.0, 1.0)) == (4, 3, 3)
    assert places_of_pass((5, 3, 2), (2.0, 1.0, 1.0)) == (5, 3, 2)
    assert places_of_pass((1000, 1), (1e-9, 1.0)) == (0, 1001)


def test_without_weights_a_pass_has_every_film_once():
    made = MixedOrder((5, 3), (5, 3), seed=4)
    films, epochs = made.stream(0, 24)
    for number in range(3):
        assert sorted(films[8 * number : 8 * number + 8]) == list(range(8))
        assert set(epochs[8 * number : 8 * number + 8].tolist()) == {number}
    assert films[:8].tolist() != films[8:16].tolist()


def test_every_pass_has_each_sources_share_and_no_film_comes_again_before_all_of_its_source():
    made = MixedOrder((7, 3), (4, 6), seed=1)
    films, epochs = made.stream(0, 210)  # 21 passes of 10: 84 draws of 7 films, 126 of 3
    assert np.bincount(films).tolist() == [12] * 7 + [42] * 3
    for number in range(21):
        of_pass = films[10 * number : 10 * number + 10]
        assert (of_pass < 7).sum() == 4
    for source, size in ((films < 7, 7), (films >= 7, 3)):
        drawn, since = films[source], epochs[source]
        for epoch in range(int(since.max())):
            assert len(set(drawn[since == epoch].tolist())) == size  # each once in an epoch of its source
        assert len(drawn[since == 0]) == size


def test_any_part_of_the_stream_is_the_same_whatever_was_read_before():
    made = MixedOrder((9, 4, 2), (5, 5, 5), seed=8)
    films, epochs = made.stream(0, 100)
    mixed_order._pass.cache_clear()
    mixed_order._permutation.cache_clear()
    for start, stop in ((37, 52), (0, 3), (99, 100), (14, 16)):
        again = MixedOrder((9, 4, 2), (5, 5, 5), seed=8).stream(start, stop)
        assert [part.tolist() for part in again] == [films[start:stop].tolist(), epochs[start:stop].tolist()]
    assert MixedOrder((9, 4, 2), (5, 5, 5), seed=9).stream(0, 100)[0].tolist() != films.tolist()


def test_sources_are_spread_over_a_pass():
    """Where the ten places of the rarer source fall among 100: the mean of many is the middle."""
    made = MixedOrder((90, 10), (90, 10), seed=3)
    films, _ = made.stream(0, 100 * 200)
    places = np.flatnonzero(films >= 90) % 100
    assert places.mean() == pytest.approx(49.5, abs=3 * 28.9 / np.sqrt(2000))
    assert len(set(places[:10].tolist()) & set(places[10:20].tolist())) < 10


def test_shards_side_by_side_are_the_global_batch():
    made = MixedOrder((9, 4), (6, 7), seed=2)
    whole, _ = order.training_rows(made, 5, 6, slice(0, 6))
    parts = [order.training_rows(made, 5, 6, order.shard_rows(6, shard, 3))[0] for shard in range(3)]
    assert np.concatenate(parts).tolist() == whole.tolist()
