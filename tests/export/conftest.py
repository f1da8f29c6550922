"""A trained run as the graph that is exported."""

import pytest

from chex_tf.export import network
from chex_tf.training import ensemble


@pytest.fixture(scope="session")
def graph(trained):
    run = ensemble.read_run(trained)
    return network.build(run, run.best[:2])
