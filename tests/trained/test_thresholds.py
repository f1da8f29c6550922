"""Thresholds come from the run's own validation, of the very checkpoints that predict, or not at all."""

import shutil

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from chex_tf import prediction_files
from chex_tf.runs import predictions
from chex_tf.runs.options import Options
from chex_tf.settings import InputError
from chex_tf.trained import predict_split, recalibration, thresholds
from chex_tf.trained.run import read_run


@pytest.fixture
def run(trained, tmp_path):
    copy = shutil.copytree(trained, tmp_path / "squares")
    return read_run(copy)


def test_without_validation_predictions_there_is_none_and_a_command_that_makes_them(run):
    found = thresholds.choose(run, run.best, "ensemble", "youden")
    assert np.isnan(found.values).all()
    assert "no predictions/valid.csv; python -m launch.evaluate --run_dir=" in found.about


def written(run, checkpoint="ensemble"):
    predict_split.predict_split(run, "valid", "valid", Options(checkpoint))


def test_the_threshold_is_the_best_cut_of_the_validation_scores(run):
    written(run)
    found = thresholds.choose(run, run.best, "ensemble", "youden")
    assert found.about == "chosen on 21 validation images, where sensitivity + specificity is highest"
    scores = prediction_files.read(predictions.file(run.run_dir, "valid"))
    labels = prediction_files.read(predictions.labels_file(run.run_dir, "valid"))
    for task, chosen in zip(run.tasks, found.values, strict=True):
        truth, values = labels.numbers(task), scores.numbers(task)

        def merit(cut, truth=truth, values=values):
            return np.mean(values[truth == 1] >= cut) + np.mean(values[truth == 0] < cut)

        best = max(merit(cut) for cut in values)
        assert merit(chosen) == pytest.approx(best)
        assert chosen in values


def test_thresholds_of_other_checkpoints_are_not_taken(run):
    written(run)
    found = thresholds.choose(run, run.best[:2], "ensemble", "youden")
    assert np.isnan(found.values).all()
    assert "predictions/valid.csv is by other checkpoints" in found.about
    best = thresholds.choose(run, run.best[:1], "best", "f1")
    assert "no predictions/valid-best.csv" in best.about
    assert "--checkpoint=best writes them" in best.about
    written(run, "best")
    assert not np.isnan(thresholds.choose(run, run.best[:1], "best", "f1").values).any()


def test_recalibration_is_fitted_on_the_same_images_and_thresholds_follow_it(run):
    with pytest.raises(InputError, match="needs the run's validation predictions: the run has no") as caught:
        recalibration.fit(run, run.best, "ensemble", "platt")
    assert caught.value.setting == "recalibrate"
    written(run)
    maps = recalibration.fit(run, run.best, "ensemble", "isotonic")
    assert maps.about.startswith("isotonic, fitted on 21 validation images")
    scores = prediction_files.read(predictions.file(run.run_dir, "valid"))
    labels = prediction_files.read(predictions.labels_file(run.run_dir, "valid"))
    task = run.tasks[1]
    known = ~np.isnan(labels.numbers(task))
    expected = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
    expected.fit(scores.numbers(task)[known], labels.numbers(task)[known])
    found = maps(np.tile([[0.2], [0.5]], (1, len(run.tasks))))[:, 1]
    np.testing.assert_allclose(found, expected.predict([0.2, 0.5]), atol=1e-6)
    cuts = thresholds.choose(run, run.best, "ensemble", "youden", maps)
    assert cuts.values[1] in maps.maps[1](scores.numbers(task))


def test_predictions_elsewhere_are_not_followed(run, tmp_path):
    written(run)
    file = predictions.file(run.run_dir, "valid")
    file.rename(tmp_path / "elsewhere.csv")
    file.symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(InputError, match="leads out of the run directory"):
        thresholds.choose(run, run.best, "ensemble", "youden")


def test_a_validation_image_read_again_is_on_the_same_side():
    cuts = thresholds.Thresholds(np.array([0.3, 0.3, 0.3, np.nan]), "")
    assert cuts.positive(np.array([0.3, 0.3 - 1e-7, 0.3 - 1e-5, 0.5])) == [True, True, False, None]


@pytest.mark.parametrize(
    ("threshold", "probabilities", "expected"),
    [
        (0.5, [0.5], 3),  # equal
        (0.5, [0.5 + 5e-7], 3),  # so near counts as equal
        (0.5, [0.4996], 4),
        (0.5, [0.502, 0.9], 3),
        (0.5, [0.9, 0.499996], 6),
        (0.9999996, [0.999998], 6),
        (0.99999, [], 3),
        (float("nan"), [0.5], 3),
    ],
)
def test_a_threshold_has_the_decimals_that_tell_it_from_other_probabilities(threshold, probabilities, expected):
    assert thresholds.decimals(threshold, probabilities) == expected


def test_fewer_decimals_where_fewer_are_shown():
    assert [thresholds.decimals(0.5, [value], fewest=2) for value in (0.51, 0.504)] == [2, 3]
