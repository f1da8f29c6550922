"""Converts what runs of former versions wrote to today's form. Version 0.1 wrote no `form`; it counts as form 1."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chex_tf.runs.checkpoints import WEIGHT

# Settings that were among the training's and are now among the observations'.
_OBSERVATIONS_SETTINGS = (
    *("score_tasks", "loss", "balance", "label_smoothing", "sex_weight", "age_weight", "view_weight"),
    *("auc_margin", "auc_learning_rate"),
)
_FILES_OF_WEIGHTS = (".h5", ".keras", ".safetensors")
# Before form 4 a plain name was that of Keras' network; it is now PyTorch's, which is the paper's.
_FORM_OF_PYTORCHS_RESNETS = 4
_FORMER_ARCHS = {f"ResNet{depth}": f"ResNet{depth}Keras" for depth in (50, 101, 152)} | {
    f"ResNet{depth}PyTorch": f"ResNet{depth}" for depth in (50, 101, 152)
}


def config(content: Mapping[str, Any]) -> dict[str, Any]:
    """A config.json in today's form; `form` still says in which it was written."""
    converted = _in_sections(content)
    for section, values in _filled_in(converted).items():
        converted[section] = {**converted[section], **values}
    for section, names in renamed(content).items():
        converted[section] = {**converted[section], **{name: now for name, (_, now) in names.items()}}
    return converted


def renamed(content: Mapping[str, Any]) -> dict[str, dict[str, tuple[str, str]]]:
    """Section -> settings whose values are called otherwise today: what it was then, and now."""
    then = content.get("model", {}).get("arch")
    now = arch(then, content.get("form", 1)) if isinstance(then, str) else then
    return {} if then == now else {"model": {"arch": (then, now)}}


def arch(name: str, form: int) -> str:
    """Today's name of what a run of this form called `name`."""
    return _FORMER_ARCHS.get(name, name) if form < _FORM_OF_PYTORCHS_RESNETS else name


def filled_in(content: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Section -> settings that the run's version did not have, where their defaults are not what it did."""
    return _filled_in(_in_sections(content))


def _in_sections(content: Mapping[str, Any]) -> dict[str, Any]:
    """Form 2: the observations' settings have a section of their own, and heads are recorded."""
    if content.get("form", 1) >= 2:
        return dict(content)
    training, data, model = (dict(content[section]) for section in ("training", "data", "model"))
    observations = {name: training.pop(name) for name in _OBSERVATIONS_SETTINGS if name in training}
    # One seed decided both data and training, and was among the data's settings.
    training["seed"] = data.pop("seed", 0)
    data["crop_from"] = data.pop("resize", None)
    model.pop("size", None)
    train = content["records"]["train"]
    heads = {
        "outputs": len(train["tasks"]),
        "classes": train["classes"],
        "extra": [name for name in ("sex", "age", "view") if observations.get(f"{name}_weight", 0) > 0],
        "dropout": training.get("dropout", 0.0),
    }
    sections = {"training": training, "observations": observations, "data": data, "model": model, "heads": heads}
    return {**content, **sections}


def _filled_in(content: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Form 3: settings for what had no setting before."""
    if content.get("form", 1) >= 3:
        return {}
    observations, model = content.get("observations"), content.get("model", {})
    found: dict[str, dict[str, Any]] = {"observations": {}, "model": {}}
    if observations is not None:
        found["observations"]["score_by"] = "image"
        if observations.get("age_weight", 0) > 0:  # without a head for the age its unit says nothing
            found["observations"]["age_unit"] = "century"
    if _names_a_run(model.get("weights", "none")):
        found["model"]["encoder"] = "last"
    lacking = {
        section: {name: value for name, value in values.items() if name not in content[section]}
        for section, values in found.items()
        if values
    }
    return {section: values for section, values in lacking.items() if values}


def _names_a_run(weights: str) -> bool:
    released = weights in ("none", "imagenet") or weights.startswith("timm/")
    return not released and not weights.endswith(_FILES_OF_WEIGHTS)


def arrays(
    found: Mapping[str, np.ndarray], weights: Sequence[str], learned: Sequence[str], own: Sequence[str] = ()
) -> dict[str, np.ndarray]:
    """A checkpoint's arrays under today's names.

    Version 0.1 numbered what now has a name. `weights` names all of a model's weights in its order, `learned` those
    that an optimizer updates, `own` the objective's variables: version 0.1 saved its only ones whether used or not.
    """
    if not any(re.fullmatch(rf"{WEIGHT}\d{{4,}}", name) for name in found):
        return dict(found)
    renamed = {}
    for name, value in found.items():
        kind, _, number = name.partition("/")
        if kind == "auc_margin":
            if "auc_margin_duals" in own:
                renamed["objective/auc_margin_duals"] = value
        elif number:
            names = weights if kind == "weight" else learned
            # A number beyond the names belongs to another model; under its old name it counts as one too many.
            renamed[f"{kind}/{names[int(number)]}" if int(number) < len(names) else name] = value
        else:
            renamed[name] = value
    return renamed
