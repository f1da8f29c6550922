"""Statistics are global: value and gradient on 2 and 4 replicas and on two workers are those of one device."""

import pathlib

import numpy as np
import pytest

HERE = pathlib.Path(__file__).parent


@pytest.fixture(scope="module")
def found(in_processes, tmp_path_factory):
    """Replicas -> loss and gradients by case; `workers` is of two of them."""
    out, script = tmp_path_factory.mktemp("gradients"), HERE / "replica_gradients.py"
    in_processes(script, *((str(out), str(count)) for count in (1, 2, 4)))
    in_processes(script, (str(out), "1"), (str(out), "1"), workers=True)
    parts = [dict(np.load(out / f"worker{place}.npz")) for place in (0, 1)]
    of_workers = {
        name: parts[0][name] if name.endswith("/loss") else np.concatenate([part[name] for part in parts])
        for name in parts[0]
    }
    return {**{count: dict(np.load(out / f"{count}.npz")) for count in (1, 2, 4)}, "workers": of_workers}


@pytest.mark.slow
@pytest.mark.parametrize("replicas", [2, 4, "workers"])
def test_value_and_gradient_are_those_of_one_device(found, replicas):
    assert len(found[1]) == 36
    for name, expected in found[1].items():
        scale = np.abs(expected).max()
        np.testing.assert_allclose(found[replicas][name], expected, rtol=2e-5, atol=2e-6 * scale, err_msg=name)


@pytest.mark.slow
def test_replicas_and_workers_take_the_step_of_one_device(in_processes, tmp_path):
    """Two steps of the whole network with LARS: weights, moving statistics and momentum, to the rounding of float32.
    A larger rate would let that rounding grow: what it changes in the first step changes the second."""
    script = HERE / "take_pair_steps.py"
    in_processes(script, (str(tmp_path), "1"), (str(tmp_path), "2"))
    in_processes(script, (str(tmp_path), "4"))
    in_processes(script, (str(tmp_path), "1"), (str(tmp_path), "1"), workers=True)
    one, *others = (dict(np.load(tmp_path / f"{name}.npz")) for name in ("1-1", "2-1", "4-1", "2-2"))
    assert {"momentum/projector_1/kernel", "weight/projector_1_norm/moving_mean", "weight/embedding/kernel"} <= {*one}
    for other in others:
        assert other.keys() == one.keys()
        for name, expected in one.items():
            np.testing.assert_allclose(
                other[name], expected, rtol=0, atol=2e-4 * np.abs(expected).max() + 1e-9, err_msg=name
            )
