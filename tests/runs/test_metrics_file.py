"""metrics.csv: numbers read back as they were."""

import csv

from chex_tf.runs import metrics_file


def test_numbers_come_back_exactly_and_none_is_an_empty_cell(tmp_path):
    values = {"step": 3, "loss": 0.1 + 0.2, "auroc": float("nan")}
    metrics_file.write(tmp_path, [metrics_file.header(list(values)), metrics_file.row(values)])
    with open(tmp_path / "metrics.csv", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (int(row["step"]), float(row["loss"]), row["auroc"]) == (3, 0.1 + 0.2, "")


def test_rows_of_a_former_version_get_empty_cells_for_what_they_lack(tmp_path):
    names = ["step", "auroc", "auroc/sex", "age_error_years"]
    rows = [*metrics_file.widened(["1,", "2,0.5"], names), "3,0.5,0.75,9.5"]
    metrics_file.write(tmp_path, [metrics_file.header(names), *rows])
    with open(tmp_path / "metrics.csv", newline="") as stream:
        found = [list(row.values()) for row in csv.DictReader(stream)]
    assert found == [["1", "", "", ""], ["2", "0.5", "", ""], ["3", "0.5", "0.75", "9.5"]]
    assert metrics_file.widened(["3,0.5,0.75,9.5"], names) == ["3,0.5,0.75,9.5"]


def test_tasks_of_any_name_head_their_columns_and_none_is_a_formula(tmp_path):
    names = ["step", 'auroc/a "b", c', "=1+1", "-x"]
    metrics_file.write(tmp_path, [metrics_file.header(names), "1,0.5,0.25,0.75"])
    first = (tmp_path / "metrics.csv").read_text().splitlines()[0]
    assert first == 'step,"auroc/a ""b"", c",\'=1+1,\'-x'
    assert metrics_file.read(tmp_path) == dict(zip(names, [[1.0], [0.5], [0.25], [0.75]], strict=True))
