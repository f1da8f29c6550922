"""View prediction as settings of the observations' objective: which of view and projection the data can teach."""

import dataclasses
from typing import Any

from chex_tf.data.pipeline import Source
from chex_tf.data.settings import DataSettings
from chex_tf.settings import InputError
from chex_tf.training.observations import auxiliary_tasks
from chex_tf.training.observations.feed import TRAINING_SPLIT, auxiliary_targets
from chex_tf.training.observations.settings import AUXILIARY, ObservationsSettings

TASKS = ("view", "projection")


def of_view(given: ObservationsSettings, data: DataSettings) -> tuple[ObservationsSettings, DataSettings, list[str]]:
    """No observations, and weight 1 for each of frontal or lateral, and AP or PA, that the training split has both of;
    the data with whatever labels they have, for none is learned; and what was chosen, in words."""
    for name in ("observations_weight", *(f"{task}_weight" for task in AUXILIARY)):
        if getattr(given, name) != ObservationsSettings.__dataclass_fields__[name].default:
            raise InputError("is chosen by --objective=view; --objective=observations takes it as it is given", name)
    data = dataclasses.replace(data, tasks=("all",))
    source = Source(dataclasses.replace(data, cache="none", cache_dir=None), TRAINING_SPLIT, training=True)
    reasons = {task: auxiliary_tasks.lacking(task, *auxiliary_targets(source, task)) for task in TASKS}
    learned = [task for task in TASKS if not reasons[task]]
    if not learned:
        listed = "; ".join(f"{task}: {why}" for task, why in reasons.items())
        raise InputError(f"no view can be learned from these data: {listed}", "objective")
    weights = " ".join(f"--{task}_weight=1" for task in learned)
    lines = [f"--objective=view: --observations_weight=0 {weights} --tasks=all"]
    lines += [f"note: {task} is not learned: {why}" for task, why in reasons.items() if why]
    chosen: dict[str, Any] = {f"{task}_weight": 1.0 for task in learned}
    return dataclasses.replace(given, observations_weight=0.0, **chosen), data, lines
