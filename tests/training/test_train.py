"""A run from beginning to end on a small prepared folder, from Python."""

import csv
import dataclasses
import json
import math
import os
import re
import signal

import numpy as np
import pytest

import chex_tf
from chex_tf.models.build import build_model
from chex_tf.models.heads import Heads
from chex_tf.models.settings import ModelSettings
from chex_tf.models.variable_names import weight_names
from chex_tf.runs import checkpoints, encoder, recovery
from chex_tf.settings import InputError
from chex_tf.statistics import ranking
from chex_tf.trained import members
from chex_tf.training.guards import NonFinite
from chex_tf.training.observations.feed import open_feed
from chex_tf.training.train import train_observations


def metrics(run_dir):
    with open(run_dir / "metrics.csv", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def run(prepared, tmp_path_factory):
    """A finished run of 24 steps, what it said, and what its callback saw."""
    from chex_tf.data.settings import DataSettings
    from chex_tf.training.observations.settings import ObservationsSettings
    from chex_tf.training.settings import TrainSettings

    given = (
        TrainSettings(
            run_dir=tmp_path_factory.mktemp("finished") / "run",
            batch=8,
            steps=24,
            evaluate_every=8,
            evaluate_unit="steps",
            learning_rate=3e-3,
            keep=2,
            log_every=5,
            dropout=0.1,
        ),
        DataSettings(data=prepared, image_size=64),
        ModelSettings(arch="ResNet18Minus3"),
        ObservationsSettings(age_weight=0.1),
    )
    said, seen = [], []
    done = train_observations(*given, say=said.append, callbacks=[seen.append])
    return given, done, said, seen


def test_it_learns_and_keeps_the_best(run):
    (settings, *_), done, said, _ = run
    rows = metrics(settings.run_dir)
    assert [int(row["step"]) for row in rows] == [8, 16, 24]
    assert [float(row["epoch"]) for row in rows] == pytest.approx([8 / 12, 16 / 12, 2])
    assert float(rows[-1]["train_loss"]) < float(rows[0]["train_loss"])
    scores = sorted((float(row["auroc"]) for row in rows), reverse=True)
    assert [best.score for best in done.best] == scores[:2]
    assert scores[0] > 0.7
    assert (done.state, done.step, done.steps, done.exit_code) == ("finished", 24, 24, 0)
    assert any("weights: random" in line for line in said)


def test_a_run_begins_with_its_plan(run):
    (settings, *others), _, said, _ = run
    plan = train_observations(dataclasses.replace(settings, dry_run=True), *others).plan.splitlines()
    opening = plan[: next(place for place, line in enumerate(plan) if line.startswith("disk: "))]
    begin = said.index(opening[0])
    assert said[begin : begin + len(opening)] == opening
    assert opening[0].endswith("train: 96 images of 96 patients, all views")
    assert "labels: uncertain ignore; not mentioned zeros" in opening
    assert sum(line.endswith("not mentioned") or "→ weight 0" in line for line in opening) == 7  # header, six tasks
    assert any(line.startswith("validation: 21 images of 21 studies of the split valid") for line in opening)


def test_the_run_directory_holds_what_it_should(run):
    (settings, *_), done, _, _ = run
    names = {file.name.partition(".out.")[0] for file in settings.run_dir.iterdir()}
    told = {"config.json", "metrics.csv", "status.json"}
    encoders = {"encoder.json", "encoder.weights.h5", "encoder_best.weights.h5"}
    assert names == {"checkpoints", "events", *told, *encoders}
    status = json.loads((settings.run_dir / "status.json").read_text())
    assert status.pop("images_a_second") > 0
    assert status == {"state": "finished", "step": 24, "steps": 24, "best_auroc": done.best_score}
    config = json.loads((settings.run_dir / "config.json").read_text())
    assert config["training"]["learning_rate"] == 3e-3
    assert config["records"]["train"]["images"] == 96
    assert len(config["records"]["train"]["fingerprint"]) == 16


def test_a_callback_sees_every_evaluation(run):
    _, _, _, seen = run
    assert [event.step for event in seen] == [8, 16, 24]
    assert seen[-1].found.detail.probabilities.shape == (21, 6)
    assert seen[-1].model.count_params() > 0


def test_the_ensemble_gives_the_mean_of_its_members_probabilities(run):
    (settings, data, *_), done, _, seen = run
    model = chex_tf.load_run(settings.run_dir)
    assert model.input_shape == (None, 64, 64, 1)
    feed = open_feed(data, 7)
    images = np.concatenate([feed.valid.batch(step, 7)["image"] for step in range(3)])
    by_step = {event.step: event.found.detail.probabilities for event in seen}
    expected = np.mean([by_step[best.step] for best in done.best], axis=0)
    np.testing.assert_allclose(model.predict(images, verbose=0), expected, atol=2e-4)
    single = chex_tf.load_run(settings.run_dir, members=1)
    np.testing.assert_allclose(single.predict(images, verbose=0), by_step[done.best[0].step], atol=2e-4)
    truth = feed.valid.targets.raw[:, 0].astype(float)
    known = np.isin(truth, (0, 1))
    single_score = ranking.unweighted_auroc(truth[known], by_step[done.best[0].step][known, 0])
    assert single_score == pytest.approx(seen[done.best[0].step // 8 - 1].metrics["auroc/Atelectasis"])


def test_a_finished_run_is_left_alone(run):
    given, done, _, _ = run
    before = {file: file.stat().st_mtime_ns for file in given[0].run_dir.rglob("*")}
    said = []
    again = train_observations(*given, say=said.append)
    assert said == [f"{given[0].run_dir} is finished; nothing to do"]
    assert (again.state, again.best) == ("finished", done.best)
    after = {file: file.stat().st_mtime_ns for file in given[0].run_dir.rglob("*")}
    assert {file for file in after if before.get(file) != after[file]} <= {given[0].run_dir}


def test_a_changed_setting_is_refused_with_the_difference(run):
    (settings, data, model, asked), _, _, _ = run
    changed = dataclasses.replace(settings, learning_rate=0.5, checkpoint_minutes=1.0)
    with pytest.raises(InputError, match=r"other settings \(learning_rate: 0.003 -> 0.5\); take another folder"):
        train_observations(changed, data, model, asked)
    with pytest.raises(InputError, match=r"uncertain: ignore -> ones"):
        train_observations(settings, dataclasses.replace(data, uncertain="ones"), model, asked)


def test_a_command_that_failed_before_its_first_checkpoint_can_be_corrected(settings):
    training, data, model, _ = settings(steps=2, evaluate_every=2)
    with pytest.raises(InputError, match="ResNet19"):
        train_observations(training, data, dataclasses.replace(model, arch="ResNet19"))
    with pytest.raises(InputError, match=r"nothing\.h5"):
        train_observations(training, data, dataclasses.replace(model, weights="nothing.h5"))
    with pytest.raises(InputError, match="res9"):
        train_observations(dataclasses.replace(training, freeze="res9"), data, model)
    assert not training.run_dir.exists()  # what is refused leaves nothing
    with pytest.raises(NonFinite):
        train_observations(dataclasses.replace(training, learning_rate=1e38), data, model)
    assert json.loads((training.run_dir / "status.json").read_text())["state"] == "failed"
    said = []
    assert train_observations(training, data, model, say=said.append).state == "finished"
    assert f"{training.run_dir} ended before its first checkpoint; it starts again with these settings" in said
    config = json.loads((training.run_dir / "config.json").read_text())
    assert config["model"]["weights"] == model.weights
    # What has a checkpoint is kept as it is, whatever its status says.
    (training.run_dir / "status.json").write_text('{"state": "failed"}')
    with pytest.raises(InputError, match="other settings"):
        train_observations(dataclasses.replace(training, learning_rate=0.5), data, model)


def test_a_signal_saves_and_the_run_goes_on(settings):
    given = settings(steps=5, evaluate_every=5)

    def stop_at_step_two(done, total, note):
        if done == 2 * 8 and not hasattr(stop_at_step_two, "sent"):
            stop_at_step_two.sent = True
            os.kill(os.getpid(), signal.SIGTERM)

    stopped = train_observations(*given, progress=stop_at_step_two)
    assert (stopped.state, stopped.step, stopped.exit_code) == ("stopped", 2, 143)
    assert json.loads((given[0].run_dir / "status.json").read_text()) == {"state": "stopped", "step": 2, "steps": 5}
    said = []
    done = train_observations(*given, say=said.append)
    assert "continuing from step 2 of 5" in said
    assert (done.state, done.step) == ("finished", 5)


def test_another_run_starts_from_the_best_checkpoint_or_the_last(settings, tmp_path):
    given = settings(steps=2, evaluate_every=1, keep=2, tensorboard=False)
    run_dir = given[0].run_dir
    train_observations(*given)
    # Whichever was better: let the first step be the best, and finish again.
    index = json.loads((run_dir / "checkpoints" / "index.json").read_text())
    for state in index["states"]:
        state["best"] = [{**best, "score": 1.0 / best["step"]} for best in sorted(state["best"], key=_step)]
    (run_dir / "checkpoints" / "index.json").write_text(json.dumps(index))
    (run_dir / "status.json").write_text('{"state": "stopped"}')
    train_observations(*given)
    assert json.loads((run_dir / "encoder.json").read_text())["steps"] == {"last": 2, "best": 1}
    first, last = (
        checkpoints.read_weights(run_dir, best) for best in sorted(checkpoints.read_best(run_dir), key=lambda b: b.step)
    )
    for which, expected in (("best", first), ("last", last)):
        model = ModelSettings(arch=given[2].arch, weights=str(run_dir), encoder=which)
        built = build_model(model, Heads(6), 64, seed=9, encoder=encoder.read(run_dir, which)).model
        found = {name: np.asarray(value) for name, value in weight_names(built).items()}
        below = [name for name in found if not name.startswith("observations")]
        assert any(name.endswith("moving_mean") for name in below)
        for name in below:
            np.testing.assert_array_equal(found[name], expected[f"weight/{name}"], err_msg=name)
    assert not np.array_equal(first["weight/conv1_conv/kernel"], last["weight/conv1_conv/kernel"])
    start = {"run_dir": tmp_path / "next", "weights": str(run_dir), "dry_run": True}
    assert "encoder_best.weights.h5: " in train_observations(*settings(**start)).plan
    assert "weights: encoder.weights.h5: " in train_observations(*settings(**start, encoder="last")).plan


def _step(best):
    return best["step"]


def test_a_loss_that_is_no_number_stops_the_run(settings):
    given = settings(optimizer="sgd", learning_rate=1e30, steps=20, evaluate_every=20)
    with pytest.raises(NonFinite, match=r"is (nan|inf) at step \d+; last good checkpoint: none yet"):
        train_observations(*given)
    status = json.loads((given[0].run_dir / "status.json").read_text())
    assert status["state"] == "failed"
    assert "NonFinite: " in status["why"]


def test_a_dry_run_writes_nothing_and_prints_the_plan(settings):
    given = settings(dry_run=True, steps=None, epochs=2.5, evaluate_every=10)
    done = train_observations(*given)
    assert not given[0].run_dir.exists()
    assert "steps: 30 of 8 images, 2.50 epochs of 96 images" in done.plan
    assert "splits: no patient is in two of test, train, valid" in done.plan
    assert "evaluations: 3, every 10 steps; the best 3 are kept" in done.plan
    assert "Atelectasis" in done.plan
    assert "validation: 21 images of 21 studies of the split valid, checkpoints ranked by mean AUROC over" in done.plan
    assert "each study by the highest probability of its images\n" in done.plan


def test_a_dry_run_freezes_what_it_says_is_frozen(settings):
    free, frozen = (train_observations(*settings(dry_run=True, freeze=layer)).plan for layer in ("none", "backbone"))
    assert "are frozen" not in free
    # Six tasks on the 64 channels of ResNet18's first stage: 6 × 64 weights and 6 biases.
    assert re.search(r"ResNet18Minus3: [\d,]+ parameters, 390 of them learn", frozen)
    assert re.search(r"\d+ of \d+ layers with weights are frozen", frozen)
    with pytest.raises(InputError, match=r"did you mean conv2_block1_1_conv\?"):
        train_observations(*settings(dry_run=True, freeze="conv2_blok1_1_conv"))


def test_steps_are_profiled_without_event_files_too(settings):
    given = settings(steps=4, evaluate_every=4, tensorboard=False, profile="1:3")
    train_observations(*given)
    assert list(given[0].run_dir.glob("plugins/profile/*/*.xplane.pb"))
    assert not list(given[0].run_dir.glob("events*"))


def test_other_self_trained_labels_are_another_run(settings, prepared, tmp_path):
    from chex_tf import prediction_files
    from chex_tf.data.records import open_records
    from chex_tf.observations import STUDY_TASKS

    paths = [
        path.decode() for split in ("train", "valid") for path in open_records(prepared, split).index.path.tolist()
    ]
    file = tmp_path / "labels.csv"
    given = settings(steps=1, evaluate_every=1, tensorboard=False, uncertain="self_trained", self_trained=file)
    for value in (0.25, 0.75):
        values = np.full((len(paths), len(STUDY_TASKS)), value)
        prediction_files.write(file, "Path", paths, STUDY_TASKS, values)
        if value == 0.25:
            assert train_observations(*given).state == "finished"
            assert train_observations(*given).state == "finished"
    with pytest.raises(InputError, match=r"other settings \(self_trained: [0-9a-f]{64} -> [0-9a-f]{64}"):
        train_observations(*given)


def test_one_seed_decides_the_run_and_the_data_may_have_their_own(settings, tmp_path):
    def losses(name, **changes):
        given = settings(run_dir=tmp_path / name, steps=2, evaluate_every=2, tensorboard=False, **changes)
        train_observations(*given)
        return [float(row["train_loss"]) for row in metrics(given[0].run_dir)]

    first = losses("first", seed=3)
    assert losses("same", seed=3, data_seed=3) == pytest.approx(first, rel=1e-4)
    weights, order = losses("weights", seed=4, data_seed=3), losses("order", seed=3, data_seed=4)
    assert abs(weights[0] - first[0]) > 1e-3 * first[0]
    assert abs(order[0] - first[0]) > 1e-3 * first[0]


def test_pretrained_weights_that_do_not_fit_stop_the_run(settings, tmp_path):
    wrong = tmp_path / "wrong.safetensors"
    wrong.write_bytes(b"")
    with pytest.raises((InputError, ValueError)):
        train_observations(*settings(weights=str(wrong)))


@pytest.mark.parametrize(
    "changes",
    [
        {"loss": "auc_margin"},
        {"uncertain": "multiclass", "balance": False},
        {"balance": True, "label_smoothing": 0.1, "schedule": "cosine", "warmup_steps": 1, "clip_norm": 0.5},
        {"sex_weight": 0.1, "view_weight": 0.1, "freeze": "backbone", "weight_decay": 1e-4},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_other_ways_to_train_run_and_load(settings, changes):
    given = settings(steps=2, evaluate_every=2, tensorboard=False, arch="ResNet18Minus3", **changes)
    done = train_observations(*given)
    assert done.state == "finished"
    assert math.isfinite(float(metrics(given[0].run_dir)[0]["train_loss"]))
    model = members.load_run(given[0].run_dir)
    found = model.predict(np.zeros((1, 64, 64, 1)), verbose=0)
    assert found.shape == (1, 6)
    assert ((found > 0) & (found < 1)).all()


def test_the_newest_checkpoint_may_be_damaged(settings):
    given = settings(steps=4, evaluate_every=2)
    train_observations(*given)
    run_dir = given[0].run_dir
    (run_dir / "checkpoints" / checkpoints.read_index(run_dir)[0].file).write_bytes(b"damaged")
    (run_dir / "status.json").write_text('{"state": "running"}')
    said = []
    done = train_observations(*given, say=said.append)
    assert any("state-000000004.safetensors is damaged" in line for line in said)
    assert "continuing from step 2 of 4" in said
    assert (done.step, [int(row["step"]) for row in metrics(run_dir)]) == (4, [2, 4])


def test_a_run_that_lost_its_records_is_refused_and_recovers_to_the_same_bytes(settings):
    """The configuration and the index are rebuilt from a real run's states; the run then ends as if nothing was."""
    training, data, model, asked = settings(steps=4, evaluate_every=2)
    stop_after = dataclasses.replace(training, run_dir=training.run_dir / "lost")
    whole = dataclasses.replace(training, run_dir=training.run_dir / "whole")
    train_observations(whole, data, model, asked)

    def end(evaluated):
        if evaluated.step == 2:
            signal.raise_signal(signal.SIGTERM)

    assert train_observations(stop_after, data, model, asked, callbacks=[end]).state == "stopped"
    run_dir = stop_after.run_dir
    (run_dir / "config.json").unlink()
    (run_dir / "checkpoints/index.json").unlink()
    with pytest.raises(InputError, match=r"full states?, .*and no config\.json; --recover rebuilds"):
        train_observations(dataclasses.replace(stop_after, learning_rate=0.5), data, model, asked)
    recovery.recover(run_dir, lambda line: None)
    with pytest.raises(InputError, match=r"learning_rate: .* -> 0\.5"):
        train_observations(dataclasses.replace(stop_after, learning_rate=0.5), data, model, asked)
    assert train_observations(stop_after, data, model, asked).state == "finished"
    assert (run_dir / "metrics.csv").read_bytes() == (whole.run_dir / "metrics.csv").read_bytes()
