"""`python -m launch.evaluate`: any predictions, run directories, complaints, and how fast it starts."""

import json
import os
import pathlib
import resource
import subprocess
import sys

import numpy as np
import pytest
from sklearn import metrics

from chex_tf import prediction_files

ROOT = pathlib.Path(__file__).resolve().parents[2]
TASKS = ("Edema", "Pleural Effusion")


def evaluate(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "launch.evaluate", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
    )


@pytest.fixture
def files(tmp_path):
    """Labels, two models (the second with columns turned round and one more), a reader; values of the first."""
    generator = np.random.default_rng(0)
    keys = [f"v/test/patient{row:05d}/study1" for row in range(100)]
    labels = (generator.random((100, 2)) < 0.4).astype(float)
    noise = generator.normal(size=(100, 2))
    first = 1 / (1 + np.exp(-noise - 2 * labels))
    prediction_files.write(tmp_path / "groundtruth.csv", "Study", keys, TASKS, labels)
    prediction_files.write(tmp_path / "first.csv", "Study", keys, TASKS, first, digits=17)
    second = 3 * np.stack([first[:, 1] + noise[:, 0] / 9, first[:, 0], first[:, 0]], axis=1)
    prediction_files.write(tmp_path / "second.csv", "Study", keys[::-1], (*TASKS[::-1], "Run"), second[::-1])
    prediction_files.write(tmp_path / "reader.csv", "Study", keys, TASKS, (noise + 2 * labels > 1).astype(float))
    return tmp_path, labels, first


def given(folder, *names):
    return [*(f"--predictions={folder / name}.csv" for name in names), f"--labels={folder / 'groundtruth.csv'}"]


def test_predictions_of_strangers(files):
    folder, labels, first = files
    done = evaluate(*given(folder, "first", "second", "reader"), "--paired", f"--out={folder / 'out'}")
    assert done.returncode == 0, done.stderr
    found = json.loads((folder / "out" / "evaluation.json").read_text())
    expected = [metrics.roc_auc_score(labels[:, column], first[:, column]) for column in range(2)]
    auroc = found["models"]["first"]["auroc"]
    assert [auroc[task]["value"] for task in TASKS] == pytest.approx(expected, abs=1e-12)
    assert f"{np.mean(expected):.3f} [" in done.stdout
    assert list(found["readers"]) == ["reader"]
    assert "second.csv: ignored Run: no such task in the labels" in done.stderr
    assert "scores outside 0 to 1: second " in done.stderr
    assert "they count for AUROC, average precision and decisions at a threshold, but make none of" in done.stderr
    assert {"roc.pdf", "roc.png", "models.png", "differences.pdf"} <= {file.name for file in (folder / "out").iterdir()}


def test_the_same_command_writes_the_same_bytes(files):
    folder, _, _ = files
    outs = []
    for place in (1, 2):
        arguments = [*given(folder, "first", "second"), "--paired", "--nofigures", f"--out={folder / str(place)}"]
        assert evaluate(*arguments, "--seed=5").returncode == 0
        outs.append((folder / str(place) / "evaluation.json").read_bytes())
    assert outs[0] == outs[1]


def test_an_ensemble_of_several_files_is_one_model_more(files):
    folder, labels, first = files
    prediction_files.write(
        folder / "other.csv",
        "Study",
        prediction_files.read(folder / "first.csv").keys,
        TASKS,
        np.roll(first, 7, axis=0),
    )
    out = folder / "out"
    done = evaluate(*given(folder, "first", "other"), "--ensemble", "--nofigures", f"--out={out}")
    assert done.returncode == 0, done.stderr
    found = json.loads((out / "evaluation.json").read_text())["models"]["ensemble"]
    expected = metrics.roc_auc_score(labels[:, 0], first[:, 0] + np.roll(first[:, 0], 7))
    assert found["auroc"][TASKS[0]]["value"] == pytest.approx(expected, abs=1e-9)
    assert found["made_of"] == "mean of the 2 models: first, other"
    assert prediction_files.read(out / "scores" / "ensemble.csv").numbers(TASKS[1])[0] == pytest.approx(
        (first[0, 1] + first[-7, 1]) / 2, abs=1e-8
    )


@pytest.mark.parametrize("with_reader", [False, True])
def test_an_ensemble_beside_a_reader_is_judged_by_its_own_threshold(files, tmp_path, with_reader):
    """Validation files for the models only, or for the reader too: the ensemble is of the two models either way."""
    folder, labels, first = files
    other = np.roll(first, 7, axis=0)
    keys = prediction_files.read(folder / "first.csv").keys
    prediction_files.write(folder / "other.csv", "Study", keys, TASKS, other, digits=17)
    valid_keys = [f"v/valid/patient{row:05d}/study1" for row in range(500, 600)]
    values = {"first": first[::-1], "reader": labels, "other": other[::-1], "labels": labels[::-1]}
    for name, table in values.items():
        prediction_files.write(tmp_path / f"valid_{name}.csv", "Study", valid_keys, TASKS, table, digits=17)
    chosen = ("first", "reader", "other") if with_reader else ("first", "other")
    done = evaluate(
        *given(folder, "first", "reader", "other"),
        *(f"--threshold_predictions={tmp_path / f'valid_{name}.csv'}" for name in chosen),
        f"--threshold_labels={tmp_path / 'valid_labels.csv'}",
        "--ensemble",
        "--nofigures",
        f"--out={folder / 'out'}",
    )
    assert done.returncode == 0, done.stderr
    assert "ensemble: mean of the 2 models: first, other; readers left out: reader." in " ".join(done.stdout.split())
    found = json.loads((folder / "out" / "evaluation.json").read_text())["models"]["ensemble"]
    for column, task in enumerate(TASKS):
        mean = (first + other)[:, column] / 2
        assert found["auroc"][task]["value"] == pytest.approx(metrics.roc_auc_score(labels[:, column], mean), abs=1e-12)
        false, true, cuts = metrics.roc_curve(labels[::-1, column], mean[::-1], drop_intermediate=False)
        assert found["decisions"][task]["threshold"] == pytest.approx(cuts[np.argmax(true - false)], abs=1e-12)


def test_an_ensemble_needs_two_models_that_are_no_readers(files):
    done = evaluate(*given(files[0], "first", "reader"), "--ensemble")
    assert done.returncode == 2
    assert done.stderr.endswith("--ensemble: expected at least two models that are not readers; received 1: first\n")


def test_thresholds_from_validation_files(files, tmp_path):
    folder, labels, first = files
    keys = [f"v/valid/patient{row:05d}/study1" for row in range(500, 600)]
    prediction_files.write(tmp_path / "valid.csv", "Study", keys, TASKS, first[::-1])
    prediction_files.write(tmp_path / "valid_labels.csv", "Study", keys, TASKS, labels[::-1])
    done = evaluate(
        *given(folder, "first"),
        f"--threshold_predictions={tmp_path / 'valid.csv'}",
        f"--threshold_labels={tmp_path / 'valid_labels.csv'}",
    )
    assert done.returncode == 0, done.stderr
    assert "Sens." in done.stdout
    same = evaluate(
        *given(folder, "first"),
        f"--threshold_predictions={folder / 'first.csv'}",
        f"--threshold_labels={folder / 'groundtruth.csv'}",
    )
    assert same.returncode == 2
    assert "100 are in both" in same.stderr


def test_a_run_directory(files):
    folder, labels, first = files
    keys = prediction_files.read(folder / "first.csv").keys
    run = folder / "runs" / "densenet121"
    prediction_files.write(run / "predictions" / "test.csv", "Study", keys, TASKS, first)
    prediction_files.write(run / "predictions" / "test_labels.csv", "Study", keys, TASKS, labels)
    (run / "config.json").write_text('{"data": {"uncertain": "ones"}}')
    done = evaluate(f"--run_dir={run}", "--split=test", "--nofigures")
    assert done.returncode == 0, done.stderr
    found = json.loads((run / "evaluation" / "test" / "evaluation.json").read_text())
    assert (found["set"], found["policy"], list(found["models"])) == ("test", "uncertain=ones", ["densenet121"])
    wrong = evaluate(f"--run_dir={run}", "--split=valid")
    assert wrong.returncode == 2
    assert "the run has predictions for test" in wrong.stderr


def trained_runs(folder, files, learning_rates):
    """Finished runs of several seeds with predictions of `test`; a value of `learning_rates` each."""
    from chex_tf.data.settings import DataSettings
    from chex_tf.models.settings import ModelSettings
    from chex_tf.runs import config, status
    from chex_tf.training.observations.settings import ObservationsSettings
    from chex_tf.training.settings import TrainSettings

    source, _, first = files
    runs = []
    for seed, rate in enumerate(learning_rates):
        run = folder / f"net_{seed}"
        (run / "predictions").mkdir(parents=True)
        settings = [
            TrainSettings(run_dir=run, seed=seed, learning_rate=rate),
            ObservationsSettings(),
            DataSettings(data=folder),
            ModelSettings(),
        ]
        records = {"train": {"tasks": list(TASKS), "fingerprint": "f"}, "valid": {}}
        config.write(run, config.assemble(settings, {"outputs": 2}, records, 1, {}, None))
        status.write(run, "finished")
        keys = prediction_files.read(source / "first.csv").keys
        scores = np.clip(first + np.random.default_rng(seed).normal(size=first.shape) / 20, 0, 1)
        prediction_files.write(run / "predictions" / "test.csv", "Study", keys, TASKS, scores)
        labels = (source / "groundtruth.csv").read_bytes()
        (run / "predictions" / "test_labels.csv").write_bytes(labels)
        runs.append(run)
    return runs


def test_runs_of_several_seeds_are_one_entry_that_is_judged_against_a_margin(files, tmp_path):
    runs = trained_runs(tmp_path / "runs", files, [1e-4] * 4)
    asked = [*(f"--run_dir={run}" for run in runs), "--mean_tasks=Edema", "--replicates=100", "--nofigures"]
    pools = ["--pool=a:net_0,net_1", "--pool=b:net_2,net_3"]
    done = evaluate(*asked, *pools, "--compare=a:b", "--margin=0.3", f"--out={tmp_path / 'out'}")
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert [one["seeds"] for one in found["pools"].values()] == ["seed 0, 1", "seed 2, 3"]
    assert {(one["a"], one["b"], one["pools"]) for one in found["equivalence"]["verdicts"]} == {("a", "b", True)}
    assert "a: mean over 2 runs: net_0, net_1 (seed 0, 1)." in " ".join(done.stdout.split())


def test_runs_that_differ_in_more_than_seeds_are_not_pooled(files, tmp_path):
    runs = trained_runs(tmp_path / "runs", files, [1e-4, 1e-3])
    done = evaluate(*(f"--run_dir={run}" for run in runs), "--mean_tasks=Edema", "--pool=a:net_0,net_1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--pool: a: expected runs that differ in seeds only" in done.stderr
    assert "learning_rate: 0.0001 -> 0.001" in done.stderr
    assert not list(tmp_path.rglob("evaluation.json"))


def test_a_catalogue_gives_rank_correlations(files):
    folder, _, _ = files
    names = []
    keys, rows = prediction_files.read(folder / "first.csv").keys, ["model,family,parameters,imagenet_top1"]
    for place in range(5):
        names.append(f"m{place}")
        values = np.random.default_rng(place).random((100, 2))
        prediction_files.write(folder / f"m{place}.csv", "Study", keys, TASKS, values)
        rows.append(f"m{place},F{place % 3},{10 + place},{70 - place}")
    (folder / "zoo.csv").write_text("\n".join(rows) + "\n")
    done = evaluate(*given(folder, *names), f"--catalogue={folder / 'zoo.csv'}")
    assert done.returncode == 0, done.stderr
    assert "parameters and AUROC" in done.stdout
    assert "ImageNet accuracy of --weights=imagenet and AUROC" in done.stdout
    assert "Between families: standard deviation" in done.stdout


def test_a_plan_needs_no_data():
    done = evaluate("--plan=50,450,0.85")
    assert done.returncode == 0, done.stderr
    assert "Power against a model" in done.stdout
    wrong = evaluate("--plan=50,450")
    assert wrong.returncode == 2
    assert "--plan: expected positives,negatives,auroc" in wrong.stderr


@pytest.mark.parametrize(
    ("change", "arguments", "line"),
    [
        ((",Edema", ",Study,Edema"), [], "received Study more than once"),
        (("00007/study1,", "00008/study1,"), [], "received 1 missing (v/test/patient00007/study1), 1 repeated"),
        (("Edema", "Fracture"), [], "Fracture not in the labels"),
        (
            ("", ""),
            ["--tasks=Edemma"],
            "no column for Edemma; did you mean Edema?; its tasks are Edema, Pleural Effusion",
        ),
        (("", ""), ["--compare=first:third"], "--compare: expected names of models; received third"),
        (("", ""), ["--margin=0.01"], "--margin: goes with --compare or --paired"),
        (("", ""), ["--pool=a:first,third"], "--pool: expected names of models; received third"),
        (("", ""), ["--unit=image"], "--unit: image needs rows by Path"),
    ],
)
def test_what_is_wrong_is_one_line_and_exit_code_2(files, change, arguments, line):
    folder, _, _ = files
    file = folder / "first.csv"
    if change[0]:
        file.write_text(file.read_text().replace(*change, 1))
    done = evaluate(*given(folder, "first"), *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert line in done.stderr
    assert done.stderr.count("\n") == 1


def processor_seconds_of_children() -> float:
    """What else runs on the machine does not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_statistics_start_in_under_a_second_and_without_tensorflow(files):
    folder, _, _ = files
    seconds = []
    for _ in range(3):
        start = processor_seconds_of_children()
        assert evaluate(*given(folder, "first")).returncode == 0
        seconds.append(processor_seconds_of_children() - start)
    assert min(seconds) < 1
    script = (
        "import sys; from launch import evaluate; from launch.command import parse\n"
        "evaluate.main(*parse(sys.argv[1:], evaluate.EvaluationSettings))\n"
        "print(sorted({'tensorflow', 'keras', 'pandas', 'sklearn', 'scipy'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *given(folder, "first")], capture_output=True, text=True, cwd=ROOT
    )
    assert done.stderr == "[]\n"


def test_groups_and_recalibrated_probabilities(files, tmp_path):
    folder, labels, first = files
    keys = [f"v/valid/patient{row:05d}/study1" for row in range(500, 600)]
    prediction_files.write(tmp_path / "valid.csv", "Study", keys, TASKS, first[::-1])
    prediction_files.write(tmp_path / "valid_labels.csv", "Study", keys, TASKS, labels[::-1])
    own = prediction_files.read(folder / "first.csv").keys
    sexes = ["Female" if row % 2 else "Male" for row in range(100)]
    rows = (f"elsewhere/{key.partition('/')[2]},{sex}\n" for key, sex in zip(own, sexes, strict=True))
    (tmp_path / "groups.csv").write_text("Study,Sex\n" + "".join(rows))
    done = evaluate(
        *given(folder, "first"),
        f"--threshold_predictions={tmp_path / 'valid.csv'}",
        f"--threshold_labels={tmp_path / 'valid_labels.csv'}",
        "--recalibrate=platt",
        "--calibration",
        "--subgroups=sex",
        f"--groups={tmp_path / 'groups.csv'}",
        f"--out={folder / 'out'}",
    )
    assert done.returncode == 0, done.stderr
    assert "first, by sex" in done.stdout
    assert "Probabilities were recalibrated by Platt's map, fitted on 100 validation rows." in " ".join(
        done.stdout.split()
    )
    found = json.loads((folder / "out" / "evaluation.json").read_text())
    expected = metrics.roc_auc_score(labels[:, 0], first[:, 0])  # a rising map leaves it as it is
    assert found["models"]["first"]["auroc"][TASKS[0]]["value"] == pytest.approx(expected, abs=1e-12)
    women = np.arange(100) % 2 == 1
    of_women = metrics.roc_auc_score(labels[women, 1], first[women, 1])
    entry = found["subgroups"]["models"]["first"]["sex"]["tasks"][TASKS[1]]["groups"]["Female"]
    assert entry["auroc"]["value"] == pytest.approx(of_women, abs=1e-12)
    slope = found["calibration"]["models"]["first"][TASKS[0]]["slope"]
    assert slope["low"] < 1 < slope["high"]  # the validation rows are the same rows, turned round
    assert slope["value"] == pytest.approx(1, abs=1e-3)
    assert (folder / "out" / "subgroups_pleural_effusion.png").is_file()
    assert found["calibration"]["recalibration"]["models"]["first"][TASKS[0]]["method"] == "platt"
