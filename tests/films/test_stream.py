"""Films through a run's network: the run's own probabilities, in order, with no more films in memory than a few."""

import json
import shutil
import threading

import numpy as np
import pytest
from PIL import Image

from chex_tf.data.pipeline import Source
from chex_tf.data.settings import DataSettings
from chex_tf.data.view import View
from chex_tf.films import stream
from chex_tf.trained import members
from chex_tf.trained.run import read_run


@pytest.fixture(scope="module")
def reader(trained):
    run = read_run(trained)
    return stream.Reader(run, run.best, batch=4)


@pytest.fixture
def films(prepared, tmp_path):
    """The validation split's records as files."""
    source = Source(DataSettings(data=prepared, image_size=64), "valid", training=False)
    paths = [tmp_path / f"{place:02d}.jpg" for place in range(len(source))]
    for place, path in enumerate(paths):
        path.write_bytes(source.records.read(place))
    return paths, source.pixels(0, len(source))["image"]


def test_files_give_what_the_run_gives_for_their_records(reader, films, trained):
    paths, images = films
    readings = list(reader.read(paths))
    assert [reading.path for reading in readings] == paths
    found = np.stack([reading.probabilities for reading in readings])
    np.testing.assert_allclose(found, members.load_run(trained)(images), rtol=1e-5)
    spread = np.stack([reading.members for reading in readings])
    assert spread.shape == (21, 3, 6)
    for number, best in enumerate(reader.run.best):
        alone = members.load_separately(reader.run, [best])(images)
        np.testing.assert_allclose(spread[:, number], np.asarray(alone).reshape(21, 6), rtol=1e-5)


def test_what_cannot_be_read_is_said_in_its_place(reader, films, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no film")
    paths = [*films[0][:3], tmp_path / "broken.png", films[0][3]]
    readings = list(reader.read(paths))
    assert [bool(reading.error) for reading in readings] == [False, False, False, True, False]
    assert readings[3].members is None
    alone = next(reader.read([films[0][3]]))
    np.testing.assert_allclose(readings[4].members, alone.members, rtol=1e-5)


def test_nothing_but_what_cannot_be_read(reader, tmp_path):
    assert [bool(reading.error) for reading in reader.read([tmp_path / "x", tmp_path / "y"])] == [True, True]


def test_only_a_few_batches_are_ever_ahead(reader, films, monkeypatch):
    loaded, most, lock = 0, 0, threading.Lock()
    plain = reader.load

    def load(path):
        nonlocal loaded
        with lock:
            loaded += 1
        return plain(path)

    monkeypatch.setattr(reader, "load", load)
    for done, _ in enumerate(reader.read(films[0][number % 21] for number in range(200)), start=1):
        most = max(most, loaded - done)
    assert loaded == 200
    assert most <= 4 * reader.batch


def test_leaving_early_ends_the_threads(reader, films):
    before = threading.active_count()
    readings = reader.read(films[0])
    next(readings)
    readings.close()
    assert threading.active_count() <= before


def test_a_fault_of_ours_is_not_taken_for_a_bad_film(reader, films, monkeypatch):
    monkeypatch.setattr(View, "apply", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        list(reader.read(films[0]))


def test_a_film_is_squashed_first_where_its_run_learnt_from_squashed_ones(trained, tmp_path):
    """Proportions that are "kept" are then those of the square that ingest made, and nothing of the film is cropped."""
    run_dir = shutil.copytree(trained, tmp_path / "run")
    config = json.loads((run_dir / "config.json").read_text())
    config["data"]["aspect"] = "keep"
    config["records"]["train"]["stored"] = {"image_size": 64, "resize": "square", "encoding": "png"}
    (run_dir / "config.json").write_text(json.dumps(config))
    halves = np.zeros((128, 384), np.uint8)
    halves[:, 192:] = 200
    halves[:, :96] = 90  # a crop that kept proportions would leave these out, and as much at the other end
    Image.fromarray(halves).save(tmp_path / "film.png")
    run = read_run(run_dir)
    image, _ = stream.Reader(run, run.best[:1]).load(tmp_path / "film.png")
    np.testing.assert_array_equal(image[..., 0], np.repeat([[90] * 16 + [0] * 16 + [200] * 32], 64, axis=0))
