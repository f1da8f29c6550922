"""The proof measures what it says: differences by hand, checksums by the system's tool, latency by a known wait."""

import hashlib
import time

import numpy as np
import pytest

from chex_tf.evaluation.measures import AUROC
from chex_tf.export import formats, proof
from chex_tf.export.sample import open_sample
from chex_tf.export.settings import ExportSettings
from chex_tf.statistics import ranking
from chex_tf.statistics.measure import MEAN


@pytest.fixture(scope="module")
def sample(graph):
    return open_sample(graph.run, "test", None)


def settings(graph, tmp_path, **given):
    return ExportSettings(run_dir=graph.run.run_dir, out=tmp_path / "out", format="keras", split="test", **given)


def test_a_changed_model_is_found_out(graph, sample, tmp_path, monkeypatch):
    """An export that gives 0.25 more for one task: the largest difference says so."""
    wrong = np.zeros(6)
    wrong[2] = 0.25

    def opened(path, form, names):
        right = proof._original(graph)
        return lambda images: right(images) + wrong

    monkeypatch.setattr(formats, "open_exported", opened)
    (tmp_path / "model").write_bytes(b"model")
    found = proof.measure(graph, tmp_path / "model", "litert", sample, 7, 3, lambda done, total: None)
    assert found.largest_difference == pytest.approx(0.25)
    assert found.original.shape == found.exported.shape == (30, 6)
    assert (found.bytes, found.sha256) == (5, hashlib.sha256(b"model").hexdigest())
    assert found.film_difference is None


def test_differences_of_auroc_are_paired_and_by_study(graph, sample, tmp_path):
    generator = np.random.default_rng(0)
    first = generator.random((30, 6))
    second = 1 - first
    runs = [("a", first, graph.run.tasks), ("b", second, graph.run.tasks), ("c", first, graph.run.tasks)]
    found = proof.compare(sample, runs, settings(graph, tmp_path, replicates=200))
    assert found.cohort.studies == 15
    by_name = {model.name: model.of(AUROC) for model in found.models}
    task = next(task for task in found.cohort.tasks if task not in found.left_out)
    column = graph.run.tasks.index(task)
    truth, study = {}, {}
    for key, label, value in zip(sample.studies, sample.truth([task])[:, 0], first[:, column], strict=True):
        truth[key] = label
        study[key] = max(value, study.get(key, 0))
    truth, study = np.array(list(truth.values())), np.array(list(study.values()))
    expected = ranking.auroc(ranking.rank(truth, study), np.ones((1, 15)))[0]
    assert by_name["a"][task].value == pytest.approx(expected)
    differences = {(one.a, one.b, one.task): one for one in found.differences}
    assert differences["b", "a", task].value == pytest.approx(by_name["b"][task].value - expected)
    assert differences["b", "a", MEAN].value == pytest.approx(by_name["b"][MEAN].value - by_name["a"][MEAN].value)
    same = differences["c", "a", MEAN]
    assert (same.value, same.interval.low, same.interval.high) == (0, 0, 0)


def test_studies_of_one_patient_are_drawn_together(graph, sample, tmp_path):
    """Where neither studies nor paths name a patient as CheXpert does, the records' patients count."""

    visits = list(dict.fromkeys(sample.studies))

    class Own:  # five of fifteen visits are of one patient
        source, tasks, truth = sample.source, sample.tasks, sample.truth
        studies = tuple(f"visit {visits.index(study)}" for study in sample.studies)
        patients = tuple("anna" if visits.index(study) < 5 else study for study in sample.studies)

    values = np.random.default_rng(0).random((30, 6))
    found = proof.compare(Own(), [("a", values, graph.run.tasks)], settings(graph, tmp_path, replicates=50))
    assert (found.cohort.unit, found.cohort.studies, found.cohort.unit_count) == ("patient", 15, 11)


def test_latency_is_the_median():
    waits = iter([0.0] * 3 + [0.02, 0.02, 0.3])
    found = proof._milliseconds(lambda: time.sleep(next(waits)), 3)
    assert 19 < found < 100


def test_a_folders_checksum_follows_names_and_content(tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    first = proof.checksum(tmp_path)
    assert first == hashlib.sha256(f"{hashlib.sha256(b'1').hexdigest()}  a\n".encode()).hexdigest()
    (tmp_path / "a").rename(tmp_path / "b")
    assert proof.checksum(tmp_path) != first


def test_the_sample_is_the_split_in_order(sample):
    images = np.concatenate(list(sample.batches()))
    assert images.shape == (30, 64, 64, 1)
    spread = list(sample.spread(4))
    for place, image in zip((0, 9, 19, 29), spread, strict=True):
        np.testing.assert_array_equal(image[0], images[place])
    film, prepared = next(sample.films(2))
    assert film.shape == (1, 64, 64, 1)
    np.testing.assert_array_equal(film, prepared)
