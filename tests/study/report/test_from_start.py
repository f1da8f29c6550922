"""How alike layers are to what training began with, from the files of launch.similarity to table and claims."""

import json
import math

import pytest

from chex_tf.study import kept_layers, tables
from chex_tf.study.claims import Claim, Rule
from chex_tf.study.verdicts import Verdict, judge

# By seed: the last features, and an early layer.
SCRATCH = [(0.80, 0.50), (0.90, 0.70), (0.85, 0.60)]
PRETRAINED = [(0.95, 0.90), (0.97, 0.90), (0.96, 0.90)]


def write(run, features, early, start=None, films=10):
    start = start or f"initial:runs/{run.name}"
    rows = [
        {"a": layer, "b": layer, "statistic": "cka", "value": value, "low": None, "high": None, "random": [0.4]}
        for layer, value in (("features", features), ("early", early))
    ]
    rows.append({"a": "features", "b": "early", "statistic": "cka", "value": 0.1, "random": []})
    rows.append({"a": "features", "b": "features", "statistic": "svcca", "value": 0.2, "random": []})
    content = {"set": "chexpert test", "run_a": start, "run_b": str(run), "films": films, "points": "pooled"}
    (run / "from_start").mkdir(exist_ok=True)
    (run / "from_start" / "similarity.json").write_text(json.dumps(content | {"similarities": rows}))


@pytest.fixture(scope="module")
def made(make_study_at, tmp_path_factory):
    place, study = make_study_at(tmp_path_factory.mktemp("from_start") / "study", seeds=(0, 1, 2))
    for arm, values in (("scratch", SCRATCH), ("pretrained", PRETRAINED)):
        for seed, both in enumerate(values):
            write(study.cell(f"ResNet18-{arm}-seed{seed}").run_dir(place), *both)
    write(study.cell("ResNet34-scratch-seed0").run_dir(place), 0.8, 0.5)
    return place, study


@pytest.fixture(scope="module")
def outcomes(made, gathered):
    return gathered(made)


def claim(rule, a, layer_a, b, layer_b):
    given = {"a": a, "layer_a": layer_a, "b": b, "layer_b": layer_b}
    return Claim("one", "ours", "…", None, "kept_difference", given, Rule.parse(rule))


def test_a_row_a_model_and_layer_whose_runs_were_all_compared(outcomes):
    table = kept_layers.table(outcomes)
    assert [row[:5] for row in table.rows] == [
        ("ResNet18", "scratch", "features", "3", "0.850"),
        ("ResNet18", "scratch", "early", "3", "0.600"),
        ("ResNet18", "pretrained", "features", "3", "0.960"),
        ("ResNet18", "pretrained", "early", "3", "0.900"),
    ]
    # Student's with two degrees of freedom: 4.3026527 × 0.05 / √3 = 0.124 and twice that.
    assert [row[5] for row in table.rows[:2]] == ["0.726 to 0.974", "0.352 to 0.848"]
    assert table.rows[3][5:] == ("0.900 to 0.900", "0.400")
    assert "chexpert test, 10 films, points pooled" in table.note


def test_claims_on_layers(outcomes):
    scratch, pretrained = "ResNet18:scratch", "ResNet18:pretrained"
    judged = judge(
        outcomes,
        [
            claim("above 0", scratch, "features", scratch, "early"),
            claim("above 0", pretrained, "features", scratch, "features"),
            claim("above 0", scratch, "features", pretrained, "early"),
            claim("above 0", "ResNet34:scratch", "features", scratch, "features"),
            claim("above 0", scratch, "middle", scratch, "early"),
        ],
        0,
    )
    # By pairs 0.3, 0.2, 0.25: 4.3026527 × 0.05 / √3.
    assert judged[0].found.value == pytest.approx(0.25)
    assert judged[0].found.interval.low == pytest.approx(0.25 - 4.3026527 * 0.05 / math.sqrt(3))
    expected = [Verdict.SUPPORTED, Verdict.UNDECIDED, Verdict.UNDECIDED, Verdict.MISSING, Verdict.MISSING]
    assert [one.verdict for one in judged] == expected
    assert "features of ResNet34, scratch beside its start (2 not measured" in judged[3].why
    assert "middle of ResNet18, scratch" in judged[4].why
    rows = tables.claims(judged).rows
    assert rows[0][4:7] == ("0.250", "0.126 to 0.374", "seeds")
    assert "how alike layers are to what training began with" in tables.claims(judged).note


def test_other_films_and_other_runs_are_not_taken(made, gathered, capsys):
    place, study = made
    other, wrong = (study.cell(f"ResNet34-{arm}-seed0").run_dir(place) for arm in ("scratch", "pretrained"))
    write(other, 0.8, 0.5, films=11)
    for seed in (1, 2):
        write(study.cell(f"ResNet34-scratch-seed{seed}").run_dir(place), 0.8, 0.5, films=11)
    write(wrong, 0.8, 0.5, start="initial:runs/another")
    found = gathered(made)
    said = capsys.readouterr().out
    assert "nothing on the start of ResNet34-pretrained-seed0" in said
    assert "expected this run and its start; it compares initial:runs/another with" in said
    (one,) = judge(found, [claim("above 0", "ResNet34:scratch", "features", "ResNet18:scratch", "features")], 0)
    assert one.verdict is Verdict.MISSING
    assert "10 films, points pooled and chexpert test, 11 films" in one.why
