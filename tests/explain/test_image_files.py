"""Image files explained: overlays of the film's own size, names that do not collide, a figure."""

import pathlib

import cv2
import numpy as np
import pytest

from chex_tf.data.stored import Stored
from chex_tf.explain import image_files
from chex_tf.explain.explainer import Explainer
from chex_tf.explain.films import find_files
from chex_tf.explain.report import Result
from chex_tf.explain.settings import ExplainSettings
from chex_tf.trained.run import read_run
from chex_tf.trained.view import view_of

TASKS = ("Edema", "Pleural Effusion")


@pytest.fixture
def films(tmp_path: pathlib.Path) -> pathlib.Path:
    generator = np.random.default_rng(0)
    for number, name in enumerate(("a/film.png", "b/film.png", "b/a film; two.jpg")):
        file = tmp_path / "films" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        pixels = cv2.resize(generator.integers(0, 255, (9, 7)).astype(np.uint8), (70 + 9 * number, 90))
        cv2.imwrite(str(file), pixels)
    return tmp_path / "films"


def explain(out: pathlib.Path, run: pathlib.Path, *asked: pathlib.Path, **given: object) -> Result:
    settings = ExplainSettings(run_dir=(run,), films=asked, tasks=TASKS, out=out, batch=2, **given)
    return image_files.explain_files(settings, lambda line: None, lambda done, total: None)


def test_an_overlay_for_each_film_and_task(trained: pathlib.Path, films: pathlib.Path, tmp_path: pathlib.Path) -> None:
    out = tmp_path / "out"
    found = explain(out, trained, films)
    overlays = sorted(file.name for file in (out / "overlays").iterdir())
    assert overlays == sorted(
        f"{stem}.{task}.squares.png"
        for stem in ("film", "film-2", "a_film_two")
        for task in ("Edema", "Pleural_Effusion")
    )
    run = read_run(trained)
    given = find_files([films / "b/film.png"])
    probability = Explainer(run)(given.input(0, view_of(run, Stored()))[np.newaxis], TASKS).probabilities[0]
    rows = [line.split() for line in found.text.splitlines()]
    # Too wide for 80 columns: overlays stand in a table below; in each a film's name stands once, above its rows.
    first = rows.index(["b/film.png"])
    assert rows[first + 1] == ["Edema", "squares", f"{probability[0]:.3f}", "16×16"], found.text
    second = rows.index(["b/film.png"], first + 1)
    assert rows[second + 1] == ["Edema", "squares", "overlays/film-2.Edema.squares.png"], found.text
    assert rows.count(["b/film.png"]) == 2
    picture = cv2.imread(str(out / "overlays/film-2.Edema.squares.png"))
    film = given.grey(0)
    assert picture.shape == (*film.shape, 3)
    assert (picture.max(axis=-1) != picture.min(axis=-1)).mean() > 0  # some of it is coloured
    assert (out / "figure.png").is_file()


def test_maps_are_kept_on_request(trained: pathlib.Path, films: pathlib.Path, tmp_path: pathlib.Path) -> None:
    explain(tmp_path / "out", trained, films / "a", films / "b" / "*.jpg", keep_maps=True)
    with np.load(tmp_path / "out" / "maps.npz") as arrays:
        assert [name.rpartition("/")[2] for name in arrays["films"].tolist()] == ["film.png", "a film; two.jpg"]
        assert arrays["maps_0"].shape == (2, 2, 16, 16)


def test_a_name_does_not_move_the_cursor(trained: pathlib.Path, films: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (films / "a" / "film.png").rename(films / "a" / "fi\nlm\x1b[2J.png")
    found = explain(tmp_path / "out", trained, films / "a")
    assert "fi?lm?[2J.png" in found.text
    assert "\x1b" not in found.text
