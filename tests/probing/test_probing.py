"""All probes on planted and on blind features, against scikit-learn on the predictions that are written."""

import csv
import dataclasses
import itertools
import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from chex_tf.evaluation import evaluation, matching, sources
from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.probing import curve, figure, linear, probing, table, writing
from chex_tf.probing.films import TEST, TRAIN, VALIDATION, FeatureSet
from chex_tf.probing.settings import ProbeSettings
from chex_tf.settings import InputError
from chex_tf.statistics.measure import MEAN


def settings(tmp_path, **given):
    given = {"patients": (10.0, 50.0, 100.0), "repeats": 3, "replicates": 50, **given}
    return ProbeSettings(features=("x.npz",), data=tmp_path, **given)


@pytest.fixture(scope="module")
def found(films, sets, tmp_path_factory):
    return probing.probe("toy test", films, sets, settings(tmp_path_factory.mktemp("data")), print, lambda *_: None)


@pytest.fixture(scope="module")
def written(found, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    names = writing.write(out, found, {})
    assert names == ["probe.json", "predictions/", "auroc.csv", "differences.csv", "few_labels.csv"]
    return out


def test_planted_labels_are_read(found):
    for probed in found.probes:
        for task in found.films.tasks:
            assert table.estimates(probed, "planted")[task].value > 0.99
    assert {task: one.value for task, one in table.estimates(found.probes[0], "planted").items()} == dict.fromkeys(
        ("Edema", "Atelectasis", MEAN), 1.0
    )
    sex = table.estimates(found.shortcuts, "planted")["sex: female"]
    assert sex.interval.low < 0.5 < sex.interval.high


def test_noise_tells_nothing(make_films, tmp_path):
    """Over 20 data sets and two tasks, one half is within all but a few of 40 intervals, and the mean AUROC near it."""
    asked = settings(tmp_path, patients=(100.0,), probes=("linear",), replicates=40)
    estimates = []
    for seed in range(20):
        films = make_films(seed=seed)
        noise = np.random.default_rng(1000 + seed).normal(size=(len(films), 6))
        found = probing.probe("toy", films, [FeatureSet("blind", noise, "")], asked, print, lambda *_: None)
        estimates += [table.estimates(found.probes[0], "blind")[task] for task in films.tasks]
    assert sum(one.interval.low < 0.5 < one.interval.high for one in estimates) >= 34
    assert np.mean([one.value for one in estimates]) == pytest.approx(0.5, abs=0.05)


def test_launch_evaluate_finds_the_same_in_the_written_files(found, written):
    files = tuple(written / "predictions" / f"linear_{name}.csv" for name in ("planted", "blind"))
    labels = written / "predictions" / "linear_labels.csv"
    asked = EvaluationSettings(predictions=files, labels=labels, paired=True, replicates=50)
    source = sources.gather(asked)
    tasks = matching.choose_tasks((), source.truth, source.tables, print)
    cohort, models = matching.match(source.truth, source.tables, source.names, tasks, "max", "auto", print)
    again = evaluation.evaluate("toy", cohort, models, asked)
    ours = found.probes[0].evaluation
    assert cohort.unit == "patient"
    assert len(cohort.keys) == 40
    for first, second in zip(ours.models, again.models, strict=True):
        assert first.of(AUROC) == second.of(AUROC)
    for first, second in zip(ours.differences, again.differences, strict=True):
        assert (first.value, first.p_delong_holm) == (second.value, second.p_delong_holm)


def test_the_auroc_is_scikit_learns_of_each_studys_highest_score(written, films):
    with open(written / "auroc.csv", newline="") as file:
        rows = {(row["probe"], row["features"], row["task"]): row for row in csv.DictReader(file)}
    truth = films.truth[films.rows(TEST)]
    with open(written / "predictions" / "neighbours_blind.csv", newline="") as file:
        scores = np.array([float(row["Edema"]) for row in csv.DictReader(file)])
    expected = roc_auc_score(truth[::2, 0], scores.reshape(-1, 2).max(1))
    row = rows["neighbours", "blind", "Edema"]
    assert float(row["auroc"]) == pytest.approx(expected, abs=1e-12)
    assert int(row["positives"]) == truth[::2, 0].sum()
    assert float(row["low"]) < expected < float(row["high"])


def fitted_by_hand(films, one, order, patients):
    """Mean AUROC of the tasks from scikit-learn alone."""
    truth = films.truth[films.rows(TEST)][::2]
    scores = scores_by_hand(films, one, order, patients)
    return np.mean([roc_auc_score(truth[:, task], scores[:, task]) for task in range(2)])


def scores_by_hand(films, one, order, patients):
    """[studies, tasks]"""
    rows = films.rows(TRAIN) & (order < patients)
    found = []
    for task in range(2):
        labels = films.truth[:, task]
        scaler = StandardScaler().fit(one.values[rows])
        best = (-1.0, None)
        for c in linear.GRID:
            model = LogisticRegression(C=c, max_iter=1000).fit(scaler.transform(one.values[rows]), labels[rows])
            scores = model.decision_function(scaler.transform(one.values))
            area = roc_auc_score(labels[films.rows(VALIDATION)], scores[films.rows(VALIDATION)])
            if area > best[0]:
                best = area, scores[films.rows(TEST)]
        found.append(best[1].reshape(-1, 2).max(1))
    return np.stack(found, axis=1)


def influence(labels, scores):
    """DeLong's variance of an AUROC as a sum of squares over rows, from its definition."""
    positive = labels == 1
    wins = (scores[positive][:, None] > scores[~positive]) + 0.5 * (scores[positive][:, None] == scores[~positive])
    found = np.empty(len(labels))
    for rows, shares in ((positive, wins.mean(1)), (~positive, wins.mean(0))):
        found[rows] = (shares - wins.mean()) / np.sqrt(rows.sum() * (rows.sum() - 1))
    return found


def test_a_difference_has_delongs_variance_of_the_paired_scores(films, sets, tmp_path):
    blurred = films.truth + np.random.default_rng(2).normal(0, 1.5, films.truth.shape)
    weak = np.hstack([blurred, sets[1].values])
    both = [FeatureSet("weak", weak, ""), sets[1]]
    found = probing.probe("toy", films, both, settings(tmp_path, patients=(50.0,)), print, lambda *_: None)
    (difference,) = [one for one in found.curve[0].differences if one.task == MEAN]
    truth = films.truth[films.rows(TEST)][::2]
    parts = [
        influence(truth[:, task], first[:, task]) - influence(truth[:, task], second[:, task])
        for order in films.order
        for first, second in [[scores_by_hand(films, one, order, 30) for one in both]]
        for task in range(2)
    ]
    assert difference.over.given == pytest.approx(np.sum(np.mean(parts, axis=0) ** 2), rel=1e-6)


def test_the_curve_is_the_mean_over_nested_subsets_and_its_differences_are_paired(found, films, sets):
    assert [point.share for point in found.curve] == [10, 50]
    assert [point.patients for point in found.curve] == [6, 30]
    point = found.curve[1]
    assert point.films == (60, 60, 60)
    assert point.unfitted == (0, 0, 0)
    by_hand = np.array([[fitted_by_hand(films, one, order, 30) for order in films.order] for one in sets])
    values = {value.pool.name: value for value in point.values if value.task == MEAN}
    for one, areas in zip(sets, by_hand, strict=True):
        np.testing.assert_allclose(values[one.name].values, areas, atol=1e-9)
    (difference,) = [one for one in point.differences if one.task == MEAN]
    assert difference.over.value == pytest.approx((by_hand[0] - by_hand[1]).mean())
    # The variance between subsets is that of the differences, not the sum of both sets' variances.
    assert difference.over.between == pytest.approx(np.var(by_hand[0] - by_hand[1], ddof=1) / 3)
    assert difference.is_significant


def test_subsets_that_cannot_be_fitted_give_no_interval(films, sets, tmp_path):
    """One patient of one label a subset: AUROC one half, and nothing that looks like certainty."""
    found = probing.probe("toy", films, sets, settings(tmp_path, patients=(1.0, 100.0)), print, lambda *_: None)
    (point,) = found.curve
    assert point.patients == 1
    assert point.unfitted == (2, 2, 2)
    assert {value.over.value for value in point.values} == {0.5}
    assert all(np.isnan([value.interval.low, value.interval.high]).all() for value in point.values)
    assert all(np.isnan([one.p, one.p_holm, one.interval.low]).all() for one in point.differences)
    assert "0.500 [no interval]" in table.text(found)
    figure.write(tmp_path, found)
    writing.write(tmp_path, found, {})


def test_subsets_are_nested_and_hold_whole_patients(films):
    train = films.rows(TRAIN)
    for order in films.order:
        parts = [curve.subset(share, order, train, 60)[0] for share in (1, 5, 10, 25, 100)]
        assert [films.patients_among(rows) for rows in parts] == [1, 3, 6, 15, 60]
        for smaller, larger in itertools.pairwise(parts):
            assert not (smaller & ~larger).any()
        assert (parts[-1] == train).all()
        for rows in parts:
            inside = {films.patients[row] for row in np.flatnonzero(rows)}
            outside = {films.patients[row] for row in np.flatnonzero(train & ~rows)}
            assert not inside & outside


def test_what_is_printed_and_drawn_says_set_counts_and_policy(found, written, tmp_path):
    text = table.text(found)
    assert (
        "toy test: 40 studies of 40 patients, the max of a study's films. Probes fitted on 120 films of 60"
        in " ".join(text.split())
    )
    assert "uncertain ignore, not mentioned zeros" in " ".join(text.split())
    assert "sex: female" in text
    assert figure.write(tmp_path, found) == ["few_labels.pdf", "few_labels.png"]
    content = json.loads((written / "probe.json").read_text())
    assert content["rows"]["validation"] == {"count": 40, "patients": 20}
    assert content["linear"]["models"]["planted"]["auroc"]["Edema"]["value"] == 1
    assert len(content["few_labels"]) == 2


def test_the_same_again(found, films, sets, tmp_path):
    again = probing.probe("toy test", films, sets, found.settings, print, lambda *_: None)
    assert table.text(again) == table.text(found)


def test_a_task_without_both_classes_is_left_out_by_name(films, sets, tmp_path):
    targets = films.targets.copy()
    targets[:, 1] = np.where(films.role == TRAIN, 0, targets[:, 1])
    found = probing.probe(
        "toy",
        dataclasses.replace(films, targets=targets),
        sets,
        settings(tmp_path, patients=(100.0,)),
        print,
        lambda *_: None,
    )
    assert found.probes[0].left_out == {"Atelectasis": "no positive to fit on"}
    assert "Atelectasis: not probed, no positive to fit on." in " ".join(table.text(found).split())
    with pytest.raises(InputError, match="Edema: no positive to fit on"):
        probing.probe(
            "toy", dataclasses.replace(films, targets=0 * targets), sets, settings(tmp_path), print, lambda *_: None
        )


def test_scarce_tasks_have_no_interval_and_are_not_in_the_mean(films, sets, tmp_path):
    truth = films.truth.copy()
    test = np.flatnonzero(films.rows(TEST))
    truth[test, 1] = 0
    truth[test[:18], 1] = 1  # nine patients
    found = probing.probe(
        "toy",
        dataclasses.replace(films, truth=truth),
        sets,
        settings(tmp_path, patients=(100.0,)),
        print,
        lambda *_: None,
    )
    shown = found.probes[0].evaluation
    assert list(shown.withheld) == ["Atelectasis"]
    assert shown.mean_over == ("Edema",)
    assert {one.task for one in shown.differences} == {"Edema", MEAN}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"features": ()}, "expected --run_dir"),
        ({"data": None}, "expected the prepared folder"),
        ({"baselines": ("random",)}, "of a run's architecture"),
        ({"split": "train"}, "three different splits"),
        ({"patients": (10.0, 5.0)}, "expected rising shares"),
        ({"uncertain": "multiclass"}, "a probe takes ignore, zeros or ones; received multiclass"),
        ({"probes": ()}, "expected linear or neighbours"),
        ({"checkpoint": "random"}, "expected best, last or a step"),
    ],
)
def test_contradictions_are_refused(tmp_path, given, says):
    with pytest.raises(InputError, match=says):
        ProbeSettings(**{"features": ("x.npz",), "data": tmp_path, **given})


def test_rules_for_blanks_that_runs_were_trained_with_stand_beside_the_probes(found):
    said = " ".join(table.text(found, {"a": "ignore", "b": "smooth_zeros(0,0.3)"}).split())
    assert (
        "Labels not mentioned, here fitted and scored by: zeros. a was trained with ignore (--blank=ignore takes "
        "that); b was trained with smooth_zeros(0,0.3)."
    ) in said
    assert "was trained with" not in table.text(found)
