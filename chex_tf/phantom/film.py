"""One radiograph from beginning to end: person, study and view in, grey picture and masks of its findings out."""

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from chex_tf.phantom import anatomy, detector, frontal, labels, lateral
from chex_tf.phantom.anatomy import Body
from chex_tf.phantom.drawing import Canvas, Field
from chex_tf.phantom.findings import airspace, bones_and_devices, pleura
from chex_tf.phantom.population import SIGNS, Person
from chex_tf.phantom.scene import Scene, shape_of

_DRAW: dict[str, Callable[[Scene, float, np.random.Generator], Field]] = {
    "thickening": pleura.thickening,
    "fibrosis": airspace.fibrosis,
    "edema": airspace.edema,
    "haze": airspace.haze,
    "pneumonia": airspace.pneumonia,
    "consolidation": airspace.consolidation,
    "mass": airspace.mass,
    "nodule": airspace.nodule,
    "atelectasis": airspace.atelectasis,
    "effusion": pleura.effusion,
    "hernia": bones_and_devices.hernia,
    "fracture": bones_and_devices.fracture,
    "pneumothorax": pleura.pneumothorax,
    "devices": bones_and_devices.devices,
}


@dataclasses.dataclass(frozen=True)
class Film:
    image: NDArray[np.uint8]
    masks: dict[str, NDArray[np.bool_]]  # by sign, where the sign is there
    scene: Scene


@dataclasses.dataclass(frozen=True)
class Sitting:
    """The random states of one study: equal keys give the same findings in every view, views differ in exposure."""

    body: Body
    key: tuple[int, ...]


def sitting(person: Person, person_key: tuple[int, ...], study: int) -> Sitting:
    """`person_key` and the study's number decide all that is random."""
    body = anatomy.draw_body(np.random.default_rng([*person_key, 1]), person)
    return Sitting(body, (*person_key, 2, study))


def take(sitting: Sitting, signs: Mapping[str, float], view: str, number: int, hospital: str, size: int) -> Film:
    """`number` tells apart films of the same view in one study."""
    exposure = detector.draw_exposure(np.random.default_rng([*sitting.key, 0, number]), hospital, view)
    canvas = Canvas(exposure.frame, size)
    shape = shape_of(sitting.body, signs, np.random.default_rng([*sitting.key, 1]), view)
    build = lateral.build if view == "lateral" else frontal.build
    scene = build(canvas, sitting.body, shape, view, dict(signs))
    masks: dict[str, NDArray[np.bool_]] = {}
    for sign, draw in _DRAW.items():
        if sign in signs:
            random = np.random.default_rng([*sitting.key, 2, SIGNS.index(sign)])
            masks[sign] = draw(scene, signs[sign], random) > 0.5
    for sign, names in {
        "cardiomegaly": ("heart",),
        "mediastinum": ("mediastinum", "heart"),
        "emphysema": ("thorax",),
    }.items():
        if sign in signs:
            masks[sign] = np.logical_or.reduce([scene.regions[name] > 0.5 for name in names])
    noise = np.random.default_rng([*sitting.key, 3, number])
    return Film(detector.expose(scene.attenuation(), canvas, exposure, noise), masks, scene)


def observation_masks(film: Film, layout: str) -> dict[str, NDArray[np.bool_]]:
    """By observation of the layout; several signs of one observation are joined."""
    joined: dict[str, NDArray[np.bool_]] = {}
    for name, signs in labels.signs_of(layout).items():
        parts = [film.masks[sign] for sign in signs if sign in film.masks]
        if name == "Enlarged Cardiomediastinum" and parts:
            parts = [film.scene.regions["heart"] > 0.5, film.scene.regions["mediastinum"] > 0.5]
        if parts:
            joined[name] = np.logical_or.reduce(parts)
    return joined
