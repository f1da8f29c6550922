"""pandas.read_csv of every table that a run, an evaluation and a study's report write, without any option."""

import csv
import re

import pandas
import pytest

from chex_tf.evaluation.settings import EvaluationSettings
from launch import evaluate

# What a person reads as a number and pandas as text.
OF_PEOPLE = re.compile(r"–|−[\d.]+%?|[+-]?\d{1,3}(,\d{3})+(\.\d+)?")


def tables_of(folder):
    return sorted(folder.rglob("*.csv"))


@pytest.fixture(scope="module")
def written(report, fixture_runs, tmp_path_factory):
    """Kind -> its tables."""
    (run,) = (report.parents[1] / "runs").glob("ResNet18-scratch*")
    out = tmp_path_factory.mktemp("evaluated")
    scores, truth = (run / "predictions" / name for name in ("test.csv", "test_labels.csv"))
    given = {"replicates": 50, "fewest": 2, "figures": False, "net_benefit": True}
    evaluate.main(EvaluationSettings(predictions=(scores,), labels=truth, out=out, **given))
    return {"run": tables_of(run), "evaluation": tables_of(out), "report": tables_of(report.parent)}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("run", {"metrics", "test", "test_labels", "valid", "valid_labels"}),
        ("evaluation", {"groundtruth", "test"}),
        (
            "report",
            {"results", "claims", "models_scratch", "models_pretrained", "truncations", "boosts", "correlations"},
        ),
    ],
)
def test_pandas_reads_every_table(written, kind, expected):
    assert expected <= {file.stem for file in written[kind]}
    for file in written[kind]:
        with open(file, encoding="utf-8", newline="") as stream:
            header, *rows = csv.reader(stream)
        read = pandas.read_csv(file)
        assert read.columns.tolist() == header, file.name  # so none is unnamed, and none is there twice
        assert len(read) == len(rows) > 0, file.name
        assert isinstance(read.index, pandas.RangeIndex), file.name
        for name in header:
            cells = [cell for cell in read[name].dropna() if isinstance(cell, str)]
            unread = [cell for cell in cells if OF_PEOPLE.fullmatch(cell)]
            assert unread == [], f"{file.name}: {name}"


def test_scores_and_metrics_are_numbers(written):
    """In a column of scores no cell is text."""
    of_run = {file.stem: pandas.read_csv(file) for file in written["run"]}
    assert all(of_run["metrics"].dtypes.map(pandas.api.types.is_numeric_dtype))
    scores = of_run["test"].drop(columns="Path")
    assert all(scores.dtypes.map(pandas.api.types.is_numeric_dtype))
    for file in written["report"]:
        if file.stem.startswith("models_"):
            assert pandas.api.types.is_float_dtype(pandas.read_csv(file)["AUROC"])
