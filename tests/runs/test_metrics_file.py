"""metrics.csv: numbers read back as they were, and means do not depend on how steps were bundled."""

import csv

from chex_tf.runs import metrics_file


def test_numbers_come_back_exactly_and_none_is_an_empty_cell(tmp_path):
    values = {"step": 3, "loss": 0.1 + 0.2, "auroc": float("nan")}
    metrics_file.write(tmp_path, [metrics_file.header(list(values)), metrics_file.row(values)])
    with open(tmp_path / "metrics.csv", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (int(row["step"]), float(row["loss"]), row["auroc"]) == (3, 0.1 + 0.2, "")


def test_a_tally_is_the_same_however_steps_are_bundled():
    losses, norms = [0.1, 0.7, 1e-9, 3.3], [1.0, 2.0, 4.0, 5.0]
    one, two = metrics_file.Tally(), metrics_file.Tally()
    one.add(losses, norms)
    for loss, norm in zip(losses, norms, strict=True):
        two.add([loss], [norm])
    assert one == two
    assert one.means()[1] == 3.0
