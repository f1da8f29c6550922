"""metrics.csv: numbers read back as they were."""

import csv

from chex_tf.runs import metrics_file


def test_numbers_come_back_exactly_and_none_is_an_empty_cell(tmp_path):
    values = {"step": 3, "loss": 0.1 + 0.2, "auroc": float("nan")}
    metrics_file.write(tmp_path, [metrics_file.header(list(values)), metrics_file.row(values)])
    with open(tmp_path / "metrics.csv", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (int(row["step"]), float(row["loss"]), row["auroc"]) == (3, 0.1 + 0.2, "")
