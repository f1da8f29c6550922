"""Builds as a whole: what is written, what is left out, and what a failure or a kill leaves behind."""

import csv
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np
import pytest
from chex_tf_datasets.radiograph_records.config import RadiographConfig
from chex_tf_datasets.radiograph_records.dummy_images import write_image
from chex_tf_datasets.radiograph_records.errors import SourceError
from PIL import Image

FIRST = "train/patient00001/study1/view1_frontal.jpg"


def shards(folder):
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.glob("*.tfrecord*")}


def leftovers(data_dir):
    """Everything in a data_dir that is no folder and no list of TFDS's configurations."""
    return [file for file in data_dir.rglob("*") if file.is_file() and ".config" not in file.parts]


def run(code, *arguments, **options):
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], **options)


BUILD = """
import sys
import tensorflow_datasets as tfds
from chex_tf_datasets.chexpert_studies import Builder
builder = Builder(data_dir=sys.argv[2])
if "slow" in sys.argv:
    import time
    def progress(done, total):
        print("going", flush=True)
        time.sleep(60)
    builder.progress = progress
builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=sys.argv[1]))
"""


def test_the_same_source_gives_the_same_bytes_whatever_the_threads(small, build):
    assert shards(build(small, data_dir="one", threads=1)) == shards(build(small, data_dir="many", threads=5))


def test_a_build_leaves_nothing_in_the_temporary_folder(small, build, tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    build(small)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_summary_agrees_with_the_images(small, build, summary):
    folder = build(small)
    told = summary(folder)
    train = told["splits"]["train"]
    assert (train["images"], train["patients"], train["studies"]) == (6, 3, 4)
    assert train["views"] == {"frontal": 4, "lateral": 2}
    assert train["labels"]["Edema"] == {"positive": 2, "negative": 0, "uncertain": 1, "not mentioned": 3}
    pixels = np.concatenate([np.asarray(Image.open(file)).ravel() for file in (small / "train").rglob("*.jpg")])
    assert train["pixels"]["mean"] == pytest.approx(pixels.mean(), abs=1e-9)
    assert train["pixels"]["standard_deviation"] == pytest.approx(pixels.std(), abs=1e-9)
    assert train["pixels"]["images_measured"] == 6
    assert ["images", "6", "3"] in [line.split() for line in (folder / "summary.txt").read_text().splitlines()]
    assert (folder / "patients/valid.txt").read_text() == "patient64541\npatient64542\n"


def test_pixels_of_resized_images_are_measured_as_stored(small, build, records, summary):
    folder = build(small, image_size=16, resize="square", encoding="png")
    import io

    images = [np.asarray(Image.open(io.BytesIO(e["image"]))) for e in records(folder, "train").values()]
    assert {image.shape for image in images} == {(16, 16)}
    assert summary(folder)["splits"]["train"]["pixels"]["mean"] == pytest.approx(np.mean(images), abs=1e-9)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda file: file.write_bytes(file.read_bytes()[:300]), "truncated JPEG"),
        (lambda file: file.write_bytes(b""), "received an empty file"),
        (lambda file: Image.new("L", (30, 24), 9).save(file), "every pixel has the same intensity, 9"),
        (lambda file: Image.new("L", (8, 8)).save(file), "expected at least 16 pixels a side; received 8×8"),
    ],
)
def test_a_bad_image_ends_the_build_or_is_left_out_by_name(damage, reason, small, build, records, summary, tmp_path):
    damage(small / FIRST)
    with pytest.raises(SourceError, match=r"frontal\.jpg: .*--bad_images=quarantine.*; \d images before") as error:
        build(small)
    assert reason in str(error.value)
    assert leftovers(tmp_path / "data") == []
    folder = build(small, bad_images="quarantine")
    assert f"CheXpert-v1.0-small/{FIRST}" not in records(folder, "train")
    assert len(records(folder, "train")) == summary(folder)["splits"]["train"]["images"] == 5
    with open(folder / "quarantine.csv", encoding="utf-8") as text:
        (row,) = csv.DictReader(text)
    assert row["split"] == "train"
    assert row["path"] == f"CheXpert-v1.0-small/{FIRST}"
    assert reason in row["reason"]


def test_a_split_of_bad_images_alone_ends_the_build(small, build):
    for file in (small / "valid").rglob("*.jpg"):
        file.write_bytes(b"nothing")
    with pytest.raises(SourceError, match="expected at least one good image in valid; received none"):
        build(small, bad_images="quarantine")


@pytest.mark.parametrize("threads", [1, 3])
def test_the_count_so_far_is_exact(threads, small, build):
    """Images are taken in the order of TFDS's hash of their keys, one split after the other."""
    from tensorflow_datasets.core import hashing

    bad = "patient64542/study1/view1_frontal.jpg"
    (small / "valid" / bad).write_bytes(b"x")
    keys = ["patient64541/study1/view1_frontal.jpg", bad, "patient64542/study1/view2_lateral.jpg"]
    place = sorted(keys, key=hashing.Hasher("valid").hash_key).index(bad)
    with pytest.raises(SourceError, match=f"; {6 + place} images before it were good"):
        build(small, threads=threads)


def test_only_headers_are_read_where_that_is_asked_for(small, build, monkeypatch):
    """Damage inside an image passes then, unless it is one of the few that are measured."""
    from chex_tf_datasets.radiograph_records import builder

    monkeypatch.setattr(builder, "MEASURED_OF_HEADERS", 0)
    Image.new("L", (30, 24), 9).save(small / FIRST)
    build(small, validate="header", data_dir="headers")
    with pytest.raises(SourceError, match="every pixel has the same intensity"):
        build(small, validate="full", data_dir="full")


def test_a_holdout_is_carved_by_patient_and_listed(small, build, records):
    folder = build(small, holdout_patients=0.5, seed=0)
    assert folder.parent.name == "as_shipped_holdout_0.5_seed_0"
    # By SHA-256 of 0:patient0000N, patient 2 is held out and 1 and 3 are not.
    assert (folder / "patients/holdout.txt").read_text() == "patient00002\n"
    assert (folder / "patients/train.txt").read_text() == "patient00001\npatient00003\n"
    assert {example["patient"] for example in records(folder, "holdout").values()} == {b"patient00002"}
    assert len(records(folder, "train")) == 5


def test_settings_that_change_records_never_share_a_folder():
    names = {
        RadiographConfig(**settings).name
        for settings in (
            {},
            {"image_size": 320},
            {"image_size": 320, "resize": "longer"},
            {"image_size": 320, "quality": 90},
            {"image_size": 320, "encoding": "png"},
            {"labels": "chexbert"},
            {"holdout_patients": 0.1},
            {"holdout_patients": 0.1, "seed": 1},
            {"collection": "phantom"},
        )
    }
    assert len(names) == 9
    assert RadiographConfig(image_size=320).name == "shorter_320_jpeg95"


def test_what_a_second_source_differs_in_is_named(small, build):
    from chex_tf_datasets.chexpert_studies import Builder

    folder = build(small)
    again = Builder(data_dir=folder.parents[2])
    assert again.differences(again.source(small)) == []
    assert (
        Builder(data_dir=folder.parents[2], config=RadiographConfig(validate="header")).differences(again.source(small))
        == []
    )
    write_image(small / FIRST, 77, size=(40, 40))
    table = small / "train.csv"
    table.write_text(table.read_text().replace("Female,68", "Female,67", 1))
    other = Builder(data_dir=folder.parents[2])
    differences = other.differences(other.source(small))
    assert [text.split(" (")[0] for text in differences] == ["tables", "bytes", "rows"]
    assert differences[0] == "tables (train.csv)"


@pytest.mark.slow
def test_a_killed_build_leaves_nothing_that_counts_and_the_next_one_clears_it(small, build, tmp_path):
    process = run(BUILD, small, tmp_path / "data", "slow", stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    while "going" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    configuration = tmp_path / "data/chexpert_studies/as_shipped"
    (unfinished,) = configuration.iterdir()
    assert unfinished.name.startswith("incomplete.")
    folder = build(small)
    assert [path.name for path in configuration.iterdir()] == ["1.0.0"]
    assert shards(folder) == shards(build(small, data_dir="untouched"))


def test_a_build_beside_a_living_one_is_refused(small, build, tmp_path):
    import fcntl

    unfinished = tmp_path / "data/chexpert_studies/as_shipped/incomplete.ABCDEF_1.0.0"
    unfinished.mkdir(parents=True)
    with open(unfinished / ".building", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(SourceError, match="another build is writing the same data set"):
            build(small)
    assert unfinished.exists()
    build(small)
    assert not unfinished.exists()


def test_an_old_unfinished_folder_without_a_lock_is_cleared_and_a_young_one_is_not(small, build, tmp_path):
    old, young = (tmp_path / f"data/chexpert_studies/as_shipped/incomplete.{name}_1.0.0" for name in ("OLD", "YOUNG"))
    for folder in (old, young):
        folder.mkdir(parents=True)
    os.utime(old, (time.time() - 3600,) * 2)
    build(small)
    assert not old.exists()
    assert young.exists()


def test_a_disk_that_fills_up_is_one_error_and_leaves_nothing(small, build, tmp_path, monkeypatch):
    """TensorFlow says ResourceExhausted where the kernel says ENOSPC; here after the first record."""
    import errno

    import tensorflow as tf
    from tensorflow_datasets.core import writer

    def full(self, path, examples):
        pathlib.Path(path).write_bytes(next(iter(examples))[1])
        raise tf.errors.ResourceExhaustedError(None, None, f"{path}; No space left on device")

    monkeypatch.setattr(writer.ExampleWriter, "write", full)
    with pytest.raises(OSError, match="No space left on device") as error:
        build(small)
    assert error.value.errno == errno.ENOSPC
    assert error.value.filename == str(tmp_path / "data/chexpert_studies/as_shipped")
    assert leftovers(tmp_path / "data") == []


def test_a_disk_without_room_for_the_files_is_refused_at_once(small, build, monkeypatch):
    from chex_tf_datasets.radiograph_records import builder

    monkeypatch.setattr(builder, "free_bytes", lambda _: 512)
    with pytest.raises(SourceError, match=r"expected 0 MB of free space for images as shipped; received 0 MB"):
        build(small)


def test_what_the_films_take_and_what_is_free_is_said(small, tmp_path, monkeypatch):
    from chex_tf_datasets.chexpert_studies import Builder
    from chex_tf_datasets.radiograph_records import builder
    from chex_tf_datasets.radiograph_records.config import RadiographConfig

    monkeypatch.setattr(builder, "free_bytes", lambda _: 3_200_000_000)
    film = next(small.rglob("*.jpg"))
    film.write_bytes(film.read_bytes() + bytes(2_000_000))
    for size, how in ((None, "stored as shipped"), (320, "stored at 320 pixels, mostly in less")):
        made = Builder(data_dir=tmp_path / "data", config=RadiographConfig(image_size=size))
        assert made.describe_space(made.source(small)) == f"  2 MB of images, {how}; 3,200 MB of disk free"


READ = """
import sys
try:
    import chex_tf_datasets.chexpert_studies
    raise SystemExit("datasets/ can be imported here, so this shows nothing")
except ImportError:
    pass
import json
import tensorflow_datasets as tfds
builder = tfds.builder_from_directory(sys.argv[1])
labels = builder.info.features["labels"]
examples = sorted(tfds.as_numpy(builder.as_dataset(split="train")), key=lambda example: example["path"])
loaded = tfds.load("chexpert_studies/as_shipped:1.0.0", data_dir=builder.data_dir.split("/chexpert_studies/")[0])
assert {name: len(split) for name, split in loaded.items()} == {
    name: split.num_examples for name, split in builder.info.splits.items()
}
print(json.dumps({
    "names": builder.info.metadata["label_names"],
    "documented": labels.doc.desc,
    "values": labels.doc.value_range,
    "views": builder.info.features["view"].names,
    "shape": examples[0]["image"].shape,
    "labels": examples[0]["labels"].tolist(),
    "path": examples[0]["path"].decode(),
}))
"""


@pytest.mark.slow
def test_a_stranger_reads_the_records_without_our_code(small, build, tmp_path):
    folder = build(small)
    hide = "import sys; sys.path = [place for place in sys.path if place]; sys.modules['chex_tf_datasets'] = None\n"
    process = run(hide + READ, folder, stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    told = json.loads(output.splitlines()[-1])
    assert told["names"][0] == "No Finding"
    assert len(told["names"]) == 14
    assert told["documented"] == ", ".join(told["names"])
    assert told["values"] == "1 positive, 0 negative, -1 uncertain, -2 not mentioned"
    assert told["views"] == ["frontal", "lateral", "unknown"]
    assert told["shape"] == [24, 30, 1]
    assert told["path"] == f"CheXpert-v1.0-small/{FIRST}"
    assert told["labels"] == [1, -2, -2, -2, -2, -2, -2, -2, -2, 0, -2, -2, -2, 1]


COEXIST = """
import sys
import tensorflow_datasets as tfds
theirs = lambda: tfds.builder("chexpert", data_dir=sys.argv[2])
def ours():
    import chex_tf_datasets.chexpert_studies
    return tfds.builder("chexpert_studies", data_dir=sys.argv[2])
first, second = (ours, theirs) if sys.argv[3] == "ours" else (theirs, ours)
found = {type(builder).__module__: builder.name for builder in (first(), second(), first())}
assert found == {
    "tensorflow_datasets.image_classification.chexpert": "chexpert",
    "chex_tf_datasets.chexpert_studies.chexpert_studies_dataset_builder": "chexpert_studies",
}, found
data = tfds.load("chexpert_studies", split="valid", data_dir=sys.argv[2], builder_kwargs={},
    download_and_prepare_kwargs={"download_config": tfds.download.DownloadConfig(manual_dir=sys.argv[1])})
assert len(data) == 3
"""


@pytest.mark.slow
@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_tfds_own_chexpert_coexists_in_either_order(first, small, tmp_path):
    assert run(COEXIST, small, tmp_path / "data", first, stdout=subprocess.DEVNULL, cwd=tmp_path).wait(120) == 0
