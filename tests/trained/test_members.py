"""A run directory as a model: which checkpoints, and nothing that lies outside it."""

import json
import shutil

import pytest

from chex_tf.runs import checkpoints
from chex_tf.settings import InputError
from chex_tf.trained import members
from chex_tf.trained.run import read_run


@pytest.fixture
def run_dir(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "runs" / "squares")


def test_checkpoints_by_name(trained):
    run = read_run(trained)
    assert len(run.best) == 3
    assert checkpoints.choose(run.best, "ensemble") == run.best
    assert checkpoints.choose(run.best, "best") == run.best[:1]
    assert checkpoints.choose(run.best, str(run.best[1].step)) == run.best[1:2]
    with pytest.raises(InputError, match="expected ensemble, best or a kept step"):
        checkpoints.choose(run.best, "5")


@pytest.mark.parametrize("file", ["config.json", "checkpoints/index.json", "best"])
def test_a_link_out_of_the_run_directory_is_refused(run_dir, tmp_path, file):
    name = f"checkpoints/{read_run(run_dir).best[0].file}" if file == "best" else file
    (run_dir / name).rename(tmp_path / "elsewhere")
    (run_dir / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="leads out of the run directory"):
        members.load_run(run_dir, members=1)


def test_a_linked_folder_and_a_path_upwards_are_refused(run_dir, tmp_path):
    (run_dir / "checkpoints").rename(tmp_path / "elsewhere")
    (run_dir / "checkpoints").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="leads out of the run directory"):
        read_run(run_dir)
    (run_dir / "checkpoints").unlink()
    (tmp_path / "elsewhere").rename(run_dir / "checkpoints")
    file = run_dir / "checkpoints" / "index.json"
    index = json.loads(file.read_text())
    index["states"][0]["best"][0]["file"] = "../../../elsewhere.safetensors"
    file.write_text(json.dumps(index))
    with pytest.raises(InputError, match=r"states\[0\]: expected files in checkpoints; found '../../../elsewhere"):
        read_run(run_dir)


def test_a_run_may_be_reached_through_a_link(run_dir, tmp_path):
    (tmp_path / "link").symlink_to(run_dir, target_is_directory=True)
    assert members.load_run(tmp_path / "link", members=1).output_shape == (None, 6)


@pytest.mark.parametrize(
    ("file", "content"), [("config.json", "{"), ("config.json", "{}"), ("checkpoints/index.json", '{"states": [1]}')]
)
def test_a_damaged_run_directory_is_said_in_one_line(run_dir, file, content):
    (run_dir / file).write_text(content)
    with pytest.raises(InputError, match=r"(config|index)\.json is damaged: "):
        read_run(run_dir)
