"""Whole data sets on disk: bytes, tables, masks, splits, and what happens to folders that are in the way."""

import csv
import hashlib
import json
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from chex_tf.observations import CHEST_XRAY14_FINDINGS, OBSERVATIONS
from chex_tf.phantom import picture_tables, writer
from chex_tf.phantom.settings import PhantomSettings
from chex_tf.settings import InputError

ROOT = "CheXpert-v1.0-small"
SIZE, PATIENTS = 40, 24


def digest(folder: pathlib.Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def rows(path: pathlib.Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def made(folder: pathlib.Path, layout: str, processes: int = 1) -> pathlib.Path:
    out = folder / "phantom"
    writer.write(
        PhantomSettings(out=out, patients=PATIENTS, image_size=SIZE, seed=3, layout=layout, processes=processes)
    )
    return out


@pytest.fixture(scope="module")
def chexpert(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return made(tmp_path_factory.mktemp("chexpert"), "chexpert")


@pytest.fixture(scope="module")
def chest_xray14(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return made(tmp_path_factory.mktemp("nih"), "chestxray14")


def test_bytes_do_not_depend_on_the_number_of_processes(chexpert: pathlib.Path, tmp_path: pathlib.Path) -> None:
    assert digest(made(tmp_path, "chexpert", processes=2)) == digest(chexpert)


def test_another_seed_gives_other_pictures(chexpert: pathlib.Path, tmp_path: pathlib.Path) -> None:
    out = tmp_path / "other"
    writer.write(PhantomSettings(out=out, patients=2, image_size=SIZE, seed=4, processes=1))
    first = f"{ROOT}/train/patient00001/study1/view1_frontal.jpg"
    assert (out / first).read_bytes() != (chexpert / first).read_bytes()


def test_a_patient_draws_the_same_in_a_larger_population(chexpert: pathlib.Path, tmp_path: pathlib.Path) -> None:
    out = tmp_path / "smaller"
    writer.write(PhantomSettings(out=out, patients=3, image_size=SIZE, seed=3, processes=1))
    train = [name for name in digest(out) if "/train/" in name and name.startswith(ROOT)]
    assert train
    for name in train:
        assert (out / name).read_bytes() == (chexpert / name).read_bytes()


def test_tables_have_chexperts_columns_and_name_existing_images(chexpert: pathlib.Path) -> None:
    header = ["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *OBSERVATIONS]
    named: list[str] = []
    for table in ("train.csv", "valid.csv"):
        found = rows(chexpert / ROOT / table)
        assert list(found[0]) == header
        for row in found:
            assert row["Path"].startswith(f"{ROOT}/{table[:-4]}/patient")
            lateral = row["Path"].endswith("_lateral.jpg")
            assert row["Frontal/Lateral"] == ("Lateral" if lateral else "Frontal")
            assert row["AP/PA"] in (("",) if lateral else ("AP", "PA"))
        named += [row["Path"] for row in found]
    test = rows(chexpert / ROOT / "test_labels.csv")
    assert list(test[0]) == ["Path", *OBSERVATIONS]
    named += [row["Path"] for row in test]
    on_disk = {str(path.relative_to(chexpert)) for path in (chexpert / ROOT).rglob("*.jpg")}
    assert set(named) == on_disk
    assert len(named) == len(on_disk)
    with Image.open(chexpert / named[0]) as picture:
        assert picture.mode == "L"
        assert min(picture.size) == SIZE


def test_train_is_a_report_while_valid_and_test_are_the_truth(chexpert: pathlib.Path) -> None:
    truth = {row["Path"]: row for row in rows(chexpert / writer.TRUTH)}
    train = rows(chexpert / ROOT / "train.csv")
    values = {row[name] for row in train for name in OBSERVATIONS}
    assert values == {"1.0", "0.0", "-1.0", ""}
    assert {row["No Finding"] for row in train} <= {"1.0", ""}
    for row in rows(chexpert / ROOT / "valid.csv"):
        assert [float(row[name]) for name in OBSERVATIONS] == [float(truth[row["Path"]][name]) for name in OBSERVATIONS]
    for row in rows(chexpert / ROOT / "test_labels.csv"):
        assert [row[name] for name in OBSERVATIONS] == [truth[row["Path"]][name] for name in OBSERVATIONS]
    wrong = sum(row[name] == "1.0" and truth[row["Path"]][name] == "0" for row in train for name in OBSERVATIONS)
    right = sum(row[name] == "1.0" and truth[row["Path"]][name] == "1" for row in train for name in OBSERVATIONS)
    missed = sum(row[name] != "1.0" and truth[row["Path"]][name] == "1" for row in train for name in OBSERVATIONS)
    assert wrong < 0.15 * right
    assert 0 < missed < right


def test_ground_truth_has_one_row_a_test_study(chexpert: pathlib.Path) -> None:
    by_study = rows(chexpert / ROOT / "groundtruth.csv")
    assert list(by_study[0]) == ["Study", *OBSERVATIONS]
    by_image = rows(chexpert / ROOT / "test_labels.csv")
    studies = {row["Path"].rsplit("/", 1)[0].replace(ROOT, "CheXpert-v1.0"): row for row in by_image}
    assert [row["Study"] for row in by_study] == list(studies)
    for row in by_study:
        assert [row[name] for name in OBSERVATIONS] == [studies[row["Study"]][name] for name in OBSERVATIONS]


@pytest.mark.parametrize("layout", ["chexpert", "chest_xray14"])
def test_no_patient_is_in_two_splits_and_sizes_are_as_documented(layout: str, request: pytest.FixtureRequest) -> None:
    truth = rows(request.getfixturevalue(layout) / writer.TRUTH)
    patients = {
        split: {row["Patient"] for row in truth if row["Split"] == split} for split in {r["Split"] for r in truth}
    }
    assert sum(map(len, patients.values())) == len(set.union(*patients.values()))
    expected = {"train": 24, "valid": 5, "test": 12} if layout == "chexpert" else {"train_val": 24, "test": 12}
    assert {split: len(found) for split, found in patients.items()} == expected


@pytest.mark.parametrize("layout", ["chexpert", "chest_xray14"])
def test_masks_are_there_exactly_where_the_truth_is_positive(layout: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(layout)
    expected: set[str] = set()
    names = OBSERVATIONS if layout == "chexpert" else CHEST_XRAY14_FINDINGS
    for row in rows(folder / writer.TRUTH):
        for name in names:
            if name != "No Finding" and row[name] == "1":
                path = picture_tables.mask_path(row["Path"], name)
                expected.add(str(path))
                with Image.open(folder / path) as mask, Image.open(folder / row["Path"]) as picture:
                    assert mask.mode == "1"
                    assert mask.size == picture.size
    assert {str(path.relative_to(folder)) for path in (folder / picture_tables.MASKS).rglob("*.png")} == expected


def test_the_mask_path_rule() -> None:
    path = picture_tables.mask_path(f"{ROOT}/test/patient00007/study1/view2_lateral.jpg", "Pleural Effusion")
    assert str(path) == "masks/test/patient00007/study1/view2_lateral/Pleural_Effusion.png"
    path = picture_tables.mask_path("images_003/images/00000012_001.png", "Mass")
    assert str(path) == "masks/images/00000012_001/Mass.png"


def test_chest_xray14s_tables(chest_xray14: pathlib.Path) -> None:
    with open(chest_xray14 / "Data_Entry_2017_v2020.csv", encoding="utf-8", newline="") as lines:
        header, *entries = csv.reader(lines)
    # Two of the names hold a comma, unquoted, so that eleven columns stand over eleven cells.
    assert len(header) == len(entries[0]) == 11
    assert header[7:9] == ["OriginalImage[Width", "Height]"]
    images = {path.name for path in chest_xray14.glob("images_*/images/*.png")}
    assert {entry[0] for entry in entries} == images
    train, test = ((chest_xray14 / f"{name}_list.txt").read_text().split() for name in ("train_val", "test"))
    assert set(train) | set(test) == images
    assert not set(train) & set(test)
    known = {*CHEST_XRAY14_FINDINGS, "No Finding"}
    for name, findings, follow_up, patient, age, sex, view, *_ in entries:
        assert name == f"{int(patient):08d}_{int(follow_up):03d}.png"
        assert set(findings.split("|")) <= known
        assert findings == "No Finding" or "No Finding" not in findings
        assert sex in "MF"
        assert view in ("AP", "PA")
        assert 18 <= int(age) <= 90


def test_test_findings_of_chest_xray14_are_the_truth(chest_xray14: pathlib.Path) -> None:
    truth = {row["Path"].rsplit("/", 1)[1]: row for row in rows(chest_xray14 / writer.TRUTH)}
    for row in rows(chest_xray14 / "Data_Entry_2017_v2020.csv"):
        facts = truth[row["Image Index"]]
        if facts["Split"] == "test":
            found = [name for name in CHEST_XRAY14_FINDINGS if facts[name] == "1"]
            assert row["Finding Labels"] == ("|".join(found) or "No Finding")


def test_boxes_enclose_the_largest_part_of_the_mask(chest_xray14: pathlib.Path) -> None:
    with open(chest_xray14 / "BBox_List_2017.csv", encoding="utf-8", newline="") as lines:
        header, *boxes = csv.reader(lines)
    assert header == ["Image Index", "Finding Label", "Bbox [x", "y", "w", "h]", "", "", ""]
    assert boxes
    for name, finding, *numbers in (box[:6] for box in boxes):
        image = next(chest_xray14.glob(f"images_*/images/{name}")).relative_to(chest_xray14)
        path = picture_tables.mask_path(image.as_posix(), {"Infiltrate": "Infiltration"}.get(finding, finding))
        mask = np.asarray(Image.open(chest_xray14 / path))
        x, y, width, height = (round(float(number)) for number in numbers)
        part = mask[y : y + height, x : x + width]
        assert part.any(0).all() or part.any(1).all()
        assert part[0].any()
        assert part[-1].any()
        assert part[:, 0].any()
        assert part[:, -1].any()
        assert part.sum() >= mask.sum() / 4


def test_the_box_of_two_parts_is_that_of_the_larger() -> None:
    mask = np.zeros((20, 30), bool)
    mask[1:3, 1:3], mask[5:15, 10:28] = True, True
    assert writer._box(mask) == (10, 5, 18, 10)


def test_colour_pngs_carry_the_same_grey(tmp_path: pathlib.Path) -> None:
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
    writer._save_image(tmp_path / "a.png", grey, rgba=True)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.mode == "RGBA"
        np.testing.assert_array_equal(np.asarray(picture.convert("L")), grey)


def test_the_same_command_again_finds_it_complete(chexpert: pathlib.Path) -> None:
    settings = PhantomSettings(out=chexpert, patients=PATIENTS, image_size=SIZE, seed=3, processes=2)
    assert writer.already_there(settings)
    with pytest.raises(InputError, match="seed 3 there, 5 asked"):
        writer.already_there(PhantomSettings(out=chexpert, patients=PATIENTS, image_size=SIZE, seed=5))


def test_a_foreign_folder_is_refused_and_left_alone(tmp_path: pathlib.Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(InputError, match="holds other files"):
        writer.already_there(PhantomSettings(out=tmp_path))
    with pytest.raises(InputError, match="is a file"):
        writer.already_there(PhantomSettings(out=tmp_path / "thesis.txt"))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    (tmp_path / "empty").mkdir()
    assert not writer.already_there(PhantomSettings(out=tmp_path / "empty"))


def test_an_error_on_the_way_leaves_nothing(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(writer.picture_tables, "truth_table", fail)
    with pytest.raises(OSError, match="disk full"):
        writer.write(PhantomSettings(out=tmp_path / "out", patients=1, image_size=32, processes=1))
    assert list(tmp_path.iterdir()) == []


def test_drawing_ends_where_one_of_its_processes_was_killed(tmp_path: pathlib.Path) -> None:
    # Without a guard each process runs the script again and is ended by it.
    script = tmp_path / "script.py"
    script.write_text(
        "import pathlib\nfrom chex_tf.phantom import writer\n"
        "from chex_tf.phantom.settings import PhantomSettings\n"
        f"out = pathlib.Path({str(tmp_path / 'out')!r})\n"
        "writer.write(PhantomSettings(out=out, patients=8, image_size=32, processes=2))\n"
    )
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode != 0
    assert "InputError: a process that draws was killed" in run.stderr
    assert list(tmp_path.iterdir()) == [script]


def test_a_killed_run_leaves_no_data_set_and_the_next_one_cleans_up(tmp_path: pathlib.Path) -> None:
    out = tmp_path / "out"
    program = (
        "import pathlib, sys\nfrom chex_tf.phantom import writer\n"
        "from chex_tf.phantom.settings import PhantomSettings\n"
        "writer.write(PhantomSettings(out=pathlib.Path(sys.argv[1]), patients=5000, image_size=32, processes=1))\n"
    )
    run = subprocess.Popen([sys.executable, "-c", program, str(out)])
    limit = time.monotonic() + 60
    while not list(tmp_path.glob(".out.*/**/*.jpg")):
        assert run.poll() is None
        assert time.monotonic() < limit
        time.sleep(0.05)
    # What a living run writes is not taken from it.
    assert writer.remove_leftovers(out) == 0
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert not out.exists()
    assert len(list(tmp_path.iterdir())) == 1
    writer.write(PhantomSettings(out=out, patients=1, image_size=32, processes=1))
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_settings_and_counts_are_recorded(chexpert: pathlib.Path) -> None:
    facts = json.loads((chexpert / writer.RECORD).read_text())
    assert facts["settings"] == {
        "edition": writer.EDITION,
        "layout": "chexpert",
        "patients": 24,
        "image_size": 40,
        "seed": 3,
    }
    truth = rows(chexpert / writer.TRUTH)
    assert facts["images"] == {
        split: sum(row["Split"] == split for row in truth) for split in ("train", "valid", "test")
    }
    assert not (chexpert / writer._LOCK).exists()


def test_progress_ends_at_the_total(tmp_path: pathlib.Path) -> None:
    seen: list[tuple[int, int]] = []
    settings = PhantomSettings(out=tmp_path / "out", patients=3, image_size=32, processes=1)
    pictures = writer.write(settings, lambda done, total: seen.append((done, total)))
    patients = len({picture.patient for picture in pictures})
    assert (seen[0], seen[-1]) == ((0, patients), (patients, patients))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
