"""The verb on files and on a run: what is printed, what is written, what is refused."""

import dataclasses
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from chex_tf.settings import InputError
from chex_tf.similarity import alignment, moments
from chex_tf.similarity.comparing import compare
from chex_tf.similarity.settings import SimilaritySettings
from launch import similarity


def quiet(done, total):
    pass


def lines_of(settings):
    said = []
    return compare(settings, said.append, quiet, quiet), said


@pytest.fixture
def two_files(tmp_path):
    generator = np.random.default_rng(0)
    first = generator.normal(size=(60, 5))
    second = first[:, :3] + generator.normal(size=(60, 3))
    patients = np.array([f"p{row // 3:02d}" for row in range(60)])
    paths = np.array([f"{patient}/{row}" for row, patient in enumerate(patients)])
    np.savez(tmp_path / "ours.npz", path=paths, patient=patients, features=first)
    np.savez(tmp_path / "theirs.npz", path=paths[::-1], features=second[::-1])
    return tmp_path / "ours.npz", tmp_path / "theirs.npz", first, second


def test_two_files(two_files, tmp_path, capsys):
    ours, theirs, first, second = two_files
    settings = SimilaritySettings(features_a=ours, features_b=theirs, statistics=("cka", "svcca"), out=tmp_path / "out")
    similarity.main(settings)
    printed = capsys.readouterr()
    value = alignment.debiased(moments.of_arrays(first, second))
    assert f"{value:.3f} [" in printed.out
    assert "60 rows of 20 patients" in " ".join(printed.out.split())
    found = json.loads((tmp_path / "out" / "similarity.json").read_text())
    assert (found["films"], found["patients"], found["points"], found["random_networks"]) == (60, 20, "rows", 0)
    cka, svcca = found["similarities"]
    assert cka["value"] == pytest.approx(value, rel=1e-9)
    assert cka["low"] < cka["value"] < cka["high"] <= 1
    assert len(cka["permuted"]) == 10
    assert svcca["components"] == [5, 3]
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["similarity.json"]


def test_nothing_that_can_be_said_ends_without_files(two_files, tmp_path):
    ours, theirs, *_ = two_files
    generator = np.random.default_rng(1)
    for file in (ours, theirs):
        kept = dict(np.load(file))
        np.savez(file, **(kept | {"features": generator.normal(size=(60, 40))}))
    settings = SimilaritySettings(features_a=ours, features_b=theirs, statistics=("cca",), out=tmp_path / "out")
    with pytest.raises(InputError, match=r"ours and theirs, 40 \+ 40 dimensions over 60 points: "):
        lines_of(settings)
    assert not (tmp_path / "out").exists()
    both, _ = lines_of(dataclasses.replace(settings, statistics=("cka", "cca")))
    assert "40 + 40 dimensions (1)" in both.text
    assert "(1) refused: in so few points CCA is 1 in some direction for anything" in " ".join(both.text.split())


@pytest.mark.parametrize(
    ("given", "setting", "message"),
    [
        ({}, "run_a", "received none"),
        ({"run_a": "x"}, "run_b", "received one"),
        ({"features_b": "x"}, "features_a", "received one"),
        ({"run_a": "x", "run_b": "y", "features_a": "z", "features_b": "z"}, "features_a", "received both"),
        ({"features_a": "x", "features_b": "y", "points": "pixels"}, "points", "goes with runs"),
        ({"run_a": "x", "run_b": "y", "layers": ("p", "p")}, "layers", "each once"),
        (
            {"run_a": "x", "run_b": "y", "layers": ("p",), "layers_b": ("q", "r"), "pairs": "matched"},
            "layers_b",
            "as many as --layers, 1; received 2",
        ),
    ],
)
def test_contradictions_name_the_flag(given, setting, message, tmp_path):
    given = {name: pathlib.Path(v) if name.startswith("features") else v for name, v in given.items()}
    with pytest.raises(InputError, match=message) as caught:
        SimilaritySettings(out=tmp_path, **given)
    assert caught.value.setting == setting


def of_run(trained, tmp_path, **more):
    given = {"run_a": f"initial:{trained}", "run_b": str(trained), "groups": 5, "permutations": 2}
    return SimilaritySettings(out=tmp_path / "out", **(given | more))


def test_a_run_against_its_start(trained, tmp_path):
    from chex_tf.trained.activations import activations, frozen, open_films
    from chex_tf.trained.run import read_run

    run = read_run(trained)
    layers = ("features", frozen(run).layer_names()[3])
    found, said = lines_of(of_run(trained, tmp_path, layers=layers))
    assert "30 films of 15 patients; a point is a film, maps averaged over their places" in " ".join(found.text.split())
    assert any("their sums take" in line for line in said)
    content = json.loads((tmp_path / "out" / "similarity.json").read_text())
    entries = {(one["a"], one["b"]): one for one in content["similarities"]}
    assert list(entries) == [(a, b) for a in layers for b in layers]
    whole = [
        np.concatenate([part.layers["features"] for part in activations(network, open_films(run, "test"))])
        for network in (frozen(run, "initial"), frozen(run))
    ]
    expected = alignment.debiased(moments.of_arrays(*(side.astype(float) for side in whole)))
    entry = entries["features", "features"]
    assert entry["value"] == pytest.approx(expected, rel=1e-6)
    assert (entry["points"], len(entry["permuted"]), len(entry["random"])) == (30, 2, 1)
    assert "filters" not in content
    written = {file.name for file in (tmp_path / "out").iterdir()}
    assert written == {"similarity.json", *(f"heat_map_cka.{kind}" for kind in ("pdf", "png", "svg"))}


@pytest.mark.slow
def test_first_filters_of_a_run_moved_less_than_random_ones_are_apart(trained, tmp_path):
    found, _ = lines_of(of_run(trained, tmp_path, filters=True))
    content = json.loads((tmp_path / "out" / "similarity.json").read_text())["filters"]
    assert content["filters"] == len(content["moved"]["distance"]) == len(content["gabor"]["a"])
    assert max(content["moved"]["distance"]) < min(content["moved_random"]["distance"])
    assert "explained by Gabor functions" in found.text
    assert (tmp_path / "out" / "filters.svg").is_file()


def test_random_networks_are_all_different(trained, tmp_path):
    from chex_tf.similarity import networks
    from chex_tf.trained.activations import frozen
    from chex_tf.trained.run import read_run

    name = f"random:{trained}"
    settings = of_run(trained, tmp_path, run_a=name, run_b=name, split="test", seed=3)
    pair = networks.open_pair(settings)
    by_chance = [one for number in range(2) for one in networks.random_pair(settings, pair, number)]
    digests = [one.network.digest() for one in (*pair, *by_chance)]
    assert len(set(digests)) == len(digests) == 6
    assert digests[0] == frozen(read_run(trained), "random", 3).digest()


def test_pixels_are_points_and_a_run_is_itself(trained, tmp_path):
    from chex_tf.trained.activations import frozen
    from chex_tf.trained.run import read_run

    model = frozen(read_run(trained)).model
    layer = next(one for one in model.layers[3:] if len(one.output.shape) == 4)
    lines_of(
        of_run(trained, tmp_path, run_a=str(trained), layers=(layer.name, "features"), pairs="matched", points="pixels")
    )
    content = json.loads((tmp_path / "out" / "similarity.json").read_text())
    pixels, vectors = content["similarities"]
    assert pixels["points"] == 30 * layer.output.shape[1] * layer.output.shape[2]
    assert vectors["points"] == 30
    for entry in (pixels, vectors):
        assert entry["value"] == pytest.approx(1, abs=1e-9)
        assert max(entry["permuted"]) < 0.999
    assert content["points"] == "pixels"
    assert (tmp_path / "out" / "profile_cka.svg").is_file()


def test_what_is_wrong_with_a_run_names_its_flag(trained, tmp_path):
    with pytest.raises(InputError, match="received initial:nowhere; nowhere is no folder") as caught:
        lines_of(of_run(trained, tmp_path, run_a="initial:nowhere"))
    assert caught.value.setting == "run_a"
    with pytest.raises(InputError, match="received featurs; did you mean features") as caught:
        lines_of(of_run(trained, tmp_path, layers=("featurs",)))
    assert caught.value.setting == "layers"
    assert not (tmp_path / "out").exists()


def test_help_needs_no_tensorflow():
    code = (
        "import sys; sys.argv = ['x', '--help']\n"
        "import launch.similarity as s\nfrom launch.command import run\n"
        "try:\n    run(s.main, s.SimilaritySettings)\nexcept SystemExit:\n    pass\n"
        "assert not {'tensorflow', 'matplotlib'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--features_a" in done.stdout
