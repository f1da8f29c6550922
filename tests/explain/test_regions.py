"""Regions as phantoms, ChestX-ray14 and CheXlocalize keep them."""

import json
import pathlib

import cv2
import numpy as np
import pytest

from chex_tf.explain import annotations, regions
from chex_tf.phantom import writer
from chex_tf.phantom.settings import PhantomSettings
from chex_tf.settings import InputError


def encode(mask: np.ndarray) -> str:
    """COCO's compressed run lengths, written from their description."""
    flat = mask.T.ravel().astype(int)
    ends = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff([0, *ends, flat.size]).tolist()
    if flat[0]:
        runs.insert(0, 0)
    text = ""
    for place, run in enumerate(runs):
        value = run - runs[place - 2] if place > 2 else run
        more = True
        while more:
            bits = value & 31
            value >>= 5
            more = value != (-1 if bits & 16 else 0)
            text += chr(bits + (32 if more else 0) + 48)
    return text


def test_run_lengths_by_hand() -> None:
    """Runs 0, 1, 4, 1, 4, 1, 4, 1 down the columns of a 4×4 diagonal; from the fourth on as differences, all 0."""
    np.testing.assert_array_equal(annotations.decode_runs("01400000", 4, 4), np.eye(4, dtype=bool))


def test_long_and_falling_runs_come_back() -> None:
    generator = np.random.default_rng(0)
    for _ in range(20):
        height, width = generator.integers(3, 200, 2)
        mask = cv2.resize(generator.random((3, 3)), (int(width), int(height))) > 0.5
        np.testing.assert_array_equal(annotations.decode_runs(encode(mask), height, width), mask)


@pytest.mark.parametrize("counts", ["0140000", "01400\n00", "", "é"])
def test_run_lengths_that_do_not_fit_are_refused(counts: str) -> None:
    with pytest.raises(ValueError, match="expected run"):
        annotations.decode_runs(counts, 4, 4)


def test_segmentations_of_chexlocalize(tmp_path: pathlib.Path) -> None:
    mask = np.zeros((2320, 2828), bool)
    mask[400:1600, 500:1500] = True
    content = {
        "patient64541_study1_view1_frontal": {
            "Airspace Opacity": {"size": list(mask.shape), "counts": encode(mask)},
            "Edema": {"size": list(mask.shape), "counts": encode(~mask & False)},
        }
    }
    file = tmp_path / "gt_segmentations_val.json"
    file.write_text(json.dumps(content))
    given = regions.open_regions(file)
    film = "CheXpert-v1.0/valid/patient64541/study1/view1_frontal.jpg"
    found = given(film, "Lung Opacity")
    assert found is not None
    assert max(found.shape) == 1024
    assert found.mean() == pytest.approx(mask.mean(), rel=0.01)
    rows, columns = np.nonzero(found)
    assert rows.mean() / found.shape[0] == pytest.approx(1000 / 2320, abs=0.002)
    assert columns.mean() / found.shape[1] == pytest.approx(1000 / 2828, abs=0.002)
    assert given(film, "Edema") is None
    assert given(film, "Fracture") is None
    assert given(film.replace("64541", "64542"), "Edema") is None


FILM = "patient64541_study1_view1_frontal"


def test_polygons_of_chexlocalize(tmp_path: pathlib.Path) -> None:
    """Outlines belong to a polygon, so a square from 2 to 5 has four pixels a side; several are united."""
    square = [[2, 2], [5, 2], [5, 5], [2, 5]]
    line = [[0.2, 7.9], [9.4, 7.9]]
    content = {
        FILM: {"img_size": [10, 12], "Airspace Opacity": [square, [[4, 4], [6, 4], [6, 6], [4, 6]]], "Edema": []}
    }
    content[FILM]["Fracture"] = [line]
    content[FILM]["Edema"] = []
    content[FILM]["Consolidation"] = [[[50, 50], [60, 50], [60, 60]]]
    file = tmp_path / "gt_annotations_val.json"
    file.write_text(json.dumps(content))
    given = regions.open_regions(file)
    expected = np.zeros((10, 12), bool)
    expected[2:6, 2:6] = True
    expected[4:7, 4:7] = True
    np.testing.assert_array_equal(given("x/patient64541/study1/view1_frontal.jpg", "Lung Opacity"), expected)
    found = given(FILM, "Fracture")
    assert found is not None
    assert (found.any(axis=1).nonzero()[0].tolist(), found.sum()) == ([7], 10)
    assert given(FILM, "Edema") is None
    assert given(FILM, "Consolidation") is None  # beyond the film
    assert list(given.marked()) == [(FILM, "Lung Opacity"), (FILM, "Fracture"), (FILM, "Consolidation")]


@pytest.mark.parametrize("polygon", [[[1, 2]], [[1, 2], [3]], [[1, 2, 3], [4, 5, 6]], [["a", "b"], ["c", "d"]], 7])
def test_a_polygon_that_is_none_is_named(tmp_path: pathlib.Path, polygon: object) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps({FILM: {"img_size": [10, 12], "Edema": [polygon]}}))
    with pytest.raises(InputError, match=rf"a\.json: {FILM}, Edema: "):
        regions.open_regions(file)(FILM, "Edema")


@pytest.mark.parametrize("size", [[0, 5], [5.0, 5], [5], "55", [100_000, 100_000]])
def test_a_film_of_another_size_is_refused(tmp_path: pathlib.Path, size: object) -> None:
    file = tmp_path / "a.json"
    for film in ({"img_size": size, "Edema": [[[1, 1], [2, 2]]]}, {"Edema": {"size": size, "counts": "01"}}):
        file.write_text(json.dumps({FILM: film}))
        with pytest.raises(InputError, match=f"{FILM}, Edema: "):
            regions.open_regions(file)(FILM, "Edema")


def test_regions_at_the_size_of_the_film(tmp_path: pathlib.Path) -> None:
    mask = np.zeros((2000, 1500), bool)
    mask[3:1800, 7:12] = True
    file = tmp_path / "a.json"
    blank = encode(mask & False)
    film = {
        "Edema": {"size": [2000, 1500], "counts": encode(mask)},
        "Fracture": {"size": [2000, 1500], "counts": blank},
    }
    file.write_text(json.dumps({FILM: film}))
    np.testing.assert_array_equal(regions.open_regions(file, whole=True)(FILM, "Edema"), mask)
    bounded = regions.open_regions(file)(FILM, "Edema")
    assert bounded is not None
    assert bounded.shape == (1024, 768)
    assert list(regions.open_regions(file).marked()) == [(FILM, "Edema")]


def test_a_damaged_segmentation_is_named(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps({"patient1_study1_view1_frontal": {"Edema": {"size": [5, 5], "counts": "01400000"}}}))
    with pytest.raises(InputError, match=r"a\.json: patient1_study1_view1_frontal, Edema: expected runs of 5×5"):
        regions.open_regions(file)("x/patient1/study1/view1_frontal.jpg", "Edema")
    file.write_text("[")
    with pytest.raises(InputError, match="expected JSON"):
        regions.open_regions(file)


HEADER = "Image Index,Finding Label,Bbox [x,y,w,h],,,\n"


def test_published_boxes_are_of_1024_pixels(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "BBox_List_2017.csv"
    file.write_text(
        HEADER
        + "00000001_000.png,Infiltrate,100.4,200,50,25.5,,,\n"
        + "00000001_000.png,Infiltrate,900,1000,200,100,,,\n"
        + "00000002_000.png,Mass,0,0,1024,1024,,,\n"
        + "00000003_000.png,Effusion,0,0,10,10,,,\n"
    )
    given = regions.open_regions(file)
    found = given("00000001_000.png", "Infiltration")
    assert found is not None
    assert found.shape == (1024, 1024)
    assert found[200:226, 100:150].all()
    assert found[1000:, 900:].all()
    assert found.sum() == 26 * 50 + 24 * 124
    assert given("00000001_000.png", "Mass") is None
    assert given("00000003_000.png", "Pleural Effusion").sum() == 100


@pytest.mark.parametrize("line", ["00000001_000.png,Mass,1,2,3", "00000001_000.png,Mass,1,2,x,4", "a,Mass,1,2,-3,4"])
def test_a_box_that_is_none_is_named_with_its_line(tmp_path: pathlib.Path, line: str) -> None:
    file = tmp_path / "BBox_List_2017.csv"
    file.write_text(HEADER + line + "\n")
    with pytest.raises(InputError, match="line 2"):
        regions.open_regions(file)


def test_places_without_regions_are_refused(tmp_path: pathlib.Path) -> None:
    for name in ("boxes.csv", "boxes.txt"):
        (tmp_path / name).write_text("Path,Edema\n")
        with pytest.raises(InputError, match="expected"):
            regions.open_regions(tmp_path / name)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="masks/"):
        regions.open_regions(tmp_path / "empty")
    assert regions.find_in(tmp_path / "empty") is None


def test_a_phantom_of_chexpert(tmp_path: pathlib.Path) -> None:
    pictures = writer.write(PhantomSettings(out=tmp_path / "p", patients=4, image_size=64, processes=1))
    given = regions.open_regions(tmp_path / "p")
    found = 0
    for picture in pictures:
        for task in ("Cardiomegaly", "Edema", "Pleural Effusion"):
            region = given(picture.path, task)
            assert region is None or (picture.truth[task] == 1 and region.shape == picture.size[::-1])
            found += region is not None
    assert found
    # What is marked is what was drawn, and the regions' own names find it again.
    marked = dict.fromkeys(given.marked())
    assert len(marked) == sum(sum(picture.truth.values()) for picture in pictures) - sum(
        picture.truth["No Finding"] for picture in pictures
    )
    assert all(given(path, task) is not None for path, task in marked)


def test_an_observation_under_another_name(tmp_path: pathlib.Path) -> None:
    """ChestX-ray14 says Effusion, and its records name an image without folders."""
    file = tmp_path / "masks" / "images" / "00000001_000" / "Effusion.png"
    file.parent.mkdir(parents=True)
    cv2.imwrite(str(file), np.eye(4, dtype=np.uint8) * 255)
    found = regions.open_regions(tmp_path)("00000001_000.png", "Pleural Effusion")
    np.testing.assert_array_equal(found, np.eye(4, dtype=bool))


def test_boxes_of_a_phantom_bound_its_masks(tmp_path: pathlib.Path) -> None:
    """Its boxes are in pixels of its own images, not of 1024; of a single part both say the same."""
    out = tmp_path / "p"
    pictures = writer.write(PhantomSettings(out=out, layout="chestxray14", patients=8, image_size=64, processes=1))
    masks, boxes = regions.open_regions(out), regions.open_regions(out / "BBox_List_2017.csv")
    compared = 0
    assert {name for name, _ in boxes.marked()} <= {path.rpartition("/")[2] for path, _ in masks.marked()}
    assert all(boxes(name, task) is not None for name, task in boxes.marked())
    for picture in pictures:
        name = picture.path.rpartition("/")[2]
        box = boxes(name, "Cardiomegaly") if picture.split == "test" else None
        if box is None:
            continue
        mask = masks(name, "Cardiomegaly")
        assert mask is not None
        assert box.shape == mask.shape == picture.size[::-1]
        for axis in (0, 1):
            assert np.flatnonzero(box.any(axis=axis)).tolist() == np.flatnonzero(mask.any(axis=axis)).tolist()
        compared += 1
    assert compared


def test_boxes_of_vindr_cxr(tmp_path: pathlib.Path) -> None:
    """In pixels of the DICOM image, of 30 by 24 here; a row without numbers is a film without findings; of several
    readers the boxes of one finding are joined; each of both tables may be given, or the release's folder."""
    pytest.importorskip("pydicom", reason="the extra dicom is not installed")
    from chex_tf_datasets.vindr_cxr import dummy_data

    dummy_data.release(tmp_path)
    train, test = (tmp_path / f"annotations/annotations_{split}.csv" for split in ("train", "test"))
    film = dummy_data.BOXES[0][0]
    for given in (regions.open_regions(train), regions.open_regions(tmp_path)):
        found = given(f"train/{film}.dicom", "Cardiomegaly")
        assert found is not None
        expected = np.zeros((24, 30), bool)
        expected[4:14, 3:13] = expected[4:16, 5:15] = True
        np.testing.assert_array_equal(found, expected)
        assert given(film, "Edema") is None
        assert (film, "Cardiomegaly") in set(given.marked())
    found = regions.open_regions(test)(f"test/{min(dummy_data.TEST)}.dicom", "Cardiomegaly")
    assert found is not None
    assert (found.sum(), found[3:21, 2:20].all()) == (18 * 18, True)
    assert len(set(regions.open_regions(tmp_path).marked())) == 2
    (tmp_path / f"train/{film}.dicom").unlink()
    with pytest.raises(InputError, match=f"expected {film}.dicom in train/ or test/ beside the folder of"):
        regions.open_regions(train)(film, "Cardiomegaly")
    train.write_text(train.read_text().replace(",3,4,13,14", ",13,4,3,14"))
    with pytest.raises(
        InputError, match=r"annotations_train\.csv, line 2: expected an image, a finding and four numbers"
    ):
        regions.open_regions(train)


def test_boxes_of_a_phantom_of_vindr_cxr_bound_its_masks(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("pydicom", reason="the extra dicom is not installed")
    out = tmp_path / "p"
    pictures = writer.write(PhantomSettings(out=out, layout="vindr", patients=12, image_size=64, processes=1))
    masks, given = regions.open_regions(out), regions.open_regions(out / "annotations" / "annotations_test.csv")
    marked = set(given.marked())
    assert marked
    assert {(f"images/{film}.png", task) for film, task in marked} <= set(masks.marked())
    for picture in pictures:
        for task in (task for film, task in marked if film in picture.path):
            box, mask = given(picture.path, task), masks(picture.path, task)
            assert box is not None
            assert mask is not None
            assert box.shape == mask.shape == picture.size[::-1]
            assert (box & mask).any()
