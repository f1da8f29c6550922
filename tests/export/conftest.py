"""A trained run as the graph that is exported."""

import pytest

from chex_tf.data.stored import Stored
from chex_tf.export import run_graph
from chex_tf.trained.run import read_run
from chex_tf.trained.view import view_of


@pytest.fixture(scope="session")
def graph(trained):
    run = read_run(trained)
    return run_graph.build(run, run.best[:2], view_of(run, Stored()))
