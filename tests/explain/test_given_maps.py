"""Folders of maps measured against regions, from the command's settings to the table and the JSON, by hand."""

import json
import pathlib
import types

import numpy as np
import pytest

from chex_tf.explain import given_maps
from chex_tf.explain.report import Result
from chex_tf.explain.settings import ExplainSettings
from chex_tf.settings import InputError

FILMS = [f"patient{number}_study1_view1_frontal" for number in range(1, 5)]
SQUARE = [[0, 0], [1, 0], [1, 1], [0, 1]]  # four of sixteen pixels, outlines included


@pytest.fixture
def polygons(tmp_path: pathlib.Path) -> pathlib.Path:
    """A square at the upper left of every film, as Edema, and on the first also as Fracture."""
    content: dict[str, dict[str, object]] = {film: {"img_size": [4, 4], "Edema": [SQUARE]} for film in FILMS}
    content[FILMS[0]]["Fracture"] = [SQUARE]
    file = tmp_path / "gt_annotations.json"
    file.write_text(json.dumps(content))
    return file


def corner(size: int = 4, at: str = "left") -> np.ndarray:
    """2 at one upper corner pixel, 1 at its three neighbours in the square, 0 elsewhere."""
    pixels = np.zeros((size, size), np.float32)
    pixels[:2, :2] = 1
    pixels[0, 0] = 2
    return pixels if at == "left" else pixels[:, ::-1]


def write(folder: pathlib.Path, maps: dict[tuple[str, str], np.ndarray]) -> pathlib.Path:
    folder.mkdir(exist_ok=True)
    for (film, task), pixels in maps.items():
        np.save(folder / f"{film}_{task}.npy", pixels)
    return folder


def explain(out: pathlib.Path, said: list[str] | None = None, **given: object) -> tuple[Result, dict[str, object]]:
    settings = ExplainSettings(out=out, **{"replicates": 100, **given})
    progress: list[tuple[int, int]] = []
    found = given_maps.explain_maps(
        settings,
        (said if said is not None else []).append,
        lambda done, total: progress.append((done, total)),
    )
    assert progress[-1][0] == progress[-1][1] == len(progress)
    return found, json.loads((out / "localisation.json").read_text(encoding="utf-8"))


def test_two_models_by_hand(tmp_path: pathlib.Path, polygons: pathlib.Path) -> None:
    """Model a is right on three films of four, b on none."""
    a = write(tmp_path / "a", {(film, "Edema"): corner(at="right" if film == FILMS[3] else "left") for film in FILMS})
    b = write(tmp_path / "b", {(film, "Edema"): corner(at="right") for film in FILMS})
    said: list[str] = []
    result, found = explain(tmp_path / "out", said, maps=(a, b), regions=polygons, protocol="chexlocalize", fewest=2)
    assert found["films"] == {"Edema": 4}
    assert found["units"] == 4
    assert found["chance"] == {"Edema": 0.25, "mean": 0.25}
    assert found["runs"]["a"]["pointing"]["Edema"]["value"] == 0.75
    assert found["runs"]["a"]["iou"]["Edema"]["value"] == 0.75
    assert found["runs"]["b"]["iou"]["Edema"]["value"] == 0
    assert found["runs"]["a"]["thresholds"] == {"Edema": ["otsu"]}
    assert found["maps"] == {"a": str(a), "b": str(b)}
    (difference,) = [one for one in found["differences"] if one["measure"] == "iou" and one["task"] == "Edema"]
    assert difference["value"] == 0.75
    assert found["unmatched"]["a"]["regions_without_map"] == [f"{FILMS[0]} Fracture"]
    assert f"{a}: 1 regions without map: {FILMS[0]} Fracture" in said
    assert "4 of 5 regions have a map in every folder: only these are measured" in said
    assert "Localisation on gt_annotations.json: films with a true region" in " ".join(result.text.split())
    assert "4 patients" in result.text
    assert "4×4" in result.text


def test_our_protocol_is_the_default(tmp_path: pathlib.Path, polygons: pathlib.Path) -> None:
    """A map level on the square points within it whichever pixel is first; a tie with one pixel outside is shared."""
    level = np.zeros((4, 4), np.float32)
    level[:2, :2] = level[3, 3] = 1
    a = write(tmp_path / "a", {(film, "Edema"): level for film in FILMS})
    _, ours = explain(tmp_path / "ours", maps=(a,), regions=polygons)
    _, theirs = explain(tmp_path / "theirs", maps=(a,), regions=polygons, protocol="chexlocalize")
    assert ours["protocol"] == "peak"
    assert ours["runs"]["a"]["pointing"]["Edema"]["value"] == pytest.approx(4 / 5)
    assert theirs["runs"]["a"]["pointing"]["Edema"]["value"] == 1
    assert ours["runs"]["a"]["iou"]["Edema"]["value"] == pytest.approx(4 / 5)
    assert theirs["runs"]["a"]["iou"]["Edema"]["value"] == 1  # a contour of one point is dropped
    assert len(ours["runs"]["a"]["shares_of_peak"]["Edema"]) == 2


def test_every_kind_of_file_gives_the_same_numbers(
    tmp_path: pathlib.Path, polygons: pathlib.Path, pickles: types.ModuleType
) -> None:
    maps = {(film, "Edema"): corner(at="left" if film < FILMS[2] else "right") for film in FILMS}
    folders = [write(tmp_path / "npy", maps), tmp_path / "npz", tmp_path / "pkl"]
    for folder in folders[1:]:
        folder.mkdir()
    np.savez(folders[1] / "all.npz", **{f"{film}_{task}_map": pixels for (film, task), pixels in maps.items()})
    for (film, task), pixels in maps.items():
        (folders[2] / f"{film}_{task}_map.pkl").write_bytes(pickles.chexlocalize_pickle(pixels, (4, 4)))
    _, found = explain(tmp_path / "out", maps=tuple(folders), regions=polygons, protocol="chexlocalize")
    npy, npz, pkl = ({**found["runs"][name], "model": ""} for name in ("npy", "npz", "pkl"))
    assert npy == npz == pkl
    assert npy["iou"]["Edema"]["value"] == 0.5


def test_patients_are_drawn_not_films(tmp_path: pathlib.Path) -> None:
    """Two patients of two films each."""
    films = [f"patient{number}_study{study}_view1_frontal" for number in (1, 2) for study in (1, 2)]
    file = tmp_path / "a.json"
    file.write_text(json.dumps({film: {"img_size": [4, 4], "Edema": [SQUARE]} for film in films}))
    side = {film: "left" if film.startswith("patient1") else "right" for film in films}
    a = write(tmp_path / "a", {(film, "Edema"): corner(at=side[film]) for film in films})
    for unit, units in (("patient", 2), ("study", 4), ("image", 4)):
        _, found = explain(tmp_path / unit, maps=(a,), regions=file, unit=unit, protocol="chexlocalize")
        assert found["units"] == units


def test_films_whose_patients_are_not_known(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps({f"film{n}": {"img_size": [4, 4], "Edema": [SQUARE]} for n in (1, 2)}))
    a = write(tmp_path / "a", {(f"film{n}", "Edema"): corner() for n in (1, 2)})
    with pytest.raises(InputError, match="received film1, film2; --unit=image"):
        explain(tmp_path / "out", maps=(a,), regions=file)
    result, _ = explain(tmp_path / "out", maps=(a,), regions=file, unit="image")
    assert "Which films are of one patient is not known" in " ".join(result.text.split())


def test_thresholds_from_maps_of_other_films(tmp_path: pathlib.Path, polygons: pathlib.Path) -> None:
    """On the other film all thresholds below 0.5 mark the square; the first of them is taken."""
    a = write(tmp_path / "a", {(film, "Edema"): corner() for film in FILMS})
    others = write(tmp_path / "others", {("patient9_study1_view1_frontal", "Edema"): corner()})
    file = tmp_path / "others.json"
    file.write_text(json.dumps({"patient9_study1_view1_frontal": {"img_size": [4, 4], "Edema": [SQUARE]}}))
    given = {"maps": (a,), "regions": polygons, "threshold_maps": (others,), "tasks": ("Edema",)}
    tuned = {"protocol": "chexlocalize", "map_thresholds": "tuned"}
    result, found = explain(tmp_path / "out", **given, threshold_regions=file, **tuned)
    assert found["runs"]["a"]["thresholds"] == {"Edema": [0.2]}
    assert found["runs"]["a"]["iou"]["Edema"]["value"] == 1
    assert "chosen on other films." in " ".join(result.text.split())
    with pytest.raises(InputError, match=r"expected maps of films and tasks that \S*gt_annotations"):
        explain(tmp_path / "out", **given, **tuned)
    with pytest.raises(InputError, match=f"expected other films than those of --maps; received 4 of them: {FILMS[0]}"):
        explain(tmp_path / "out", **{**given, "threshold_maps": (a,)}, **tuned)


def test_a_map_of_another_size_is_resized(tmp_path: pathlib.Path, polygons: pathlib.Path) -> None:
    """Two cells a side spread over four pixels. Of sixteen, ours averages blocks of 4×4 (64 / 16 upper left, 4 · 3
    / 16 lower right), theirs takes the four in the middle of each (0 and 3)."""
    small = np.array([[1, 0], [0, 0]], np.float32)
    large = np.zeros((16, 16), np.float32)
    large[0, 0] = 64
    large[13:15, 13:15] = 3
    expected = {("small", "peak"): 1, ("small", "chexlocalize"): 1, ("large", "peak"): 1, ("large", "chexlocalize"): 0}
    for (name, protocol), hits in expected.items():
        a = write(tmp_path / name, {(film, "Edema"): small if name == "small" else large for film in FILMS})
        result, found = explain(tmp_path / "out", maps=(a,), regions=polygons, protocol=protocol)
        assert found["runs"][name]["pointing"]["Edema"]["value"] == hits
        assert ("2×2" if name == "small" else "16×16") in result.text


def test_only_regions_with_every_models_map_are_measured(tmp_path: pathlib.Path, polygons: pathlib.Path) -> None:
    a = write(tmp_path / "a", {(film, "Edema"): corner() for film in FILMS})
    b = write(tmp_path / "b", {(film, "Edema"): corner() for film in FILMS[:2]})
    said: list[str] = []
    _, found = explain(tmp_path / "out", said, maps=(a, b), regions=polygons, tasks=("Edema",))
    assert found["films"] == {"Edema": 2}
    assert "2 of 4 regions have a map in every folder: only these are measured" in said
    assert found["unmatched"]["b"]["regions_without_map"] == [f"{film} Edema" for film in FILMS[2:]]
    assert found["unmatched"]["a"]["regions_without_map"] == []


def test_a_film_of_another_size_is_refused(
    tmp_path: pathlib.Path, polygons: pathlib.Path, pickles: types.ModuleType
) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / f"{FILMS[1]}_Edema_map.pkl").write_bytes(pickles.chexlocalize_pickle(corner(), (4, 5)))
    with pytest.raises(InputError, match=r"expected a map of a film of 4×4 pixels, as its region is; .* names 5×4"):
        explain(tmp_path / "out", maps=(folder,), regions=polygons, protocol="chexlocalize")
    assert not (tmp_path / "out").exists()


def test_maps_that_mark_nothing_are_counted(tmp_path: pathlib.Path, polygons: pathlib.Path) -> None:
    a = write(tmp_path / "a", {(film, "Edema"): corner() * (film != FILMS[0]) for film in FILMS})
    b = write(tmp_path / "b", {(film, "Edema"): corner() for film in FILMS})
    result, found = explain(tmp_path / "out", maps=(a, b), regions=polygons, protocol="chexlocalize")
    assert found["runs"]["a"]["left_out_of_iou"] == {"Edema": 1}
    assert "left out of it: a 1, b 0." in " ".join(result.text.split())
    result, found = explain(tmp_path / "ours", maps=(a, b), regions=polygons)
    assert found["runs"]["a"]["iou"]["Edema"]["value"] == pytest.approx(0.75)
    assert "left out" not in result.text


def test_names_that_do_not_match(tmp_path: pathlib.Path, polygons: pathlib.Path) -> None:
    a = write(tmp_path / "a", {("patient8_study1_view1_frontal", "Edema"): corner()})
    with pytest.raises(InputError, match=f"such as {FILMS[0]} Edema, {FILMS[0]} Fracture; received maps of patient8"):
        explain(tmp_path / "out", maps=(a,), regions=polygons)
    write(tmp_path / "a", {(FILMS[0], "Edema"): corner(), (FILMS[1], "Edema"): corner()})
    (tmp_path / "a" / "notes.txt").write_text("")
    content = json.loads(polygons.read_text())
    content[FILMS[1]]["Edema"] = [[[9, 9], [8, 8]]]
    polygons.write_text(json.dumps(content))
    said: list[str] = []
    _, found = explain(tmp_path / "out", said, maps=(a,), regions=polygons, tasks=("Edema",))
    assert found["films"] == {"Edema": 1}
    assert found["unmatched"]["a"] == {
        "regions_without_map": [f"{FILMS[2]} Edema", f"{FILMS[3]} Edema"],
        "maps_without_region": ["patient8_study1_view1_frontal Edema"],
        "files_that_name_no_film_and_task": ["notes.txt"],
    }
    assert f"{a}: 2 regions without map: {FILMS[2]} Edema, {FILMS[3]} Edema" in said
    assert f"{polygons}: 1 regions cover no pixel: {FILMS[1]} Edema" in said


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("Edma", r"\(Edema, Fracture\); received Edma; did you mean Edema\?"),
        ("Cardiomegaly", r"marks a region \(Edema, Fracture\); received Cardiomegaly"),
    ],
)
def test_a_task_without_any_region_is_named(
    tmp_path: pathlib.Path, polygons: pathlib.Path, asked: str, told: str
) -> None:
    a = write(tmp_path / "a", {(film, "Edema"): corner() for film in FILMS})
    with pytest.raises(InputError, match=told) as caught:
        explain(tmp_path / "out", maps=(a,), regions=polygons, tasks=(asked,))
    assert caught.value.setting == "tasks"


def test_few_films_have_no_interval_and_no_test(tmp_path: pathlib.Path, polygons: pathlib.Path) -> None:
    """Four patients with a region of Edema, one with one of Fracture."""
    maps = {(film, "Edema"): corner() for film in FILMS} | {(FILMS[0], "Fracture"): corner(at="right")}
    folders = write(tmp_path / "a", maps), write(tmp_path / "b", maps)
    result, found = explain(tmp_path / "few", maps=folders, regions=polygons)
    assert found["withheld"] == {"Edema": 4, "Fracture": 1}
    assert {one[bound] for one in found["runs"]["a"]["iou"].values() for bound in ("low", "high")} == {None}
    assert found["differences"] == []
    assert "nan" not in result.text
    assert "1.000 [no interval]" in result.text
    assert "fewer than 10 patients have a region (--fewest): Edema 4, Fracture 1." in " ".join(result.text.split())
    result, found = explain(tmp_path / "enough", maps=folders, regions=polygons, fewest=4)
    assert found["withheld"] == {"Fracture": 1}
    assert found["runs"]["a"]["iou"]["Edema"]["low"] is not None
    assert found["runs"]["a"]["iou"]["mean"]["low"] is None  # of a task with a single patient
    assert {one["task"] for one in found["differences"]} == {"Edema"}
    assert "95% intervals by Wilson, of means by" in " ".join(result.text.split())


def test_a_mean_of_one_task_is_no_second_test(tmp_path: pathlib.Path, polygons: pathlib.Path) -> None:
    folders = tuple(write(tmp_path / name, {(film, "Edema"): corner() for film in FILMS}) for name in "ab")
    result, found = explain(tmp_path / "out", maps=folders, regions=polygons, tasks=("Edema",), fewest=2)
    assert {one["task"] for one in found["differences"]} == {"Edema"}
    assert "Difference on Edema, paired" in result.text
    assert "Mean" not in result.text
    assert "Holm's family is 1 comparison" in " ".join(result.text.split())
