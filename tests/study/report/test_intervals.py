"""The report's intervals and p are those of launch.evaluate for the same files; over seeds where there are several."""

import csv
import dataclasses
import json
import math
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest

from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.comparison import holm
from chex_tf.study import claim_statistics, contrasts, correlations, tables
from chex_tf.study.report import figures
from chex_tf.study.verdicts import Verdict, judge

ROOT = pathlib.Path(__file__).resolve().parents[3]


def evaluated(study, folder, *flags):
    """evaluation.json of the predictions of all cells, each named by its cell; they are read as anybody's would be."""
    place, made = study
    folder.mkdir()
    given = []
    for cell in made.cells:
        shutil.copy(cell.run_dir(place) / "predictions" / "test.csv", folder / f"{cell.name}.csv")
        given.append(f"--predictions={folder / f'{cell.name}.csv'}")
    truth = made.cells[0].run_dir(place) / "predictions" / "test_labels.csv"
    command = [sys.executable, "-m", "launch.evaluate", *given, f"--labels={truth}", "--nofigures", *flags]
    subprocess.run(
        [*command, "--replicates=200", f"--out={folder / 'out'}"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )
    return json.loads((folder / "out" / "evaluation.json").read_text())


def text(value, sign=""):
    return f"{value:{sign}.3f}".replace("-", "−")


def p_text(p):
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def span(found, sign=""):
    return f"{text(found['low'], sign)} to {text(found['high'], sign)}"


def rows(table):
    return {row[0]: dict(zip(table.columns, row, strict=True)) for row in table.rows}


@pytest.fixture(scope="module")
def single(make_study_at, tmp_path_factory):
    return make_study_at(tmp_path_factory.mktemp("single") / "study")


@pytest.fixture(scope="module")
def repeated(make_study_at, tmp_path_factory):
    return make_study_at(tmp_path_factory.mktemp("repeated") / "study", seeds=(0, 1, 2))


def test_with_one_seed_they_are_delongs_over_patients(single, gathered, tmp_path):
    asked = evaluated(single, tmp_path / "asked", "--paired")
    assert (asked["unit"], asked["models"]["ResNet18-scratch"]["auroc"]["mean"]["low"] > 0.5) == ("patient", True)
    found = gathered(single)
    differences = {(one["a"], one["b"]): one for one in asked["differences"] if one["task"] == "mean"}
    assert {one["tested_by"] for one in differences.values()} == {"delong"}
    for arm in ("scratch", "pretrained"):
        shown = rows(tables.models(found, arm))
        assert len(shown) == 5
        for arch, row in shown.items():
            own = asked["models"][f"{arch}-{arm}"]["auroc"]["mean"]
            assert (row["AUROC"], row["95% interval"]) == (text(own["value"]), span(own))
    boosts, unadjusted = rows(tables.boosts(found)), []
    for arch in ("DenseNet121", "DenseNet201", "ResNet18", "ResNet34", "MobileNetV2"):
        # Evaluated as scratch minus pretrained: the same with the sign turned.
        one = differences[f"{arch}-scratch", f"{arch}-pretrained"]
        turned = {"low": -one["high"], "high": -one["low"]}
        assert boosts[arch]["Boost"] == text(-one["value"], "+")
        assert boosts[arch]["95% interval"] == span(turned, "+")
        assert boosts[arch]["p"] == p_text(one["p_delong"])
        unadjusted.append((arch, one["p_delong"]))
    adjusted = holm([p for _, p in unadjusted])
    for (arch, _), p in zip(unadjusted, adjusted, strict=True):
        assert boosts[arch]["p Holm"] == p_text(p)
    cut = differences["ResNet18-pretrained", "ResNet18Minus1-pretrained"]
    (row,) = rows(tables.truncations(found)).values()
    assert (row["AUROC change"], row["p"]) == (text(-cut["value"], "+"), p_text(cut["p_delong"]))
    for table in (tables.models(found, "scratch"), tables.truncations(found), tables.boosts(found)):
        assert "DeLong's, over patients only (one seed a model)" in table.note
        assert "Seeds" not in table.columns


def test_with_several_seeds_they_are_those_of_pools(repeated, gathered, tmp_path):
    archs = [("ResNet18", "scratch"), ("ResNet18", "pretrained"), ("DenseNet121", "scratch")]
    pools = [f"--pool={arch}_{arm}:{','.join(f'{arch}-{arm}-seed{seed}' for seed in range(3))}" for arch, arm in archs]
    asked = evaluated(
        repeated,
        tmp_path / "asked",
        *pools,
        "--compare=ResNet18_pretrained:ResNet18_scratch",
        "--compare=ResNet18_scratch:DenseNet121_scratch",
    )
    found = gathered(repeated)
    shown = rows(tables.models(found, "scratch"))
    own = asked["pools"]["ResNet18_scratch"]["auroc"]["mean"]
    assert (shown["ResNet18"]["AUROC"], shown["ResNet18"]["95% interval"]) == (text(own["value"]), span(own))
    assert (shown["ResNet18"]["Seeds"], shown["ResNet18"]["Seed share"]) == (
        "3",
        f"{100 * own['seed_share']['value']:.0f}%",
    )
    first, second = (one for one in asked["differences_of_pools"] if one["task"] == "mean")
    boost = rows(tables.boosts(found))["ResNet18"]
    assert (first["a"], second["b"]) == ("ResNet18_pretrained", "DenseNet121_scratch")
    assert (boost["Boost"], boost["95% interval"], boost["p"]) == (
        text(first["value"], "+"),
        span(first, "+"),
        p_text(first["p"]),
    )
    assert "over seeds and patients together" in tables.boosts(found).note
    given = claim_statistics.difference(found, {"a": "ResNet18", "b": "DenseNet121", "arm": "scratch"}, 0)
    assert (given.value, given.interval.low, given.p, given.over) == (
        pytest.approx(second["value"]),
        pytest.approx(second["low"]),
        pytest.approx(second["p"]),
        "seeds and patients",
    )


def test_a_model_with_one_finished_seed_takes_its_pairs_to_patients_alone(make_study, gathered):
    place, made = make_study(seeds=(0, 1))
    shutil.rmtree(made.cell("ResNet18-scratch-seed1").run_dir(place))
    found = gathered((place, made))
    boosts = rows(tables.boosts(found))
    assert (boosts["ResNet18"]["Seeds"], boosts["ResNet18"]["Seed share"]) == ("1 to 2", "–")
    assert boosts["ResNet34"]["Seeds"] == "2"
    assert boosts["ResNet34"]["Seed share"].endswith("%")
    assert "Rows without a seed share have a model with one seed: over patients only" in tables.boosts(found).note
    results = rows_of(tables.results(found))
    assert results["ResNet18, scratch"]["interval_over"] == "patients"
    assert results["ResNet18, pretrained"]["interval_over"] == "seeds and patients"
    # The mean of both seeds minus the single run, with the components of these runs.
    pair = found.member("ResNet18", "pretrained"), found.member("ResNet18", "scratch")
    one = contrasts.difference(*pair)
    variance = np.sum((np.mean([run.components for run in pair[0].runs], axis=0) - pair[1].runs[0].components) ** 2)
    assert not one.over_seeds
    assert one.value == pytest.approx(np.mean([run.value for run in pair[0].runs]) - pair[1].runs[0].value)
    assert (one.interval.high - one.interval.low) / 2 >= 1.96 * math.sqrt(variance)


def rows_of(table):
    return {row[1]: dict(zip(table.columns, row, strict=True)) for row in table.rows}


def test_with_too_few_positives_there_are_neither_intervals_nor_verdicts(make_study, gathered, asked_claims):
    place, made = make_study()
    for cell in made.cells:  # nine patients have each finding
        file = cell.run_dir(place) / "predictions" / "test_labels.csv"
        header, *lines = csv.reader(file.read_text().splitlines())
        lines = [[*row[:3], *(str(int(place < 9)) for _ in row[3:])] for place, row in enumerate(lines)]
        file.write_text("".join(",".join(row) + "\n" for row in [header, *lines]))
    found = gathered((place, made))
    table = tables.models(found, "scratch")
    assert "No intervals and no tests: no task of the mean has an interval" in table.note
    assert {(row["95% interval"], row["Group"]) for row in rows(table).values()} == {("–", "–")}
    why = "no task of the mean has an interval: too few positives or negatives"
    assert table.note.endswith(f"Group: none, as no pair of models was tested: {why}.")
    shown = rows_of(tables.results(found))
    assert {(row["low"], row["high"], row["interval_over"]) for row in shown.values()} == {("", "", "")}
    assert all(row["auroc"] for row in shown.values())
    assert_without_bars(found, why)
    verdicts = {one.claim.statistic: one.verdict for one in judge(found, asked_claims, 0)}
    assert verdicts["boost"] in (Verdict.UNDECIDED, Verdict.MISSING)
    assert Verdict.CONTRADICTED not in {
        one.verdict for one in judge(found, asked_claims, 0) if one.claim.statistic not in ("rho", "rho_boost")
    }


def assert_without_bars(found, why):
    """What is withheld as an interval is not drawn as a bar, nor does a caption speak of one."""
    drawn = {one.name: one for one in figures.all_of(found, correlations.all_of(found, 0), [])}
    assert set(drawn) == {"summary", "imagenet", "size", "boost", "truncation"}
    for name, one in drawn.items():
        assert why in one.caption, name
        assert "Error bars are" not in one.caption
        assert "95% interval" not in one.caption
    for name in ("imagenet", "size", "boost", "truncation"):
        upright = [line for axes in drawn[name].figure.axes for line in axes.lines if is_upright(line)]
        assert {float(np.ptp(line.get_ydata())) for line in upright} == {0.0}, name


def is_upright(line):
    """Of an error bar, of whatever length."""
    return len(line.get_xdata()) == 2 and np.ptp(line.get_xdata()) == 0


def test_the_range_of_models_without_intervals_is_not_judged_either(single, gathered, monkeypatch):
    found = gathered(single)
    given = {"arm": "scratch"}
    monkeypatch.setattr(claim_statistics, "_check_enough", lambda found, what: None)  # five would not do
    assert not math.isnan(claim_statistics.best_minus_worst(found, given, 0).interval.low)
    scarce = dict.fromkeys(found.evaluation.mean_over, "9 patients with a positive, fewer than 10")
    withheld = dataclasses.replace(found, evaluation=dataclasses.replace(found.evaluation, withheld=scarce))
    one = claim_statistics.best_minus_worst(withheld, given, 0)
    assert math.isnan(one.interval.low)
    assert math.isnan(one.p)
    assert "too few positives" in one.interval.reason


def test_of_pairs_that_could_not_be_tested_the_others_are_told(single, gathered, monkeypatch):
    """One of ten pairs is without p."""
    found = gathered(single)
    whole = contrasts.difference

    def difference(first, second):
        one = whole(first, second)
        if {first.arch, second.arch} != {"ResNet18", "ResNet34"}:
            return one
        return dataclasses.replace(one, p=math.nan, interval=Interval(math.nan, math.nan, 0, "they do not differ"))

    monkeypatch.setattr(contrasts, "difference", difference)
    note = tables.models(found, "scratch").note
    assert "of 9 pairs are told apart; 1 pair not tested: they do not differ." in note


@pytest.mark.parametrize("name", ["mean_boost", "rho_boost", "rho", "best_minus_worst", "family_share"])
def test_five_architectures_say_nothing_of_architectures_in_general(single, gathered, name):
    found = gathered(single)
    given = {"arm": "scratch", "attribute": "parameters"}
    with pytest.raises(claim_statistics.Missing, match=r"6 .*found 5"):
        claim_statistics.STATISTICS[name][0](found, given, 0)


def test_one_truncated_architecture_says_nothing_of_truncation(single, gathered):
    with pytest.raises(claim_statistics.Missing, match=r"4 truncated architectures .*found 1"):
        claim_statistics.mean_times_smaller(gathered(single), {}, 0)
