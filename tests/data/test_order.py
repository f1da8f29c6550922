"""Order: permutations, resumption in the middle, shards that join to the same batch, evaluation that counts all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chex_tf.data import order
from chex_tf.data.order import Order

SHUFFLES = ("full", "blocks", "none")


@pytest.mark.parametrize("shuffle", SHUFFLES)
@pytest.mark.parametrize("examples", [1, 2, 64, 65, 1000])
def test_an_epoch_has_every_image_once(shuffle, examples):
    for epoch in range(2):
        assert sorted(Order(examples, 7, shuffle, block=8, window=4).epoch(epoch)) == list(range(examples))


@pytest.mark.parametrize("shuffle", ["full", "blocks"])
def test_epochs_and_seeds_differ_and_repeat(shuffle):
    epoch = Order(200, 1, shuffle, block=8, window=4).epoch(0)
    assert not np.array_equal(epoch, np.arange(200))
    assert not np.array_equal(epoch, Order(200, 1, shuffle, block=8, window=4).epoch(1))
    assert not np.array_equal(epoch, Order(200, 2, shuffle, block=8, window=4).epoch(0))
    order._epoch.cache_clear()
    assert np.array_equal(epoch, Order(200, 1, shuffle, block=8, window=4).epoch(0))


def test_blocks_stay_together_in_their_window_and_are_mixed_within():
    epoch = Order(320, 0, "blocks", block=8, window=4).epoch(0)
    windows = epoch.reshape(10, 32)
    for window in windows:
        blocks, sizes = np.unique(window // 8, return_counts=True)
        assert (len(blocks), set(sizes.tolist())) == (4, {8})
        assert not np.array_equal(window, np.sort(window))
    assert len({tuple(np.unique(window // 8)) for window in windows}) == 10


def test_the_full_shuffle_is_uniform():
    # Where image 0 of 8 ends over 4,000 epochs: chi-square with 7 degrees, 24.3 is its 99.9th percentile.
    places = [int(np.flatnonzero(Order(8, 5).epoch(epoch) == 0)[0]) for epoch in range(4000)]
    counts = np.bincount(places, minlength=8)
    assert ((counts - 500) ** 2 / 500).sum() < 24.3


def test_a_stream_runs_on_from_epoch_to_epoch():
    examples, epochs = Order(5, 0).stream(3, 12)
    assert epochs.tolist() == [0, 0, 1, 1, 1, 1, 1, 2, 2]
    whole = np.concatenate([Order(5, 0).epoch(epoch) for epoch in range(3)])
    assert examples.tolist() == whole[3:12].tolist()


@given(
    examples=st.integers(1, 50), rows=st.integers(1, 6), shards=st.sampled_from([1, 2, 4]), step=st.integers(0, 30),
    shuffle=st.sampled_from(SHUFFLES),
)  # fmt: skip
def test_shards_side_by_side_are_the_global_batch(examples, rows, shards, step, shuffle):
    batch, made = rows * shards, Order(examples, 3, shuffle)
    whole, _ = order.training_rows(made, step, batch, order.shard_rows(batch, 0, 1))
    parts = [order.training_rows(made, step, batch, order.shard_rows(batch, n, shards))[0] for n in range(shards)]
    assert np.concatenate(parts).tolist() == whole.tolist()


@given(examples=st.integers(1, 60), rows=st.integers(1, 8), shards=st.sampled_from([1, 2, 4]))
def test_evaluation_counts_every_image_once(examples, rows, shards):
    batch = rows * shards
    counted = np.zeros(examples)
    for step in range(order.evaluation_batches(examples, batch)):
        for shard in range(shards):
            found, weight = order.evaluation_rows(examples, step, batch, order.shard_rows(batch, shard, shards))
            assert len(found) == rows
            np.add.at(counted, found, weight)
    assert (counted == 1).all()


def test_a_batch_that_does_not_divide_is_refused():
    with pytest.raises(ValueError, match="4 shards divide evenly; received 6"):
        order.shard_rows(6, 0, 4)


@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("start", [0, 5, 23])
def test_every_window_is_named_before_it_is_read(start, shards):
    made = Order(100, 0, "blocks", block=4, window=3)
    rows = order.shard_rows(4, shards - 1, shards)
    named = {example for ahead in (0, 1) for example in order.window(made, start, 4, rows, ahead).tolist()}
    for step in range(start, start + 60):
        if order.opens_window(made, step, 4):
            named |= set(order.window(made, step, 4, rows, ahead=1).tolist())
        wanted, _ = order.training_rows(made, step, 4, rows)
        assert set(wanted.tolist()) <= named, step
