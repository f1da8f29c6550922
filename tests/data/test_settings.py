"""Settings of the data that contradict each other are refused; a light import."""

import subprocess
import sys

import pytest

from chex_tf.settings import InputError


@pytest.mark.parametrize(
    ("changes", "setting", "message"),
    [
        ({"tasks": ()}, "tasks", "received none"),
        ({"tasks": ("Edema", "Edema")}, "tasks", "each task once"),
        ({"uncertain": "one"}, "uncertain", "did you mean ones"),
        ({"blank": "multiclass"}, "blank", "expected one of ignore"),
        ({"uncertain": "self_trained"}, "self_trained", "expected a predictions file"),
        ({"crop_from": 32}, "crop_from", "at least image_size, 64"),
        ({"cache": "ram", "aspect": "keep"}, "cache", "expected --aspect=squash"),
        ({"cache": "disk"}, "cache_dir", "go together"),
        ({"views": "oblique"}, "views", "all, frontal or lateral"),
        ({"flip": 1.5}, "flip", "from 0 to 1"),
        ({"train_patients": 5, "train_images": 9}, "train_images", "received both, 5 and 9"),
        ({"train_images": 0}, "train_images", "at least 1"),
        ({"subset_seed": 2}, "subset_seed", "train_patients or train_images with it; received 2 alone"),
    ],
)
def test_contradictions_are_refused(settings_of, changes, setting, message):
    with pytest.raises(InputError) as error:
        settings_of(**changes)
    assert error.value.setting == setting
    assert message in str(error.value)


def test_predictions_without_their_rule_are_refused(settings_of, tmp_path):
    file = tmp_path / "predictions.csv"
    file.write_text("Path\n")
    with pytest.raises(InputError, match="only --uncertain=self_trained reads"):
        settings_of(self_trained=file)


def test_the_side_before_cropping(settings_of):
    assert settings_of().resized == 64
    assert settings_of(crop_from=72).resized == 72


def test_settings_are_light():
    code = "import sys, chex_tf.data.settings; print({'tensorflow', 'cv2', 'numpy'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"
