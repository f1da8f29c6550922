"""Subsets by patient: nested, exact, the same whatever else is set, and told."""

import collections
import dataclasses
import json

import numpy as np
import pytest

from chex_tf.data import images, subset
from chex_tf.data.index import Index
from chex_tf.data.pipeline import Source
from chex_tf.settings import InputError

PATIENTS, IMAGES = 13, 37  # of the prepared training split: patient n has images 3n to 3n+2, the last only one


def index_of(paths: list[tuple[str, str]]) -> Index:
    """An index of nothing but (patient, path)."""
    nothing = np.zeros(len(paths), np.int16)
    patient, path = (np.array([one[place].encode() for one in paths]) for place in (0, 1))
    fields = {field.name: nothing for field in dataclasses.fields(Index)}
    return Index(**{**fields, "patient": patient, "path": path})


PEOPLE = [(f"p{person:02d}", f"p{person:02d}/view{view}") for person in range(20) for view in range(1 + person % 4)]


@pytest.fixture
def chosen(settings_of):
    """The paths of a subset of PEOPLE, or of a given list."""

    def choose(people=PEOPLE, **changes) -> set[str]:
        found = subset.choose(index_of(people), np.arange(len(people)), settings_of(**changes))
        return {people[place][1] for place in found.examples}

    return choose


def test_without_a_number_there_is_no_subset(settings_of):
    assert subset.choose(index_of(PEOPLE), np.arange(len(PEOPLE)), settings_of()) is None


def test_so_many_patients_come_whole_and_lie_within_more(chosen):
    before: set[str] = set()
    for count in range(1, 21):
        found = chosen(train_patients=count)
        patients = {path[:3] for path in found}
        assert len(patients) == count
        assert found == {path for patient, path in PEOPLE if patient in patients}
        assert before < found
        before = found
    assert before == {path for _, path in PEOPLE}


def test_so_many_images_are_exactly_so_many_and_lie_within_more(chosen):
    before: set[str] = set()
    by_patients = [chosen(train_patients=count) for count in range(1, 21)]
    for count in range(1, len(PEOPLE) + 1):
        found = chosen(train_images=count)
        assert len(found) == count
        assert before < found
        # All images of the patients before the last, and of the last the first by path.
        reached = next(place for place, whole in enumerate(by_patients) if len(whole) >= count)
        whole = by_patients[reached - 1] if reached else set()
        assert whole <= found <= by_patients[reached]
        of_last = sorted(by_patients[reached] - whole)
        assert found - whole == set(of_last[: count - len(whole)])
        before = found


def test_only_its_own_seed_changes_a_subset(chosen):
    once = chosen(train_patients=8)
    for changes in ({"data_seed": 5}, {"image_size": 32}, {"tasks": ("Edema",)}, {"uncertain": "ones"}):
        assert chosen(train_patients=8, **changes) == once
    assert chosen(train_patients=8, subset_seed=1) != once


def test_neither_the_order_of_the_records_nor_other_patients_change_it(chosen):
    shuffled = [PEOPLE[place] for place in np.random.default_rng(1).permutation(len(PEOPLE))]
    for count in (1, 7, 20, 33):
        assert chosen(shuffled, train_images=count) == chosen(train_images=count)
    # Without the patients that come last, the order of the others is the same.
    first = chosen(train_patients=12)
    fewer = [one for one in shuffled if one[1] in first]
    for count in range(1, 13):
        assert chosen(fewer, train_patients=count) == chosen(train_patients=count)


def test_any_patient_may_come_first(settings_of):
    people = [(f"p{person}", f"p{person}/{view}") for person in range(10) for view in range(1 + 9 * (person == 3))]
    index, examples = index_of(people), np.arange(len(people))
    first = collections.Counter(
        people[subset.choose(index, examples, settings_of(train_patients=1, subset_seed=seed)).examples[0]][0]
        for seed in range(2000)
    )
    # 200 times each, whether a patient has one image or ten; four standard deviations are 54.
    assert len(first) == 10
    assert all(abs(count - 200) < 54 for count in first.values())


def test_views_are_chosen_before(settings_of):
    both = Source(settings_of(train_patients=6), training=True)
    frontal = Source(settings_of(train_patients=6, views="frontal"), training=True)
    paths = {path for path in both.records.index.path[both.examples] if b"frontal" in path}
    assert set(frontal.records.index.path[frontal.examples]) == paths
    assert len(Source(settings_of(train_images=12, views="lateral"), training=True)) == 12  # there are no more
    with pytest.raises(InputError, match="at most the 12 images of lateral views") as error:
        Source(settings_of(train_images=13, views="lateral"), training=True)
    assert error.value.setting == "train_images"


@pytest.mark.parametrize(
    ("changes", "setting", "message"),
    [
        ({"train_patients": 14}, "train_patients", "at most the 13 patients of the training split; received 14"),
        ({"train_images": 38}, "train_images", "at most the 37 images of the training split; received 38"),
    ],
)
def test_more_than_there_are_is_refused(settings_of, changes, setting, message):
    with pytest.raises(InputError, match=message) as error:
        Source(settings_of(**changes), training=True)
    assert error.value.setting == setting


def test_an_epoch_is_the_subset_and_validation_is_untouched(settings_of):
    settings = settings_of(train_images=11)
    source = Source(settings, training=True)
    batch = source.batch(0, 11)
    assert sorted(batch["index"].tolist()) == source.examples.tolist()
    assert len(Source(settings, "valid", training=False)) == 11
    everything = Source(settings.as_evaluated(), "train", training=False)
    assert (len(everything), everything.subset) == (IMAGES, None)


def test_it_is_told_and_recorded(settings_of):
    source = Source(settings_of(train_images=11, subset_seed=3), training=True)
    patients = len(set(source.records.index.patient[source.examples]))
    of_last = 11 - sum(
        len(Source(settings_of(train_patients=count, subset_seed=3), training=True)) for count in (patients - 1,)
    )
    lines = source.describe()
    assert f"train: 11 images of {patients} patients, all views" in lines[0]
    cut = "" if of_last == 3 else f", the last with {of_last} of 3 images"
    assert lines[1].startswith(f"subset: the first {patients} of 13 patients in the order of subset_seed 3{cut}; ")
    assert lines[2].startswith(f"left out by it: {PATIENTS - patients} patients, {IMAGES - 11} images; ")
    found = source.to_json()
    assert json.loads(json.dumps(found)) == found
    assert (found["images"], found["images_left_out_by_view"]) == (11, 0)
    recorded = dict(found["subset"])
    assert recorded.pop("fingerprint") in lines[1]
    assert recorded == {
        "patients": patients,
        "images": 11,
        "patients_left_out": PATIENTS - patients,
        "images_left_out": IMAGES - 11,
    }
    assert Source(settings_of(), training=True).to_json()["subset"] is None


def test_the_fingerprint_is_that_of_the_chosen_paths(settings_of):
    def fingerprint(people, **changes):
        return subset.choose(index_of(people), np.arange(len(people)), settings_of(**changes)).fingerprint

    once = fingerprint(PEOPLE, train_images=9)
    assert fingerprint(PEOPLE[::-1], train_images=9) == once
    assert fingerprint(PEOPLE, train_images=10) != once
    renamed = [(patient, path.replace("view0", "view9")) for patient, path in PEOPLE]
    assert fingerprint(renamed, train_images=9) != once


def test_statistics_stay_the_whole_splits(settings_of, monkeypatch):
    whole, part = (Source(settings_of(**changes), training=True) for changes in ({}, {"train_images": 5}))
    assert part.statistics() == whole.statistics()
    for source in (whole, part):  # measured, where the folder has no summary
        monkeypatch.setattr(source.records, "statistics", lambda: None)
    pixels = np.stack([images.load(whole.records.read(example), 64) for example in range(IMAGES)]).astype(float)
    assert part.statistics() == whole.statistics()
    assert part.statistics().mean == pytest.approx(pixels.mean())


@pytest.mark.parametrize("cache", ["ram", "disk"])
def test_a_cache_holds_the_subset_alone(settings_of, tmp_path, cache):
    folder = {"cache_dir": tmp_path} if cache == "disk" else {}
    plain = Source(settings_of(train_images=7), training=True)
    cached = Source(settings_of(train_images=7, cache=cache, **folder), training=True)
    for step in range(3):
        np.testing.assert_array_equal(cached.batch(step, 4)["image"], plain.batch(step, 4)["image"])
    if cache == "disk":
        (file,) = tmp_path.iterdir()
        assert file.stat().st_size == 7 * 64 * 64
        Source(settings_of(train_images=8, cache=cache, **folder), training=True)
        assert len(list(tmp_path.iterdir())) == 2  # another subset, another file
