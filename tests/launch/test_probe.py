"""The verb launch.probe on a run, baselines and features files: the same numbers by every way in, nothing touched."""

import csv
import hashlib
import json

import numpy as np
import pytest

from chex_tf import features_file
from chex_tf.data.pipeline import Source
from chex_tf.data.settings import DataSettings
from chex_tf.probing.films import TRAIN
from chex_tf.probing.settings import ProbeSettings
from chex_tf.settings import InputError
from chex_tf.trained.activations import frozen
from chex_tf.trained.run import read_run
from chex_tf.trained.settings import FeaturesSettings
from launch import features, probe, probe_films

FAST = {"tasks": ("Edema", "Cardiomegaly"), "replicates": 40, "fewest": 2, "repeats": 2, "patients": (50.0, 100.0)}


def digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and "predictions" not in path.parts
    }


def auroc(out):
    with open(out / "auroc.csv", newline="") as file:
        return {(row["probe"], row["features"], row["task"]): row["auroc"] for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def probed(trained, prepared, tmp_path_factory):
    """A run beside its baselines, with the same films once more as another hospital's."""
    out = tmp_path_factory.mktemp("probe")
    before = digests(trained)
    probe.main(
        ProbeSettings(
            run_dir=(trained,), baselines=("pixels", "random"), other_data=prepared, pixels_size=16, out=out, **FAST
        )
    )
    assert digests(trained) == before
    return out


def test_the_network_is_untouched_to_the_bit(probed, trained):
    content = json.loads((probed / "probe.json").read_text())
    run = read_run(trained)
    assert content["weights_sha256"] == {
        trained.name: frozen(run).digest(),
        "random ResNet18Minus3": frozen(run, "random", 0).digest(),
    }


@pytest.mark.parametrize(
    ("blank", "of_run"),
    [("ignore", True), ("zeros", False), ("Edema:zeros,*:ignore", True), ("Edema:ones,*:zeros", True)],
)
def test_a_run_that_was_trained_with_another_rule_for_blanks_is_named(trained, prepared, blank, of_run):
    settings = ProbeSettings(run_dir=(trained,), data=prepared, blank=blank, **FAST)
    assert probe_films.other_rules(settings, ("Edema", "Cardiomegaly")) == ({trained.name: "zeros"} if of_run else {})
    assert probe_films.other_rules(settings, ("a finding that the run did not learn", "Edema")) == (
        {trained.name: "zeros"} if blank in ("ignore", "Edema:ones,*:zeros") else {}
    )
    of_files = ProbeSettings(features=("s.npz",), data=prepared, blank=blank, **FAST)
    assert probe_films.other_rules(of_files, ("Edema", "Cardiomegaly")) == {}


def test_what_is_found_is_whole(probed):
    names = {path.name for path in probed.iterdir()}
    assert {"probe.json", "auroc.csv", "differences.csv", "few_labels.csv", "few_labels.png", "predictions"} <= names
    found = auroc(probed)
    assert {(probe, name) for probe, name, _ in found} == {
        (probe, name)
        for probe in ("linear", "neighbours", "shortcuts")
        for name in ("squares", "random ResNet18Minus3", "pixels")
    }
    # The other hospital's films are the same, so every score occurs once on either side.
    assert {float(value) for (_, _, task), value in found.items() if task == "hospital: the other"} == {0.5}
    # The findings are bright squares: pixels tell them.
    assert float(found["linear", "pixels", "Edema"]) > 0.9


def test_features_files_give_what_the_run_itself_gives(probed, trained, prepared, tmp_path, capsys):
    files = []
    for split in ("train", "valid", "test"):
        files.append(str(tmp_path / f"{split}.npz"))
        features.main(FeaturesSettings(run_dir=trained, split=split, out=tmp_path / f"{split}.npz"))
    given = f"theirs:{','.join(files)}"
    out = tmp_path / "out"
    probe.main(ProbeSettings(features=(given,), data=prepared, shortcuts=False, out=out, **FAST))
    ours, theirs = auroc(probed), auroc(out)
    assert {key[::2]: value for key, value in theirs.items()} == {
        (probe, task): value
        for (probe, name, task), value in ours.items()
        if name == "squares" and probe != "shortcuts"
    }
    # A film that the files lack is named; without it, everything goes on.
    content = features_file.read(tmp_path / "test.npz", print)
    texts = (content.keys[1:], content.patients[1:], content.studies[1:])
    features_file.write(tmp_path / "test.npz", *texts, content.matrix[1:], {})
    with pytest.raises(InputError, match=r"theirs: .* 1 are missing \(.*view\d_frontal.jpg\)"):
        probe.main(ProbeSettings(features=(given,), data=prepared, **FAST))
    capsys.readouterr()
    probe.main(ProbeSettings(features=(given,), data=prepared, missing="leave_out", **FAST))
    assert "theirs: lacks 1 of 147 films" in capsys.readouterr().err


def test_features_of_studies_are_probed_by_study(prepared, tmp_path, capsys):
    settings = ProbeSettings(features=("s.npz",), data=prepared, **FAST)
    films = probe_films.films_of(probe_films.open_splits(settings), settings, "Study")
    assert len(films) == 96 + 21 + 15
    matrix = np.nan_to_num(films.truth, nan=0.5).astype(np.float32)  # the labels themselves
    np.savez(tmp_path / "s.npz", study=films.keys, features=matrix)
    probe.main(ProbeSettings(features=(str(tmp_path / "s.npz"),), data=prepared, out=tmp_path / "out", **FAST))
    assert "15 studies of 15 patients" in capsys.readouterr().out
    assert auroc(tmp_path / "out")["linear", "s", "Edema"] == "1.0"
    with pytest.raises(InputError, match="features of studies go with other files of studies"):
        asked = ProbeSettings(features=(str(tmp_path / "s.npz"),), data=prepared, baselines=("pixels",), **FAST)
        probe.main(asked)


def test_subsets_are_those_that_training_takes(prepared):
    settings = ProbeSettings(features=("s.npz",), data=prepared, **FAST)
    films = probe_films.films_of(probe_films.open_splits(settings), settings, "Path")
    for seed in (0, 1):
        source = Source(DataSettings(data=prepared, train_patients=7, subset_seed=seed), "train", training=True)
        theirs = {source.records.index.path[example].decode() for example in source.examples}
        ours = films.rows(TRAIN) & (films.order[seed] < 7)
        assert {films.keys[row] for row in np.flatnonzero(ours)} == theirs


def test_policy_and_shortcuts_are_as_the_records_say(prepared):
    settings = ProbeSettings(features=("s.npz",), data=prepared, uncertain="ones", **FAST)
    prepared_splits = probe_films.open_splits(settings)
    films = probe_films.films_of(prepared_splits, settings, "Path")
    records = prepared_splits.own[TRAIN]
    raw = records.index.labels[:, records.observations.index("Edema")]
    train = films.rows(TRAIN)
    np.testing.assert_array_equal(films.targets[train, 0], np.abs(raw))  # -1, uncertain, becomes 1
    np.testing.assert_array_equal(films.truth[train, 0], np.where(raw < 0, np.nan, raw))
    sex = films.shortcut_labels[train, films.shortcuts.index("sex: female")]
    np.testing.assert_array_equal(sex, np.choose((records.index.age - 20) % 3, [1.0, 0.0, np.nan]))
    (age,) = [name for name in films.shortcuts if name.startswith("age")]
    assert age == "age: above 67.5"  # the median of 20 to 115
    assert films.shortcut_labels[train, films.shortcuts.index(age)].sum() == 48


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("a:",), "expected NAME:FILE,FILE"),
        (("nothing.npz",), "nothing is at nothing.npz"),
    ],
)
def test_bad_features_flags_are_refused(prepared, given, says):
    with pytest.raises(InputError, match=says):
        probe.main(ProbeSettings(features=given, data=prepared, **FAST))
