"""What a radiologist would check on a drawn film: proportions, sides, and that masks cover what was changed."""

import numpy as np
import pytest
from scipy import ndimage

from chex_tf.phantom import anatomy, film, frontal, labels, lateral
from chex_tf.phantom.drawing import Canvas, Frame
from chex_tf.phantom.population import SIGNS, Person
from chex_tf.phantom.scene import Scene, shape_of

MAN, WOMAN = Person("Male", 45, (0.0,) * 6), Person("Female", 68, (0.0,) * 6)
STRAIGHT = Frame(scale=1.05, origin=(0.5, 0.15))


def scene_of(person: Person, signs: dict[str, float], view: str, key: int, size: int = 256) -> Scene:
    """A chest that stands straight, so that widths can be read off rows of pixels."""
    body = anatomy.draw_body(np.random.default_rng(key), person)
    shape = shape_of(body, signs, np.random.default_rng(key + 1), view)
    return (lateral if view == "lateral" else frontal).build(Canvas(STRAIGHT, size), body, shape, view, signs)


def width_of(region: np.ndarray) -> int:
    columns = np.flatnonzero((region > 0.5).any(0))
    return int(columns[-1] - columns[0] + 1)


def ratio(scene: Scene) -> float:
    return width_of(scene.regions["heart"]) / width_of(scene.regions["thorax"])


@pytest.mark.parametrize("key", range(12))
def test_the_cardiothoracic_ratio_passes_one_half_exactly_with_cardiomegaly(key: int) -> None:
    person = MAN if key % 2 else WOMAN
    assert ratio(scene_of(person, {}, "PA", key)) < 0.495
    assert ratio(scene_of(person, {"cardiomegaly": 0.0}, "PA", key)) > 0.5
    assert ratio(scene_of(person, {"cardiomegaly": 1.0}, "PA", key)) > 0.57


@pytest.mark.parametrize("key", range(4))
def test_the_heart_is_magnified_in_ap(key: int) -> None:
    straight, magnified = (ratio(scene_of(MAN, {}, view, key)) for view in ("PA", "AP"))
    assert 1.05 < magnified / straight < 1.25


def test_shoulder_blades_lie_over_the_lungs_in_ap_only() -> None:
    body = anatomy.draw_body(np.random.default_rng(0), MAN)
    canvas = Canvas(STRAIGHT, 256)
    lungs = scene_of(MAN, {}, "PA", 0).both_lungs() > 0.5
    over = {view: frontal._shoulders(canvas, body, view)[lungs].sum() for view in ("PA", "AP")}
    assert over["AP"] > 5 * over["PA"]


def test_a_wide_mediastinum_is_wider_above_the_heart() -> None:
    normal, wide = (scene_of(MAN, signs, "PA", 3) for signs in ({}, {"mediastinum": 0.5}))
    rows = slice(int((0.15 + 1.05 * 0.08) * 256), int((0.15 + 1.05 * 0.20) * 256))
    widths = [(scene.regions["mediastinum"][rows] > 0.5).sum(1).mean() for scene in (normal, wide)]
    assert widths[1] / widths[0] > 1.25


LOCAL = ("haze", "nodule", "mass", "consolidation", "pneumonia", "effusion", "thickening", "fracture", "devices")
LOCAL += ("fibrosis", "hernia")


@pytest.mark.parametrize("view", ["PA", "lateral"])
@pytest.mark.parametrize("sign", LOCAL)
def test_the_mask_covers_what_the_finding_changes(sign: str, view: str) -> None:
    shares = []
    for key in range(3):
        sitting = film.sitting(MAN if key else WOMAN, (7, key), 1)
        without, shown = (film.take(sitting, signs, view, 1, "chexpert", 128) for signs in ({}, {sign: 0.8}))
        change = np.abs(shown.scene.attenuation() - without.scene.attenuation())
        near = ndimage.binary_dilation(shown.masks[sign], iterations=4)
        assert shown.masks[sign].any()
        shares.append(change[near].sum() / change.sum())
        # Not a mask of everything either: the change is stronger inside than outside.
        assert change[shown.masks[sign]].mean() > 4 * change[~near].mean()
    assert np.mean(shares) > 0.8


def test_collapse_raises_the_dome_on_the_side_of_its_bands() -> None:
    for key in range(6):
        sitting = film.sitting(MAN, (5, key), 1)
        normal, collapsed = (
            film.take(sitting, signs, "PA", 1, "chexpert", 128) for signs in ({}, {"atelectasis": 1.0})
        )
        raised = {side: normal.scene.base(side) - collapsed.scene.base(side) for side in (-1, 1)}
        side = max(raised, key=lambda one: raised[one])
        assert raised[side] > 0.04
        assert raised[-side] == pytest.approx(0)
        inside = collapsed.scene.lung(side) > 0.5
        assert collapsed.masks["atelectasis"][inside].sum() > 0.98 * collapsed.masks["atelectasis"].sum()


def test_effusion_lies_below_and_is_denser_than_air_and_oedema_is_central() -> None:
    sitting = film.sitting(MAN, (2, 2), 1)
    shown = film.take(sitting, {"effusion": 0.8}, "PA", 1, "chexpert", 128)
    canvas = shown.scene.canvas
    assert canvas.y[shown.masks["effusion"]].mean() > 0.5 * shown.scene.base(-1)
    edema = film.take(sitting, {"edema": 0.8}, "PA", 1, "chexpert", 128)
    change = edema.scene.attenuation() - film.take(sitting, {}, "PA", 1, "chexpert", 128).scene.attenuation()
    lungs, distance = edema.scene.both_lungs() > 0.5, np.abs(canvas.x)
    assert change[lungs & (distance < 0.16)].mean() > 2 * change[lungs & (distance > 0.27)].mean()


def test_air_beyond_the_pleura_is_darker_and_has_no_vessels() -> None:
    sitting = film.sitting(MAN, (3, 1), 1)
    with_air, normal = (
        film.take(sitting, signs, "PA", 1, "chexpert", 256).scene for signs in ({"pneumothorax": 1.0}, {})
    )
    free = film.take(sitting, {"pneumothorax": 1.0}, "PA", 1, "chexpert", 256).masks["pneumothorax"]
    free = ndimage.binary_erosion(free, iterations=5)
    assert free.sum() > 100
    assert with_air.attenuation()[free].mean() < normal.attenuation()[free].mean() - 0.02
    assert with_air.detail[free].std() < 0.3 * normal.detail[free].std()


def test_views_of_a_study_agree_on_the_side_and_height() -> None:
    for key in range(4):
        sitting = film.sitting(MAN, (11, key), 1)
        taken = {view: film.take(sitting, {"mass": 0.7}, view, 1, "chexpert", 128) for view in ("PA", "AP", "lateral")}
        middles = {
            view: (one.scene.canvas.x[one.masks["mass"]].mean(), one.scene.canvas.y[one.masks["mass"]].mean())
            for view, one in taken.items()
        }
        assert np.sign(middles["PA"][0]) == np.sign(middles["AP"][0])
        assert abs(middles["PA"][1] - middles["lateral"][1]) < 0.06


@pytest.mark.parametrize("view", ["PA", "AP", "lateral"])
def test_the_same_film_at_two_sizes(view: str) -> None:
    sitting = film.sitting(WOMAN, (1, 1), 1)
    signs = {"edema": 0.6, "devices": 0.6, "nodule": 0.9}
    small, large = (film.take(sitting, signs, view, 1, "chexpert", size) for size in (96, 192))
    rows, columns = small.image.shape
    shrunk = large.scene.attenuation()[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2).mean((1, 3))
    assert np.corrcoef(shrunk.ravel(), small.scene.attenuation().ravel())[0, 1] > 0.99


def test_age_and_sex_leave_traces() -> None:
    def bodies(sex: str, age: int) -> list[anatomy.Body]:
        return [anatomy.draw_body(np.random.default_rng(key), Person(sex, age, (0.0,) * 6)) for key in range(40)]

    young, old, women = bodies("Male", 25), bodies("Male", 85), bodies("Female", 25)
    assert np.mean([b.bone for b in young]) - np.mean([b.bone for b in old]) > 0.2
    assert np.mean([b.calcified for b in old]) > 0.5 > 0.1 > np.mean([b.calcified for b in young])
    assert min(b.breast for b in women) > 0 == max(b.breast for b in young)
    assert np.mean([b.widest for b in women]) < np.mean([b.widest for b in young])


def test_every_sign_can_be_drawn_and_belongs_to_an_observation() -> None:
    assert set(film._DRAW) | {"cardiomegaly", "mediastinum", "emphysema"} == set(SIGNS)
    named = {
        sign for layout in ("chexpert", "chestxray14") for signs in labels.signs_of(layout).values() for sign in signs
    }
    assert named == set(SIGNS)


def test_truth_follows_the_tree_of_observations() -> None:
    truth = labels.chexpert_truth({"edema": 0.2, "devices": 0.5})
    assert [name for name, value in truth.items() if value] == ["Lung Opacity", "Edema", "Support Devices"]
    assert labels.chexpert_truth({"cardiomegaly": 0.1})["Enlarged Cardiomediastinum"] == 1
    assert labels.chexpert_truth({"effusion": 0.1})["Lung Opacity"] == 0
    for nothing in ({}, {"devices": 0.9}):
        assert labels.chexpert_truth(nothing)["No Finding"] == 1
    assert labels.chexpert_truth({"fracture": 0.1})["No Finding"] == 0
    assert labels.severities("chexpert", {"nodule": 0.2, "mass": 0.7}) == {"Lung Opacity": 0.7, "Lung Lesion": 0.7}
