"""Batches: what they hold, that batch k is batch k however it is come by, that evaluation counts every image once."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from chex_tf.data import images, pipeline
from chex_tf.data.pipeline import Source
from chex_tf.data.stored import Stored
from chex_tf.observations import STUDY_TASKS
from chex_tf.settings import InputError

ROOT = pathlib.Path(__file__).resolve().parents[2]
AUGMENTED = {
    "image_size": 48, "crop_from": 56, "crop": "random", "flip": 0.5, "rotation": 15.0, "translation": 0.1,
    "scale": 0.2, "brightness": 0.2, "contrast": 0.3,
}  # fmt: skip


def as_arrays(dataset: tf.data.Dataset) -> list[dict[str, np.ndarray]]:
    return [{name: value.numpy() for name, value in batch.items()} for batch in dataset]


def assert_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert one.keys() == other.keys()
    for name in one:
        assert np.array_equal(one[name], other[name]), name


def test_a_batch_holds_what_was_written(settings_of, rows):
    source = Source(settings_of(uncertain="ones"), training=True)
    (batch,) = as_arrays(source.dataset(8, 0, 1))
    places = [source.records.observations.index(task) for task in STUDY_TASKS]
    for i, path in enumerate(batch["path"]):
        row = rows["train"][path]
        assert np.array_equal(batch["image"][i, ..., 0], images.load(row["image"], 64))
        raw = row["labels"][places]
        assert batch["labels"][i].tolist() == raw.tolist()
        assert batch["targets"][i].tolist() == np.isin(raw, (1, -1)).tolist()
        assert batch["patient"][i].decode() == row["patient"]
        assert batch["study"][i].decode() == row["study"]
        assert (batch["sex"][i], batch["sex_weight"][i]) == ((1, 1), (0, 1), (0, 0))[row["sex"]]
        assert batch["age"][i] * batch["age_weight"][i] == pytest.approx(max(row["age"], 0) / 100)
        assert batch["age_weight"][i] == (row["age"] >= 0)
        assert batch["view"][i] == row["view"]
        assert batch["projection_weight"][i] == (row["projection"] != 4)
    assert batch["weights"].tolist() == [[1] * 6] * 8


def test_shapes_are_known_before_anything_is_read(settings_of):
    spec = Source(settings_of(uncertain="multiclass"), training=True).dataset(8, pairs="study").element_spec
    assert spec["image"] == tf.TensorSpec((8, 64, 64, 1), tf.uint8)
    assert spec["targets"] == tf.TensorSpec((8, 6, 3), tf.float32)
    assert spec["second_image"].shape == (8, 64, 64, 1)
    assert "path" not in Source(settings_of(), training=True).dataset(8, texts=False).element_spec


@pytest.mark.parametrize("changes", [{}, AUGMENTED, {"shuffle": "blocks"}, {"aspect": "keep", "crop": "random"}])
def test_tf_data_and_by_hand_are_the_same(settings_of, changes):
    source = Source(settings_of(**changes), training=True)
    for step, batch in enumerate(as_arrays(source.dataset(8, 3, 9, pairs="patient")), start=3):
        assert_same(batch, source.batch(step, 8, pairs="patient"))


def test_starting_at_a_step_gives_the_rest_and_reads_nothing_before(settings_of, monkeypatch):
    source = Source(settings_of(**AUGMENTED), training=True)
    whole = as_arrays(source.dataset(8, 0, 14))
    read = []
    load = source._load
    monkeypatch.setattr(source, "_load", lambda example, out=None: (read.append(example), load(example, out))[1])
    rest = as_arrays(source.dataset(8, 9, 14))
    for one, other in zip(rest, whole[9:], strict=True):
        assert_same(one, other)
    assert len(read) == 5 * 8


def test_an_epoch_of_training_has_every_image_once(settings_of):
    source = Source(settings_of(), training=True)
    seen = np.concatenate([source.batch(step, 8)["index"] for step in range(10)])
    assert sorted(seen[:37]) == sorted(seen[37:74]) == list(range(37))
    assert seen[:37].tolist() != seen[37:74].tolist()


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shards", [1, 2, 4])
def test_shards_side_by_side_are_the_global_batch(settings_of, training, shards):
    source = Source(settings_of(**AUGMENTED), training=training)
    parts = [as_arrays(source.dataset(8, 1, 4, shard=shard, shards=shards)) for shard in range(shards)]
    for place, step in enumerate(range(1, 4)):
        joined = {name: np.concatenate([part[place][name] for part in parts]) for name in parts[0][0]}
        assert_same(joined, source.batch(step, 8))


def test_replicas_of_a_worker_get_their_rows_in_turn(settings_of):
    source = Source(settings_of(), training=True)
    pieces = as_arrays(source.dataset(8, 2, shard=1, shards=2, replicas=2).take(4))
    assert [len(piece["index"]) for piece in pieces] == [2, 2, 2, 2]
    wanted = np.concatenate([source.batch(step, 8)["index"][4:] for step in (2, 3)])
    assert np.concatenate([piece["index"] for piece in pieces]).tolist() == wanted.tolist()


@pytest.mark.parametrize("batch", [1, 4, 8, 11, 16, 37, 64])
def test_evaluation_counts_every_image_once(settings_of, rows, batch):
    found = as_arrays(pipeline.dataset(settings_of(**AUGMENTED), "valid", batch=batch, training=False))
    assert len(found) == -(-11 // batch)
    weight, path = (np.concatenate([part[name] for part in found]) for name in ("weight", "path"))
    assert sorted(path[weight > 0].tolist()) == sorted(rows["valid"])
    assert set(weight.tolist()) <= {0.0, 1.0}
    padding = np.concatenate([part["weights"] for part in found])[weight == 0]
    assert not padding.any()
    assert not np.concatenate([part["sex_weight"] for part in found])[weight == 0].any()


def test_evaluation_is_not_augmented_and_crops_the_centre(settings_of, rows):
    batch = Source(settings_of(**AUGMENTED), "valid", training=False).batch(0, 4)
    for i, path in enumerate(batch["path"]):
        assert np.array_equal(batch["image"][i, ..., 0], images.load(rows["valid"][path]["image"], 56)[4:52, 4:52])


def test_an_example_looks_the_same_in_any_batch_and_company(settings_of):
    settings = settings_of(**AUGMENTED)
    pictures = {}
    for batch in (4, 7):
        for step in range(-(-37 // batch)):
            found = Source(settings, training=True).batch(step, batch)
            for place, index in enumerate(found["index"].tolist()):
                if step * batch + place < 37:
                    pictures.setdefault(index, []).append(found["image"][place])
    assert all(len(two) == 2 and np.array_equal(*two) for two in pictures.values())
    frontal = Source(settings_of(**AUGMENTED, views="frontal"), training=True)
    found = frontal.batch(0, 8)
    for place, index in enumerate(found["index"].tolist()):
        assert np.array_equal(found["image"][place], pictures[index][0]), "the choice of views changes a picture"


@pytest.mark.parametrize("cache", ["ram", "disk"])
@pytest.mark.parametrize("changes", [{}, AUGMENTED])
def test_a_cache_changes_no_pixel_and_saves_decoding(settings_of, tmp_path, monkeypatch, cache, changes):
    plain = Source(settings_of(**changes, views="frontal"), training=True)
    folder = {"cache_dir": tmp_path} if cache == "disk" else {}
    cached = Source(settings_of(**changes, views="frontal", cache=cache, **folder), training=True)
    for _ in range(2):
        for one, other in zip(as_arrays(plain.dataset(5, 0, 8)), as_arrays(cached.dataset(5, 0, 8)), strict=True):
            assert_same(one, other)
    monkeypatch.setattr(cached.records, "read", lambda example: pytest.fail(f"image {example} was decoded again"))
    for step in range(8):
        cached.batch(step, 5)


def test_views_are_chosen_aloud(settings_of):
    source = Source(settings_of(views="lateral"), training=True)
    assert len(source) == 12
    assert "lateral views only, 25 images left out" in source.describe()[0]
    assert set(source.batch(0, 12)["view"].tolist()) == {1}


def test_the_description_says_what_is_done(settings_of):
    lines = Source(settings_of(**AUGMENTED, uncertain="ones"), training=True).describe()
    assert "37 images of 13 patients, all views" in lines[0]
    assert lines[1].startswith("pixels: 56×56, random crop 48×48; augmentation: flip 0.5, rotation 15")
    assert lines[2] == "labels: uncertain ones; not mentioned zeros"
    assert lines[4].split() == ["Atelectasis", "10", "9", "9", "→", "1", "9", "→", "0"]
    assert "augmentation: none" in Source(settings_of(**AUGMENTED), "valid", training=False).describe()[1]


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (Stored(32, "shorter"), "pixels: 48×48 (enlarged: the records hold at most 32 on the shorter side); "),
        (Stored(32, "square"), "pixels: 48×48 (enlarged: the records hold 32×32); "),
        (Stored(48, "square"), "pixels: 48×48; "),
        (Stored(), "pixels: 48×48; "),
    ],
)
def test_the_description_says_that_films_are_enlarged(stored, said, settings_of, monkeypatch):
    source = Source(settings_of(image_size=48), training=True)
    monkeypatch.setattr(source.records, "stored", lambda: stored)
    assert source.describe()[1].startswith(said)


def test_what_is_recorded_of_the_data(settings_of):
    import json

    found = Source(settings_of(views="frontal"), training=True).to_json()
    assert json.loads(json.dumps(found)) == found
    assert (found["images"], found["images_left_out_by_view"]) == (25, 12)
    assert found["statistics"] == {"mean": 117.5, "deviation": 52.25}
    assert found["labels"][0]["uncertain_rule"] == "ignore"


def test_statistics_are_measured_where_nothing_was_written_down(settings_of, monkeypatch):
    source = Source(settings_of(), training=True)
    monkeypatch.setattr(source.records, "statistics", lambda: None)
    pixels = np.stack([images.load(source.records.read(example), 64) for example in range(37)]).astype(float)
    found = source.statistics()
    assert (found.mean, found.deviation) == (pytest.approx(pixels.mean()), pytest.approx(pixels.std()))


def test_an_image_that_is_none_is_named(settings_of, monkeypatch):
    source = Source(settings_of(), training=True)
    monkeypatch.setattr(source.records, "read", lambda example: b"not an image")
    with pytest.raises(InputError, match=r"CheXpert-v1.0/train/.*\.jpg in .*expected a JPEG or PNG"):
        source.batch(0, 4)


def test_an_image_that_was_cut_off_is_named(settings_of, monkeypatch):
    source = Source(settings_of(), training=True)
    whole = source.records.read
    monkeypatch.setattr(source.records, "read", lambda example: whole(example)[:-200])
    with pytest.raises(InputError, match=r"CheXpert-v1.0/train/.*\.jpg in .*cut off: a JPEG without its end"):
        source.batch(0, 4)


def test_no_tuner_holds_up_the_end_of_a_pass(settings_of):
    assert Source(settings_of(), training=False).dataset(4).options().autotune.enabled is False


def test_a_batch_that_replicas_cannot_share_is_refused(settings_of):
    with pytest.raises(ValueError, match="that 3 shards divide evenly; received 8"):
        Source(settings_of(), training=True).dataset(8, shards=3)


_DIGEST = """
import hashlib, pathlib, sys
from chex_tf.data import pipeline
from chex_tf.data.settings import DataSettings
settings = DataSettings(data=pathlib.Path(sys.argv[1]), readers=int(sys.argv[2]), data_seed=5, image_size=48,
    crop_from=56, crop="random", flip=0.5, rotation=15.0, scale=0.2, brightness=0.2, contrast=0.3,
    uncertain="smooth_ones")
digest = hashlib.sha256()
for batch in pipeline.dataset(settings, "train", batch=8, stop=100, pairs="patient"):
    for name in sorted(batch):
        value = batch[name].numpy()
        digest.update(name.encode() + (b"".join(value) if value.dtype == object else value.tobytes()))
print(digest.hexdigest())
"""


@pytest.mark.slow
def test_two_processes_give_the_same_hundred_batches(prepared):
    def digest(readers: int) -> str:
        command = [sys.executable, "-c", _DIGEST, str(prepared), str(readers)]
        root = pathlib.Path(pipeline.__file__).parents[2]
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd=root).stdout

    one, other = digest(1), digest(4)
    assert len(one.strip()) == 64
    assert one == other


_MIRRORED = """
import pathlib, sys
import numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from chex_tf.data.pipeline import Source
from chex_tf.data.settings import DataSettings
source = Source(DataSettings(data=pathlib.Path(sys.argv[1]), image_size=48, flip=0.5), training=True)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
batches = strategy.distribute_datasets_from_function(lambda context: source.dataset(8, 3, 7, replicas=2))
for step, batch in enumerate(batches, start=3):
    for name, wanted in source.batch(step, 8).items():
        found = np.concatenate([part.numpy() for part in strategy.experimental_local_results(batch[name])])
        assert np.array_equal(found, wanted), (step, name)
print("steps", step)
"""


@pytest.mark.slow
def test_two_replicas_under_a_strategy_see_the_global_batch(prepared):
    root = pathlib.Path(pipeline.__file__).parents[2]
    command = [sys.executable, "-c", _MIRRORED, str(prepared)]
    assert subprocess.run(command, check=True, capture_output=True, text=True, cwd=root).stdout.strip() == "steps 6"


# Says how many batches were being made at once. Deterministic operations stay on for the life of a process.
DETERMINISTIC = """
import pathlib, sys, threading, time
import numpy as np
import tensorflow as tf
from chex_tf.data.pipeline import Source
from chex_tf.data.settings import DataSettings

tf.config.experimental.enable_op_determinism()
source = Source(DataSettings(data=pathlib.Path(sys.argv[1]), image_size=64, readers=3), training=True)
before, lock, now, most = source.batch, threading.Lock(), [0], [0]

def watched(*given, **more):
    with lock:
        now[0] += 1
        most[0] = max(most[0], now[0])
    time.sleep(0.2)
    with lock:
        now[0] -= 1
    return before(*given, **more)

source.batch = watched
for step, batch in enumerate(source.dataset(8, 0, 6)):
    assert np.array_equal(batch["image"], before(step, 8)["image"]), step
print(most[0])
"""


@pytest.mark.slow
def test_deterministic_operations_leave_reading_parallel_and_say_nothing(prepared):
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    command = [sys.executable, "-c", DETERMINISTIC, str(prepared)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 1
    assert "NodeDef mentions attribute" not in done.stderr
