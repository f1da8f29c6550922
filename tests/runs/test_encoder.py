"""The encoders of a run: which file each is, and what is said where there is none."""

import json

import pytest

from chex_tf.models.inputs import SCHEMES
from chex_tf.runs import encoder, layout
from chex_tf.settings import InputError


def written(folder, *kinds):
    for which in kinds:
        encoder.write_weights(folder, which, lambda path, which=which: path.write_text(which))
    encoder.write_facts(folder, "ResNet18", SCHEMES["tf"].to_json(), dict.fromkeys(kinds, 8))


def test_each_has_its_file_and_its_step(tmp_path):
    written(tmp_path, "last", "best")
    assert encoder.read(tmp_path).file.read_text() == "best"
    found = encoder.read(tmp_path, "last")
    assert (found.file.read_text(), found.arch, found.normalisation) == ("last", "ResNet18", SCHEMES["tf"])
    assert json.loads((tmp_path / layout.ENCODER).read_text())["steps"] == {"last": 8, "best": 8}


def test_a_run_that_kept_only_its_last_weights_says_how_to_take_them(tmp_path):
    written(tmp_path, "last")
    with pytest.raises(InputError, match="kept the last weights only; --encoder=last would take them") as refused:
        encoder.read(tmp_path)
    assert refused.value.setting == "encoder"
    assert encoder.read(tmp_path, "last").file.read_text() == "last"


@pytest.mark.parametrize("which", ["best", "last"])
def test_a_folder_without_encoder_is_refused(which, tmp_path):
    with pytest.raises(InputError, match=r"expected a run directory with encoder.*\.weights\.h5; nothing is at"):
        encoder.read(tmp_path, which)


def test_one_of_its_files_means_the_run(tmp_path):
    """The file alone would be normalised as the row's released weights are, and any epsilon would pass."""
    written(tmp_path, encoder.BEST, encoder.LAST)
    encoder.write_facts(tmp_path, "ResNet18", SCHEMES["tf"].to_json(), {"last": 8, "best": 4}, 1e-3)
    for name, which in (("encoder_best.weights.h5", encoder.BEST), ("encoder.weights.h5", encoder.LAST)):
        for asked in (encoder.BEST, encoder.LAST):
            found = encoder.at(tmp_path / name, asked)
            assert found == encoder.read(tmp_path, which)
            assert (found.normalisation, found.batch_norm_epsilon) == (SCHEMES["tf"], 1e-3)
    assert encoder.at(tmp_path, encoder.LAST) == encoder.read(tmp_path, encoder.LAST)
    assert encoder.at(tmp_path / "encoder_best.weights.h5").origin == f"of the run {tmp_path}, at its step 4"
    other = tmp_path / "other.weights.h5"
    other.touch()
    assert encoder.at(other) is None
    (tmp_path / "encoder.json").unlink()
    assert encoder.at(tmp_path / "encoder.weights.h5") is None
