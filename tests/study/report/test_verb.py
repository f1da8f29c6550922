"""launch.report on a study by its command line: files, what it prints, comparison, without TensorFlow."""

import csv
import json
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
RUN = (
    "import sys; from launch import report; from launch.command import parse; "
    "code = report.main(*parse(sys.argv[1:], report.ReportSettings)); "
    "assert not {'tensorflow', 'keras'} & set(sys.modules); sys.exit(code)"
)


def report(*flags):
    return subprocess.run(
        [sys.executable, "-c", RUN, *map(str, flags), "--replicates=100"], cwd=ROOT, capture_output=True, text=True
    )


def rows_of(file):
    with open(file, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_study_is_reported_and_compared_without_tensorflow(make_study, tmp_path):
    first, made = make_study("first")
    second, other = make_study("second")
    shutil.rmtree(other.cell("ResNet34-pretrained").run_dir(second))
    changed = other.cell("ResNet18-scratch").run_dir(second) / "predictions" / "test.csv"
    shutil.copy(other.cell("ResNet34-scratch").run_dir(second) / "predictions" / "test.csv", changed)
    (first / "report").mkdir()
    (first / "report" / "results.csv").write_text("edited,by hand\ninto,nonsense\n")
    done = report(f"--study={first}", f"--compare={second}")
    assert done.returncode == 0, done.stderr
    out = first / "report"
    assert done.stdout.splitlines()[0] == made.about
    results = rows_of(out / "results.csv")
    assert [row["row"] for row in results] == ["cell"] * 11 + ["model"] * 11
    by_name = {row["name"]: row for row in results}
    assert by_name["ResNet34-pretrained"]["auroc"] == by_name["ResNet34, pretrained"]["auroc"]
    assert float(by_name["ResNet34-pretrained"]["low"]) < float(by_name["ResNet34-pretrained"]["auroc"])
    compared = {row["Cell"]: row for row in rows_of(out / "tables" / "comparison.csv")}
    assert len(compared) == 11
    assert compared["DenseNet121-scratch"]["95% interval"] == "+0.000 to +0.000"
    assert compared["DenseNet121-scratch"]["Films"] == "paired: the same films"
    between = float(by_name["ResNet18-scratch"]["auroc"]) - float(by_name["ResNet34-scratch"]["auroc"])
    assert compared["ResNet18-scratch"]["Difference"] == f"{between:+.3f}"
    assert compared["ResNet34-pretrained"]["Films"] == "not finished in the other study"
    page = (out / "index.html").read_text()
    assert 'id="comparison"' in page
    assert "second" in page


def test_a_study_without_results_says_what_is_missing(make_study):
    place, _ = make_study()
    shutil.rmtree(place / "runs")
    done = report(f"--study={place}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("missing: ") == 11
    assert "11 of 11 cells are not in the numbers above" in (place / "report" / "index.html").read_text()
    assert {row["state"] for row in rows_of(place / "report" / "results.csv")} == {"waiting"}


def test_a_claim_with_an_unknown_statistic_is_named(make_study):
    place, _ = make_study()
    content = json.loads((place / "study.json").read_text())
    content["claims"] = [
        {
            "id": "x",
            "section": "",
            "statement": "s",
            "paper": "",
            "statistic": "boots",
            "arguments": "",
            "rule": "above 0",
        }
    ]
    (place / "study.json").write_text(json.dumps(content))
    done = report(f"--study={place}")
    assert done.returncode != 0
    assert "claim x: expected a statistic that is known; received 'boots'; did you mean boost?" in done.stderr
    assert not (place / "report").exists()
