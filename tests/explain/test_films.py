"""Films of splits and of files: pixels as training makes them, truth as validation has it, complaints."""

import dataclasses
import pathlib
import types

import cv2
import numpy as np
import pytest

from chex_tf.data.pipeline import Source
from chex_tf.data.settings import DataSettings
from chex_tf.data.stored import Stored
from chex_tf.data.view import View
from chex_tf.explain import films
from chex_tf.settings import InputError
from chex_tf.trained import other_data
from chex_tf.trained.run import read_run


def run_of(**data: object) -> types.SimpleNamespace:
    given = DataSettings(data=pathlib.Path("nowhere"), image_size=64, **data)
    return types.SimpleNamespace(run_dir=pathlib.Path("runs/a"), tasks=("Edema", "Fracture"), side=64, data=given)


@pytest.mark.parametrize("given", [{"image_size": 48}, {"image_size": 40, "crop_from": 57}])
def test_a_split_gives_what_evaluation_sees(prepared: pathlib.Path, given: dict[str, int]) -> None:
    source = Source(DataSettings(data=prepared, **given), "test", training=False)
    expected = source.batch(0, 30)
    split = films.open_split(prepared, "test", [run_of()])
    view = View(given["image_size"], given.get("crop_from", given["image_size"]))
    for place in range(30):
        np.testing.assert_array_equal(split.input(place, view), expected["image"][place])
        # A record is stored already: ingest's resizing is not done to it twice.
        small = dataclasses.replace(view, stored=Stored(20, "square"))
        np.testing.assert_array_equal(split.input(place, small), expected["image"][place])
        assert split.names[place] == expected["path"][place].decode()


def test_truth_is_validations(prepared: pathlib.Path, trained: pathlib.Path) -> None:
    run = read_run(trained)
    split = films.open_split(prepared, "valid", [run])
    found = split.truth(other_data.labels_of(run, split.records, None), ("Fracture", "Edema"))
    raw = split.records.index.labels[:, [12, 5]]
    np.testing.assert_array_equal(np.isnan(found), raw == -1)
    np.testing.assert_array_equal(found[raw >= 0], raw[raw >= 0])
    assert (raw == -1).any()


def test_units(prepared: pathlib.Path) -> None:
    split = films.open_split(prepared, "test", [run_of()])  # two films a study
    studies = [name.rpartition("/")[0] for name in split.names]
    for unit in ("patient", "study"):
        found = split.units(unit)
        assert sorted(set(found)) == list(range(15))
        assert len(set(zip(found.tolist(), studies, strict=True))) == 15
    assert split.units("image").tolist() == list(range(30))


def test_views_that_the_runs_were_trained_on(prepared: pathlib.Path) -> None:
    every = films.open_split(prepared, "test", [run_of()])
    some = films.open_split(prepared, "test", [run_of(), run_of(views="frontal")])
    assert 0 < len(some) < len(every)
    assert set(some.records.names("view")[some.examples]) == {"frontal"}
    with pytest.raises(InputError, match="frontal, lateral"):
        films.open_split(prepared, "test", [run_of(views="frontal"), run_of(views="lateral")])


def test_tasks_of_several_runs() -> None:
    other = run_of()
    other.tasks = ("Fracture", "Edema", "Pneumonia")
    assert films.tasks_of([run_of(), other], ()) == ("Edema", "Fracture")
    assert films.tasks_of([run_of(), other], ("Fracture",)) == ("Fracture",)
    with pytest.raises(InputError, match=r"runs/a was not trained for 'Pneumonia'"):
        films.tasks_of([other, run_of()], ("Pneumonia",))
    other.tasks = ("Pneumonia",)
    with pytest.raises(InputError, match="in common"):
        films.tasks_of([run_of(), other], ())


def test_files(tmp_path: pathlib.Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (90, 70)).astype(np.uint8)
    for name in ("b.png", "a.png"):
        cv2.imwrite(str(tmp_path / name), pixels)
    found = films.find_files([tmp_path / "b.png", tmp_path, tmp_path / "*.png"])
    assert [path.name for path in found.paths] == ["b.png", "a.png"]
    np.testing.assert_array_equal(found.grey(0), pixels)
    assert found.input(1, View(32, 40)).shape == (32, 32, 1)
    (tmp_path / "c.png").write_bytes(b"no image")
    damaged = films.find_files([tmp_path / "c.png"])
    with pytest.raises(InputError, match=r"c\.png: expected a JPEG, PNG or DICOM"):
        damaged.grey(0)
    with pytest.raises(InputError, match="nothing"):
        films.find_files([tmp_path / "nothing*.png"])
