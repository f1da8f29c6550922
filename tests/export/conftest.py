"""A trained run as the graph that is exported."""

import pytest

from chex_tf.export import run_graph
from chex_tf.trained import members


@pytest.fixture(scope="session")
def graph(trained):
    run = members.read_run(trained)
    return run_graph.build(run, run.best[:2])
