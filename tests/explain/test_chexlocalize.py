"""CheXlocalize's protocol: its steps by hand, its interpolation against OpenCV's, Otsu's threshold by brute force."""

import math
import pathlib

import cv2
import numpy as np
import pytest

from chex_tf.explain import chexlocalize, scoring
from chex_tf.explain.localisation import IOU, POINTING, Scores, localise
from chex_tf.settings import InputError


def test_interpolation_by_hand() -> None:
    """Centres at halves: a quarter of the way from 0 to 1, and the outermost pixels beyond the cells' centres."""
    found = chexlocalize.interpolated(np.array([[0, 1], [2, 3]], np.float32), (4, 4))
    np.testing.assert_array_equal(found[0], [0, 0.25, 0.75, 1])
    np.testing.assert_array_equal(found[:, 3], [1, 1.5, 2.5, 3])
    assert found.dtype == np.float32


@pytest.mark.parametrize("shape", [(40, 57), (7, 9), (3, 4), (1, 100)])
def test_interpolation_as_opencv_does_it(shape: tuple[int, int]) -> None:
    """Finer and coarser than the map; coarser without averaging."""
    pixels = np.random.default_rng(0).random((7, 9)).astype(np.float32)
    expected = cv2.resize(pixels, shape[::-1], interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(chexlocalize.interpolated(pixels, shape), expected, atol=2e-6)


def test_of_equally_high_points_the_first_counts() -> None:
    bright = np.array([[0.0, 2, 1], [2, 0, 0]])
    region = np.zeros((2, 3), bool)
    region[1, 0] = True
    assert chexlocalize.hit(bright, region) == 0
    assert chexlocalize.hit(bright, ~region) == 1
    # A map of nothing points at its first pixel.
    assert chexlocalize.hit(np.zeros((2, 3)), ~region) == 1


def test_overlaps_by_hand() -> None:
    """-1, 0, 1, 3 stretch to 0, 0.25, 0.5, 1: above 0.2 three pixels, above 0.3 and 0.4 two, from 0.5 on one."""
    bright = np.array([[-1, 0], [1, 3]], np.float32)
    region = np.array([[True, True], [False, True]])
    found = chexlocalize.overlaps(bright, region, chexlocalize.THRESHOLDS)
    assert chexlocalize.THRESHOLDS.tolist() == [0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
    assert found.tolist() == [2 / 4, 1 / 4, 1 / 4, 1 / 3, 1 / 3, 1 / 3]


def test_both_protocols_on_the_statistics_pages_example() -> None:
    bright = np.array([[3, 1], [0, -1]], np.float32)
    region = np.array([[True, True], [False, False]])
    assert chexlocalize.hit(bright, region) == scoring.hit(bright, region) == 1
    assert scoring.overlaps(bright, region)[scoring.SHARES == 0.3].tolist() == [1]
    assert chexlocalize.overlaps(bright, region, np.array([0.2])).tolist() == [2 / 3]


def test_a_map_that_marks_nothing_has_no_overlap() -> None:
    region = np.ones((2, 2), bool)
    for bright in (np.zeros((2, 2), np.float32), np.full((2, 2), 3, np.float32)):
        for cuts in (chexlocalize.THRESHOLDS, np.array([math.nan])):
            assert np.isnan(chexlocalize.overlaps(bright, region, cuts)).all()


def test_otsus_contours_are_filled_and_single_points_dropped() -> None:
    bright = np.zeros((9, 12), np.float32)
    bright[1:6, 1:6] = 1
    bright[2:5, 2:5] = 0  # a hole of nine pixels
    bright[7, 9] = 1
    expected = np.zeros((9, 12), bool)
    expected[1:6, 1:6] = True
    np.testing.assert_array_equal(chexlocalize.otsu(bright), expected)
    region = np.zeros((9, 12), bool)
    region[2:5, 2:5] = True
    assert chexlocalize.overlaps(bright, region, np.array([math.nan])).tolist() == [9 / 25]
    # A threshold fills nothing and keeps the single point: 17 pixels, none in the hole.
    assert chexlocalize.overlaps(bright, region, np.array([0.5])).tolist() == [0]


def test_otsus_threshold_by_brute_force() -> None:
    """The level that parts the 256 levels with the largest variance between both parts; smooth maps have no holes."""
    generator = np.random.default_rng(1)
    for _ in range(5):
        places = [generator.normal(size=2) * 8 + 20 for _ in range(2)]
        down, across = np.mgrid[:40, :40]
        bright = sum(np.exp(-((down - y) ** 2 + (across - x) ** 2) / 60) for y, x in places).astype(np.float32)
        bright = (bright - bright.min()) / (bright.max() - bright.min())
        levels = (255 * bright).astype(np.uint8)
        between = []
        for level in range(255):
            low, high = levels[levels <= level].astype(float), levels[levels > level].astype(float)
            both = len(low) * len(high) > 0
            between.append(len(low) * len(high) * (low.mean() - high.mean()) ** 2 if both else -1.0)
        np.testing.assert_array_equal(chexlocalize.otsu(bright), levels > int(np.argmax(between)))


def scores(protocol: chexlocalize.Protocol, maps: list[np.ndarray], region: np.ndarray) -> Scores:
    found = Scores.empty(len(maps), ["Edema"], protocol)
    for film, bright in enumerate(maps):
        found.record(film, 0, bright, region)
    return found


REGION = np.array([[False, False, True, True]])
STEPS = np.array([[0, 0.25, 0.65, 1]], np.float32)  # above 0.2 three pixels, above 0.3 to 0.6 the region, then one
BLANK = np.zeros((1, 4), np.float32)


def test_a_threshold_is_tuned_on_other_films() -> None:
    protocol = chexlocalize.protocol("tuned")
    found = localise(
        ["a"],
        ["Edema"],
        [scores(protocol, [STEPS, 1 - STEPS], REGION)],
        [scores(protocol, [STEPS, BLANK], REGION)],
        np.arange(2),
        50,
        0,
    )
    # The first of the best four; the other film marks nothing and is left out. 1 - STEPS marks the other half.
    assert found.networks[0].cuts["Edema"] == (0.3,)
    assert found.networks[0].of(IOU)["Edema"].value == (1 + 1 / 4) / 2


def test_a_map_that_marks_nothing_is_left_out_and_counted() -> None:
    protocol = chexlocalize.protocol("otsu")
    found = localise(["a"], ["Edema"], [scores(protocol, [STEPS, BLANK], REGION)], None, np.arange(2), 50, 0)
    assert found.networks[0].left_out == {"Edema": 1}
    assert found.networks[0].of(IOU)["Edema"].value == 1
    assert found.networks[0].of(POINTING)["Edema"].value == 0.5  # a miss
    assert found.films == {"Edema": 2}
    assert math.isnan(found.networks[0].cuts["Edema"][0])


def test_thresholds_from_a_file(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "tuning_results.csv"
    file.write_text("threshold,task\n0.4,Airspace Opacity\n0.7,Edema\n")
    protocol = chexlocalize.protocol(str(file))
    assert protocol.cuts_of("Lung Opacity").tolist() == [0.4]
    found = localise(["a"], ["Edema"], [scores(protocol, [STEPS, STEPS], REGION)], None, np.arange(2), 50, 0)
    assert found.networks[0].cuts["Edema"] == (0.7,)
    assert found.networks[0].of(IOU)["Edema"].value == 1 / 2
    with pytest.raises(InputError, match="expected a threshold for Fracture; received Edema, Lung Opacity"):
        protocol.cuts_of("Fracture")


@pytest.mark.parametrize("content", ["", "threshold,task\n", "task\nEdema\n", "threshold,task\nhigh,Edema\n"])
def test_other_files_of_thresholds_are_refused(tmp_path: pathlib.Path, content: str) -> None:
    file = tmp_path / "a.csv"
    file.write_text(content)
    with pytest.raises(InputError, match="expected"):
        chexlocalize.protocol(str(file))
    for again in ("0.4,Edema\n0.5,Edema\n", "1,Edema\n", "nan,Edema\n"):
        file.write_text("threshold,task\n" + again)
        with pytest.raises(InputError, match="expected one threshold"):
            chexlocalize.protocol(str(file))
    with pytest.raises(InputError, match="expected otsu, tuned or a CSV"):
        chexlocalize.protocol("best")
