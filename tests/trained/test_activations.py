"""A frozen network's layers over a split: against the run's own predictions, other weights, and itself afterwards."""

import dataclasses

import numpy as np
import pytest

from chex_tf.data.pipeline import Source
from chex_tf.data.settings import DataSettings
from chex_tf.models.heads import POOLED
from chex_tf.settings import InputError
from chex_tf.trained import members
from chex_tf.trained.activations import activations, frozen, open_films
from chex_tf.trained.run import read_run


@pytest.fixture(scope="module")
def run(trained):
    return read_run(trained)


@pytest.fixture(scope="module")
def test_films(run):
    return open_films(run, "test")


def whole(network, films, **asked):
    parts = list(activations(network, films, **asked))
    layers = {name: np.concatenate([part.layers[name] for part in parts]) for name in parts[0].layers}
    return tuple(path for part in parts for path in part.paths), layers


def test_a_head_on_the_features_gives_the_runs_own_logits(run, test_films, prepared):
    source = Source(DataSettings(data=prepared, image_size=64), "test", training=False)
    images = np.concatenate([source.batch(step, 10)["image"] for step in range(3)])
    for best in (run.best[0], run.best[1]):
        member = members.load_member(run, best)
        kernel, bias = member.get_layer("observations").get_weights()
        name = "best" if best is run.best[0] else str(best.step)
        paths, layers = whole(frozen(run, name), test_films, batch=7)
        assert paths == tuple(path.decode() for path in test_films.records.index.path)
        assert len(paths) == 30
        logits = member(run.normalisation.apply(np.repeat(images, 3, axis=-1)))
        np.testing.assert_allclose(layers[POOLED] @ kernel + bias, logits, rtol=1e-4, atol=1e-5)


def test_the_encoder_at_the_last_step_is_the_last_checkpoint(run, test_films):
    last = max(run.best, key=lambda best: best.step)
    assert last.step == 6
    assert (
        frozen(run, "last").digest()
        == frozen(run, "6").digest()
        != frozen(run, str(min(best.step for best in run.best))).digest()
    )


def test_maps_average_to_the_vectors_and_the_network_is_untouched(run, test_films):
    network = frozen(run)
    before = network.digest()
    deepest = [name for name in network.layer_names() if name != POOLED][-1]
    _, vectors = whole(network, test_films, layers=(deepest, POOLED), batch=16)
    _, maps = whole(network, test_films, layers=(deepest,), batch=16, maps=True)
    assert maps[deepest].ndim == 4
    assert maps[deepest].shape[-1] == vectors[POOLED].shape[-1]
    np.testing.assert_allclose(maps[deepest].mean((1, 2)), vectors[deepest], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(vectors[deepest], vectors[POOLED], rtol=1e-4, atol=1e-5)
    assert network.digest() == before


def test_random_weights_are_the_seeds_and_differ_from_the_trained(run):
    digests = [frozen(run, "random", seed).digest() for seed in (3, 3, 4)]
    assert digests[0] == digests[1] != digests[2]
    assert frozen(run).digest() not in digests


def test_a_run_without_observations_gives_features(run, test_films):
    heads = dataclasses.replace(run.heads, outputs=0, extra=("view",))
    assert frozen(dataclasses.replace(run, heads=heads)).digest() == frozen(run).digest()


def test_bad_names_are_refused(run, test_films):
    with pytest.raises(InputError, match=r"expected a layer of .* below its heads; received observations"):
        next(activations(frozen(run), test_films, ("observations",)))
    with pytest.raises(InputError, match="expected best, last, initial, random or a kept step; received middle"):
        frozen(run, "middle")
    with pytest.raises(InputError, match="expected ensemble, best or a kept step"):
        frozen(run, "5")


def test_initial_weights_are_those_that_training_began_with(run):
    """The fixture's run began from random weights of its seed; a run from its encoder begins with that."""
    assert frozen(run, "initial").digest() == frozen(run, "random", run.config.content["training"]["seed"]).digest()
    later = dataclasses.replace(run, model=dataclasses.replace(run.model, weights=str(run.run_dir)))
    assert frozen(later, "initial").digest() == frozen(run, "best").digest()
    assert frozen(later, "initial").origin.endswith(f"from --weights={run.run_dir}")
