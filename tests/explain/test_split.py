"""A split explained from one end to the other: does a network that has learnt squares point at squares?"""

import json
import pathlib
import re
import shutil
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from chex_tf.data.stored import Stored
from chex_tf.explain import figure, split
from chex_tf.explain.explainer import Explainer
from chex_tf.explain.films import open_split
from chex_tf.explain.gallery import outcome
from chex_tf.explain.settings import ExplainSettings
from chex_tf.settings import InputError
from chex_tf.statistics.thresholds import choose_threshold
from chex_tf.trained.other_data import labels_of
from chex_tf.trained.run import read_run
from chex_tf.trained.view import view_of

TASKS = ("Cardiomegaly", "Edema")


def explain(out: pathlib.Path, *runs: pathlib.Path, said: list[str] | None = None, **given: object) -> split.Result:
    settings = ExplainSettings(
        run_dir=runs, out=out, **{"tasks": TASKS, "replicates": 200, "fewest": 2, "batch": 8, **given}
    )
    return split.explain_split(settings, (said if said is not None else []).append, lambda done, total: None)


@pytest.fixture(scope="module")
def explained(learnt: pathlib.Path, masks: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    out = tmp_path_factory.mktemp("explained")
    second = tmp_path_factory.mktemp("runs") / "second"
    shutil.copytree(learnt, second)
    text = explain(out, learnt, second, regions=masks, keep_maps=True).text
    (out / "said.txt").write_text(text, encoding="utf-8")
    return out


def test_a_network_that_has_learnt_squares_marks_them(explained: pathlib.Path) -> None:
    found = json.loads((explained / "localisation.json").read_text())
    assert found["chance"]["mean"] == pytest.approx((12 / 64) ** 2)
    run = found["runs"]["learnt"]
    assert run["iou"]["mean"]["value"] > 3 * found["chance"]["mean"]
    assert run["iou"]["mean"]["low"] > 2 * found["chance"]["mean"]
    assert set(found["films"]) == set(TASKS)


def test_twins_do_not_differ(explained: pathlib.Path) -> None:
    found = json.loads((explained / "localisation.json").read_text())
    assert list(found["runs"]) == ["learnt", "second"]
    differences = found["differences"]
    assert {(one["value"], one["p"]) for one in differences} == {(0, 1)}
    # Few films that two runs answer alike do not show that the two are equal: no interval, or one with 0 in its middle.
    ends = {(one["measure"], one["low"], one["high"]) for one in differences}
    assert all((low is None and high is None) or low == -high < 0 for _, low, high in ends), ends


def test_outcomes_are_at_the_validation_threshold(
    explained: pathlib.Path, learnt: pathlib.Path, prepared: pathlib.Path
) -> None:
    run = read_run(learnt)
    explainer = Explainer(run)
    by_split = {}
    for name in ("valid", "test"):
        films = open_split(prepared, name, [run])
        inputs = np.stack([films.input(place, view_of(run, Stored())) for place in range(len(films))])
        by_split[name] = films.truth(labels_of(run, films.records, None), TASKS), explainer.probabilities(inputs, TASKS)
    lines = (explained / "said.txt").read_text(encoding="utf-8").splitlines()
    for column, task in enumerate(TASKS):
        cut = choose_threshold(by_split["valid"][0][:, column], by_split["valid"][1][:, column], "youden")
        truth, probable = (array[:, column] for array in by_split["test"])
        found = [outcome(*pair, cut) for pair in zip(truth, probable, strict=True)]
        expected = [task, "learnt", f"{cut:.3f}", *(str(found.count(kind)) for kind in ("TP", "FP", "FN", "TN"))]
        assert expected in [line.split() for line in lines]


def test_maps_file(explained: pathlib.Path, learnt: pathlib.Path, prepared: pathlib.Path) -> None:
    with np.load(explained / "maps.npz", allow_pickle=False) as arrays:
        assert arrays["tasks"].tolist() == list(TASKS)
        assert arrays["runs"].tolist() == ["learnt", "second"]
        assert arrays["maps_0"].shape == (30, 2, 16, 16)
        run = read_run(learnt)
        films = open_split(prepared, "test", [run])
        again = Explainer(run)(np.stack([films.input(29, view_of(run, Stored()))]), TASKS)
        assert arrays["films"][29] == films.names[29]
        np.testing.assert_allclose(arrays["maps_1"][29], again.maps[0], rtol=1e-4, atol=1e-7)


def test_figure(explained: pathlib.Path) -> None:
    width, height = Image.open(explained / "figure.png").size
    assert width > height  # two rows, three columns
    assert (explained / "figure.pdf").read_bytes().startswith(b"%PDF")


def row_with(region: np.ndarray | None) -> figure.Row:
    return figure.Row("Edema", np.zeros((8, 8), np.uint8), region, ())


def test_a_caption_speaks_of_outlines_where_there_are_any() -> None:
    square = np.zeros((8, 8), bool)
    square[2:5, 2:5] = True
    edgeless = [row_with(None), row_with(np.zeros((8, 8), bool)), row_with(np.ones((8, 8), bool))]
    assert "outlined" not in split._which(edgeless, 1)
    assert "region" not in split._which(edgeless, 1)
    assert split._which([row_with(square)], 1).endswith("outlined: the true region.")
    assert split._which([row_with(square), *edgeless], 2).endswith("outlined: the true region, where it is known.")
    assert "the 2 with" in split._which(edgeless, 2)


def test_the_same_again_to_the_byte(trained: pathlib.Path, masks: pathlib.Path, tmp_path: pathlib.Path) -> None:
    for name in ("a", "b"):
        explain(tmp_path / name, trained, regions=masks)
    names = ("localisation.json", "gallery.html", "figure.png", "figure.pdf")
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert sorted(file.name for file in (tmp_path / "a").iterdir()) == sorted(names)


def test_regions_are_found_beside_the_source(
    trained: pathlib.Path, prepared: pathlib.Path, masks: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    data = tmp_path / "prepared"
    shutil.copytree(prepared, data)
    metadata = json.loads((data / "metadata.json").read_text())
    (data / "metadata.json").write_text(json.dumps({**metadata, "source": {"folder": str(masks)}}))
    said: list[str] = []
    explain(tmp_path / "out", trained, data=data, gallery=False, said=said)
    assert (tmp_path / "out" / "localisation.json").is_file()
    assert f"regions: {masks}" in said


def test_without_regions_nothing_is_localised(trained: pathlib.Path, tmp_path: pathlib.Path) -> None:
    said: list[str] = []
    found = explain(tmp_path, trained, gallery=False, said=said)
    assert "no regions are known for these films: localisation is not measured" in said
    assert "Pointing" not in found.text
    assert sorted(file.name for file in tmp_path.iterdir()) == ["figure.pdf", "figure.png"]


def test_without_a_split_for_thresholds(trained: pathlib.Path, masks: pathlib.Path, tmp_path: pathlib.Path) -> None:
    said: list[str] = []
    found = explain(tmp_path, trained, regions=masks, threshold_split="holdout", gallery=False, said=said)
    assert any(line.startswith("no split holdout") for line in said)
    assert "two: each half by the other" in " ".join(found.text.split())
    shares = json.loads((tmp_path / "localisation.json").read_text())["runs"]["squares"]["shares_of_peak"]
    assert {len(chosen) for chosen in shares.values()} == {2}


def test_thresholds_are_not_chosen_on_the_split_explained(trained: pathlib.Path, tmp_path: pathlib.Path) -> None:
    said: list[str] = []
    explain(tmp_path, trained, split="valid", gallery=False, said=said)
    assert "valid also ranked checkpoints: no threshold for probabilities; for maps, from the other half" in said


def test_complaints(trained: pathlib.Path, prepared: pathlib.Path, masks: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match="has no split 'tset'"):
        explain(tmp_path, trained, split="tset")
    (tmp_path / "masks").mkdir()
    with pytest.raises(InputError, match="marks none of Cardiomegaly, Edema on any film of test"):
        explain(tmp_path / "out", trained, regions=tmp_path)
    with pytest.raises(InputError, match="was not trained for 'Fracture'"):
        explain(tmp_path / "out", trained, tasks=("Fracture",))
    with pytest.raises(InputError, match="expected a run directory"):
        explain(tmp_path / "out", masks)
    with pytest.raises(InputError, match="once"):
        explain(tmp_path / "out", trained, trained)
    assert not (tmp_path / "out").exists()


def test_regions_of_films_that_were_stored_as_squares(
    learnt: pathlib.Path, prepared: pathlib.Path, masks: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """The records are squares that ingest made of films twice as wide, whose masks are as wide as the films."""
    data = tmp_path / "prepared"
    shutil.copytree(prepared, data)
    metadata = json.loads((data / "metadata.json").read_text())
    (data / "metadata.json").write_text(json.dumps({**metadata, "settings": {"image_size": 64, "resize": "square"}}))
    run = tmp_path / "learnt"
    shutil.copytree(learnt, run)
    config = json.loads((run / "config.json").read_text())
    config["data"]["aspect"] = "keep"
    (run / "config.json").write_text(json.dumps(config))
    wide = tmp_path / "wide"
    shutil.copytree(masks, wide)
    for file in wide.rglob("*.png"):
        mask = np.asarray(Image.open(file))
        Image.fromarray(np.repeat(mask, 2, axis=1)).save(file)
    found = {}
    for name, regions, given in (("square", masks, learnt), ("wide", wide, run)):
        explain(tmp_path / name, given, regions=regions, data=data, gallery=False)
        found[name] = json.loads((tmp_path / name / "localisation.json").read_text())
    assert found["wide"]["chance"] == found["square"]["chance"]
    for measure in ("pointing", "iou"):
        means = [found[name]["runs"]["learnt"][measure]["mean"]["value"] for name in found]
        assert means[0] == pytest.approx(means[1], abs=0.02)
    assert means[0] > 3 * found["square"]["chance"]["mean"]


def test_labels_of_another_hospital(
    trained: pathlib.Path, hospital: Callable[[str], pathlib.Path], tmp_path: pathlib.Path
) -> None:
    """Of three films two have Cardiomegaly, and on the third it is not mentioned, which does not make it absent."""
    said: list[str] = []
    mimic = hospital("mimic_cxr_jpg")
    explain(tmp_path / "mimic", trained, said=said, data=mimic, tasks=("Cardiomegaly",))
    read = next(line for line in said if line.startswith("labels of mimic_cxr_jpg/"))
    assert read.endswith(": Cardiomegaly is Cardiomegaly; not mentioned is ignore")
    page = (tmp_path / "mimic" / "gallery.html").read_text(encoding="utf-8")
    assert sorted(re.findall(r'"t": ?\[(.*?)\]', page)) == ["1", "1", "null"]


def test_tasks_that_another_hospital_has_no_labels_for(
    trained: pathlib.Path, hospital: Callable[[str], pathlib.Path], tmp_path: pathlib.Path
) -> None:
    nih = hospital("chest_xray14")
    with pytest.raises(InputError, match="has no labels for No Finding: ") as caught:
        explain(tmp_path / "asked", trained, data=nih, tasks=("Edema", "No Finding"))
    assert caught.value.setting == "tasks"
    said: list[str] = []
    explain(tmp_path / "all", trained, said=said, data=nih, tasks=())
    left_out = next(line for line in said if line.startswith("not explained, as these data have no labels for them: "))
    assert "No Finding: " in left_out
    assert "Edema: " not in left_out
    assert "Pleural Effusion: " not in left_out  # which is called Effusion there
