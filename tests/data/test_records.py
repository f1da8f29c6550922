"""Opening prepared folders: what is found, what is refused, and that any image is read by itself."""

import dataclasses
import json
import os
import shutil

import numpy as np
import pytest

from chex_tf.data import index
from chex_tf.data.records import Statistics, open_records, version_folder
from chex_tf.data.settings import DataSettings
from chex_tf.data.targets import make_targets, task_names
from chex_tf.observations import CHEST_XRAY14_FINDINGS
from chex_tf.settings import InputError


def test_every_image_and_fact_is_as_it_was_written(prepared, rows):
    records = open_records(prepared, "train")
    assert len(records) == len(rows["train"]) == len(set(records.index.path.tolist()))
    assert len(records.files) == 3
    views, projections, sexes = (records.names(column) for column in ("view", "projection", "sex"))
    for example, path in enumerate(records.index.path.tolist()):
        row = rows["train"][path]
        assert records.read(example) == row["image"]
        assert np.array_equal(records.index.labels[example], row["labels"])
        assert records.index.patient[example].decode() == row["patient"]
        assert records.index.study[example].decode() == row["study"]
        assert records.index.age[example] == row["age"]
        assert views[example] == ("frontal", "lateral")[row["view"]]
        assert projections[example] == ("AP", "PA", "LL", "RL", "none")[row["projection"]]
        assert sexes[example] == ("female", "male", "unknown")[row["sex"]]


def test_naming_images_ahead_changes_nothing(prepared, rows):
    records = open_records(prepared, "valid")
    records.expect(np.arange(len(records)))
    assert records.read(3) == rows["valid"][bytes(records.index.path[3])]["image"]


def test_a_folder_above_is_accepted_when_it_holds_one(prepared, tmp_path):
    assert version_folder(prepared.parent.parent) == prepared
    (tmp_path / "incomplete.X_1.0.0").mkdir()
    (tmp_path / "incomplete.X_1.0.0" / "dataset_info.json").write_text("{}")
    with pytest.raises(InputError, match="which holds none"):
        version_folder(tmp_path)
    for version in ("1.0.0", "1.0.1"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "dataset_info.json").write_text("{}")
    with pytest.raises(InputError, match=r"holds 2: 1.0.0, 1.0.1"):
        version_folder(tmp_path)


def test_an_unknown_split_is_refused(prepared):
    with pytest.raises(InputError, match="has no split 'vlaid'; did you mean valid"):
        open_records(prepared, "vlaid")


def test_statistics_come_from_the_summary(prepared, tmp_path):
    assert open_records(prepared, "valid").statistics() == Statistics(117.5, 52.25)
    copy = tmp_path / "1.0.0"
    shutil.copytree(prepared, copy)
    (copy / "summary.json").unlink()
    assert open_records(copy, "valid").statistics() is None


@pytest.fixture
def copy(prepared, tmp_path):
    folder = tmp_path / "1.0.0"
    shutil.copytree(prepared, folder)
    return folder


def test_the_index_is_kept_and_notices_changed_files(copy):
    first = open_records(copy, "train")
    kept = copy / ".index-train.npz"
    stamp = kept.stat().st_mtime_ns
    calls = []
    second = open_records(copy, "train", progress=lambda done, total: calls.append((done, total)))
    assert calls == []
    assert kept.stat().st_mtime_ns == stamp
    assert second.fingerprint() == first.fingerprint()
    next(copy.glob("*train*tfrecord*")).touch()
    open_records(copy, "train", progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (37, 37)


def test_a_broken_index_is_made_again(copy):
    wanted = open_records(copy, "train").fingerprint()
    (copy / ".index-train.npz").write_bytes(b"PK half a file")
    assert open_records(copy, "train").fingerprint() == wanted


def test_a_damaged_file_is_named(copy):
    (copy / ".index-train.npz").unlink(missing_ok=True)
    file = sorted(copy.glob("*train*tfrecord*"))[1]
    data = bytearray(file.read_bytes())
    data[200] ^= 1
    file.write_bytes(data)
    with pytest.raises(InputError, match=rf"{file.name} is damaged .*; prepare the data again"):
        open_records(copy, "train")


def test_a_missing_file_is_named(copy):
    (copy / ".index-train.npz").unlink(missing_ok=True)
    file = sorted(copy.glob("*train*tfrecord*"))[1]
    file.unlink()
    with pytest.raises(InputError, match=rf"{file.name} is missing"):
        open_records(copy, "train")


def test_a_file_cut_while_training_is_named(copy):
    records = open_records(copy, "train")
    file = records.files[int(records.index.file_number[-1])]
    with open(file, "r+b") as stream:
        stream.truncate(100)
    with pytest.raises(InputError, match="became shorter"):
        records.read(len(records) - 1)


def flip(folder, records, example, byte, bit):
    """One bit of an image on disk, after which the file's size and time are as before."""
    file = folder / records.files[int(records.index.file_number[example])].name
    before = file.stat()
    with open(file, "r+b") as stream:
        stream.seek(int(records.index.offset[example]) + byte)
        (value,) = stream.read(1)
        stream.seek(-1, os.SEEK_CUR)
        stream.write(bytes([value ^ 1 << bit]))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_no_flipped_bit_of_an_image_is_read(copy, rows):
    """At the image's ends and between them; with the bit back in its place, the image is read again."""
    records = open_records(copy, "train")
    example = 20
    path, file = records.index.path[example], records.files[int(records.index.file_number[example])]
    of_file = np.flatnonzero(records.index.file_number == records.index.file_number[example]).tolist()
    place = f"record {of_file.index(example) + 1} of {len(of_file)}"
    length = int(records.index.length[example])
    for byte, bit in [(0, 0), (0, 7), (length // 3, 2), (length // 2, 5), (length - 1, 0), (length - 1, 7)]:
        flip(copy, records, example, byte, bit)
        again = open_records(copy, "train")  # from the index that was saved: the file's time did not change
        with pytest.raises(InputError) as error:
            again.read(example)
        assert str(error.value).startswith(f"{file}, {place}, {path.decode()}: its bytes are not those that were w")
        assert again.read(example + 1) == rows["train"][bytes(records.index.path[example + 1])]["image"]
        flip(copy, records, example, byte, bit)
        assert records.read(example) == rows["train"][bytes(path)]["image"]


def test_the_checksum_is_crc_32_and_decides_what_the_contents_are(copy):
    assert index.checksum_of(b"123456789") == 0xCBF43926  # the check value of CRC-32/ISO-HDLC
    records = open_records(copy, "train")
    before = records.contents(), records.fingerprint()
    checksum = records.index.checksum.copy()
    checksum[7] ^= 1  # an image of the same path, labels and length, and other bytes
    records.index = dataclasses.replace(records.index, checksum=checksum)
    assert records.contents() != before[0]
    assert records.fingerprint() == before[1]


def test_chest_xray14_s_effusion_goes_by_the_name_that_chexpert_gives_it(copy):
    metadata = copy / "metadata.json"
    content = json.loads(metadata.read_text())
    content["label_names"] = list(CHEST_XRAY14_FINDINGS)
    metadata.write_text(json.dumps(content))
    records = open_records(copy, "train")
    settings = DataSettings(data=copy, tasks=("competition",))
    # Its third finding; the settings may also use the data's own word for it.
    assert np.array_equal(make_targets(records, settings).raw[:, 4], records.index.labels[:, 2])
    assert task_names(("Effusion",), records.observations) == ("Pleural Effusion",)
    with pytest.raises(
        InputError, match=r"^study needs No Finding, which these data lack; they have Atelectasis, Card"
    ):
        task_names(("study",), records.observations)


def test_two_labels_of_one_name_are_refused(copy):
    metadata = copy / "metadata.json"
    content = json.loads(metadata.read_text())
    content["label_names"][0] = "Effusion"
    metadata.write_text(json.dumps(content))
    with pytest.raises(InputError, match="expected one label for Pleural Effusion; received Effusion and Pleural Eff"):
        open_records(copy, "train")


def test_records_of_another_form_are_refused(copy):
    metadata = copy / "metadata.json"
    metadata.write_text("{}")
    with pytest.raises(InputError, match=r"expected the names of the labels in metadata\.json"):
        open_records(copy, "train")
