"""Pairs: the second view is another picture of the image or another film of its patient; evaluation's never change."""

import dataclasses

import numpy as np
import pytest

from chex_tf.data.settings import DataSettings
from chex_tf.pretraining import feed
from chex_tf.settings import InputError
from chex_tf.training.distribution import Machine


@pytest.fixture(scope="module")
def data(prepared):
    return DataSettings(data=prepared, image_size=64, flip=0.5, rotation=10, brightness=0.1, data_seed=3)


def batches(dataset):
    return [{name: value.numpy() for name, value in batch.items()} for batch in dataset]


def opened(data, pairs="image", validation_pairs=2048, batch=8):
    return feed.open_feed(data, batch, "valid", pairs, validation_pairs)


ONE = Machine(None, 0, 1, 1)


def test_two_views_of_an_image_are_drawn_apart(data):
    (batch,) = batches(opened(data).training(2, ONE).take(1))
    assert (batch["index"] == batch["second_index"]).all()
    assert (batch["image"] != batch["second_image"]).any(axis=(1, 2, 3)).all()
    assert {*batch} == {"image", "second_image", "index", "second_index", "weight"}


def test_the_same_step_gives_the_same_views_anywhere(data):
    whole = batches(opened(data).training(0, ONE).take(3))[2]
    (begun,) = batches(opened(data).training(2, ONE).take(1))
    halves = [batches(opened(data).training(2, Machine(None, worker, 2, 2)).take(1))[0] for worker in (0, 1)]
    for name, value in whole.items():
        assert np.array_equal(begun[name], value)
        assert np.array_equal(np.concatenate([half[name] for half in halves]), value)


def test_evaluation_has_the_same_augmented_pairs_whatever_the_seed(data):
    found = batches(opened(data).evaluation(ONE))
    for other in (opened(data), opened(dataclasses.replace(data, data_seed=9))):
        for one, again in zip(found, batches(other.evaluation(ONE)), strict=True):
            for name, value in one.items():
                assert np.array_equal(again[name], value), name
    assert sum(batch["weight"].sum() for batch in found) == 21
    assert (found[0]["image"] != found[0]["second_image"]).any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize("pairs", [2, 10, 16])
def test_evaluation_ends_after_the_pairs_that_are_wanted(data, pairs):
    found = batches(opened(data, validation_pairs=pairs).evaluation(ONE))
    assert len(found) == -(-pairs // 8)
    kept = np.concatenate([batch["index"][batch["weight"] > 0] for batch in found])
    assert kept.tolist() == list(range(pairs))


def test_a_film_of_the_same_patient_where_there_is_one(data, prepared):
    test = feed.open_feed(data, 8, "test", "patient", 2048)  # whose patients have two films each, training's have one
    found = batches(test.evaluation(ONE))
    index, second = (np.concatenate([batch[name] for batch in found])[:30] for name in ("index", "second_index"))
    patient = test.valid.records.index.patient
    assert (index != second).all()
    assert (patient[index] == patient[second]).all()
    assert test.partnered(test.valid) == 30
    assert test.partnered(test.train) == 0
    (batch,) = batches(test.training(0, ONE).take(1))
    assert (batch["index"] == batch["second_index"]).all()
    assert (batch["image"] != batch["second_image"]).any(axis=(1, 2, 3)).all()
    assert test.records()["valid"]["partnered"] == 30


def test_labels_that_the_data_lack_do_not_matter(data):
    """No policy is applied, whatever the settings say."""
    assert len(opened(dataclasses.replace(data, uncertain="ones", tasks=("competition",))).train) == 96


def test_the_distortions_of_two_views_are_fed_too(data):
    plain = {"flip": 0.0, "rotation": 0.0, "brightness": 0.0}
    distorted = dataclasses.replace(data, augmentation="two_views", **plain)
    first, again = (batches(opened(distorted).training(0, ONE).take(1))[0] for _ in range(2))
    assert (first["image"] != first["second_image"]).any(axis=(1, 2, 3)).all()
    assert np.array_equal(first["image"], again["image"])
    assert "the two distortions of Barlow Twins and VICReg" in " ".join(opened(distorted).train.describe_images())


def test_the_split_learned_from_ranks_no_checkpoints(data):
    with pytest.raises(InputError, match="another split than the one learned from"):
        feed.open_feed(data, 8, "train", "image", 10)
