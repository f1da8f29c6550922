"""Means over steps do not depend on how steps were bundled."""

from chex_tf.training.tally import Tally


def test_a_tally_is_the_same_however_steps_are_bundled():
    losses, norms = [0.1, 0.7, 1e-9, 3.3], [1.0, 2.0, 4.0, 5.0]
    one, two = Tally(), Tally()
    one.add(losses, norms)
    for loss, norm in zip(losses, norms, strict=True):
        two.add([loss], [norm])
    assert one == two
    assert one.means()[1] == 3.0
