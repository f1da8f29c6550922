"""inspect: a picture that a person can read, a table on standard output, one line for bad input."""

import importlib.util
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from chex_tf.data import batch_picture
from chex_tf.data.pipeline import Source
from chex_tf.data.settings import DataSettings
from chex_tf.settings import InputError
from launch import inspect as verb

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def films(write_records):
    """The films of the data tests."""
    spec = importlib.util.spec_from_file_location("films_for_inspect", ROOT / "tests" / "data" / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return write_records({split: module.examples(split) for split in module.IMAGES}, 1, mean=117.5, deviation=52.25)


def test_the_picture_shows_the_batch(films, tmp_path, capsys):
    out = tmp_path / "sheet.png"
    data = DataSettings(data=films, image_size=64, uncertain="ones")
    verb.main(data, verb.InspectSettings(out=out, images=6))
    picture_pixels = np.asarray(Image.open(out))
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == str(out)
    assert "37 images of 13 patients" in lines[0]
    assert any(line.startswith("Atelectasis") and "→ 1" in line for line in lines)
    # Each film of the batch stands in the picture, enlarged as Pillow enlarges it.
    batch = Source(data, training=True).batch(0, 6)
    tile = batch_picture._TILE
    for image in batch["image"]:
        film = np.asarray(Image.fromarray(image[..., 0]).resize((tile, tile), Image.Resampling.BILINEAR))
        row = film[tile // 2]
        found = [
            (down, across)
            for down in range(picture_pixels.shape[0])
            for across in np.flatnonzero(picture_pixels[down, : -tile + 1, 0] == row[0])
            if np.array_equal(picture_pixels[down, across : across + tile, 0], row)
        ]
        assert found


def test_what_is_not_known_of_a_film_is_said():
    one = {name: np.array([1.0]) for name in ("sex", "age", "view")}
    known = {f"{name}_weight": np.array([1.0]) for name in one}
    assert batch_picture._person({**one, **known}, 0) == "female, 100 years, lateral"
    unknown = {name: np.array([0.0]) for name in known}
    assert batch_picture._person({**one, **unknown}, 0) == "sex unknown, age unknown, view unknown"


def test_captions_say_raw_label_target_and_weight(films):
    data = DataSettings(data=films, image_size=64, tasks=("Edema", "Fracture"), uncertain="multiclass", blank="ignore")
    source = Source(data, training=True)
    batch = source.batch(0, 37)
    said = {
        tuple(text for text, _ in cells[1:])
        for number in range(37)
        for cells in batch_picture._lines(batch, number, source.targets.tasks)[3:]
    }
    assert said == {("positive", "1", "1"), ("negative", "0", "1"), ("uncertain", "third", "1"), ("blank", "0", "0")}


def test_padding_is_called_so(films):
    source = Source(DataSettings(data=films, image_size=64), "valid", training=False)
    (cells,) = batch_picture._lines(source.batch(0, 12), 11, source.targets.tasks)
    assert "weight 0" in cells[0][0]


def test_a_step_beyond_the_split_is_refused(films, tmp_path):
    settings = verb.InspectSettings(out=tmp_path / "x.png", split="valid", training=False, images=8, step=2)
    with pytest.raises(InputError, match="expected a batch below 2; received 2"):
        verb.main(DataSettings(data=films, image_size=64), settings)


def test_the_command_line(films, tmp_path):
    def run(*flags: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "launch.inspect", *flags]
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)

    done = run(f"--data={films}", f"--out={tmp_path / 's.png'}", "--image_size=64", "--images=2", "--tasks=all")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "s.png").is_file()
    refused = run(f"--data={films}", f"--out={tmp_path / 's.jpg'}")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == f"inspect: --out: expected a file ending in .png; received {tmp_path / 's.jpg'}\n"


def test_a_subset_is_shown_as_trained_on_and_refused_otherwise(films, tmp_path, capsys):
    out = tmp_path / "sheet.png"
    data = DataSettings(data=films, image_size=64, train_images=5)
    verb.main(data, verb.InspectSettings(out=out, images=5))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("train: 5 images of 2 patients, all views")
    assert lines[1].startswith("subset: the first 2 of 13 patients")
    assert lines[5] == "mean 117.5, deviation 52.2 of the training pixels"
    with pytest.raises(InputError, match="a subset is of what is trained on"):
        verb.main(data, verb.InspectSettings(out=out, images=5, training=False))
