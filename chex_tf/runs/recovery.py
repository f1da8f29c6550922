"""A run whose index of checkpoints or configuration was lost: told by what else is there, rebuilt from its states.

Every full state carries the run's configuration and what the index says of it. So a lost index or configuration loses
nothing, as long as one state is whole.
"""

import dataclasses
import hashlib
import json
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import safetensors
import safetensors.numpy

from chex_tf.runs import checkpoints, config, layout, status
from chex_tf.runs.checkpoints import Best, State
from chex_tf.runs.lock import locked
from chex_tf.settings import InputError

# The key of a state file's own text. It is one, since safetensors writes several in an order that changes.
_RUN = "run"


def metadata(state: State, content: Mapping[str, Any]) -> dict[str, str]:
    """What a state's file carries beside its arrays; `content` is the run's configuration."""
    return {_RUN: json.dumps({"state": dataclasses.asdict(state), "config": content}, ensure_ascii=False)}


def damage(run_dir: pathlib.Path) -> str | None:
    """In words, which of its two records the run lacks though it has learned something; None for a run that is whole,
    that has learned nothing yet, or that is none."""
    states, others = _learned(run_dir)
    if not (states or others):
        return None
    there = ", ".join([*(f"{len(files)} {name}" for name, files in states.items() if files), *others])
    for name, read in ((layout.CONFIG, config.read), (f"{layout.CHECKPOINTS}/{layout.INDEX}", checkpoints.read_index)):
        if not (run_dir / name).is_file():
            return f"it holds {there} and no {name}"
        try:
            read(run_dir)
        except InputError as error:
            return f"it holds {there}, and {str(error).removeprefix(f'{run_dir}/')}"
    return None


def refuse_damage(run_dir: pathlib.Path) -> None:
    """Before anything is written into the folder."""
    status.read(run_dir)
    found = damage(run_dir)
    if found is not None:
        raise InputError(
            f"{run_dir} is damaged: {found}; --recover rebuilds both from the checkpoints, or move the folder away to "
            "start afresh",
            "run_dir",
        )


def recover(run_dir: pathlib.Path, say: Callable[[str], None]) -> None:
    """Writes the configuration and the index again from the states that are whole; says what was found. A run that
    lacks neither is left as it is."""
    if damage(run_dir) is None:
        say(f"{run_dir} lacks neither its {layout.CONFIG} nor its {layout.INDEX}; nothing to recover")
        return
    with locked(run_dir):
        found = damage(run_dir)
        states, contents = [], []
        for file in sorted(_files(run_dir, layout.STATES), reverse=True):
            try:
                state, content = _read(file)
            except (OSError, KeyError, TypeError, ValueError, safetensors.SafetensorError) as error:
                say(f"{file.name} is damaged, or of a version whose states carry no settings ({type(error).__name__})")
                continue
            kept = tuple(one for one in state.best if _is_whole(run_dir, one))
            if len(kept) < len(state.best):
                lost = ", ".join(str(one.step) for one in state.best if one not in kept)
                say(f"best weights of step {lost} are lost or damaged; {file.name} is kept without them")
            states.append(dataclasses.replace(state, best=kept))
            contents.append(content)
        if not states:
            raise InputError(
                f"{run_dir} is damaged: {found}; none of its states is whole and carries the settings, so nothing can "
                "be rebuilt; move the folder away to start afresh",
                "run_dir",
            )
        if any(content != contents[0] for content in contents[1:]):
            raise InputError(f"{run_dir} holds states of runs with different settings; move the folder away", "run_dir")
        config.write(run_dir, config.Config(contents[0]))
        checkpoints.write_index(run_dir, tuple(states[: checkpoints.KEPT_STATES]))
        steps = ", ".join(f"{state.step:,}" for state in states[: checkpoints.KEPT_STATES])
        say(f"{run_dir}: {layout.CONFIG} and {layout.INDEX} rebuilt from the states of steps {steps}")


def _read(file: pathlib.Path) -> tuple[State, dict[str, Any]]:
    content = file.read_bytes()
    with safetensors.safe_open(file, "np") as opened:
        texts = opened.metadata() or {}
    safetensors.numpy.load(content)
    found = json.loads(texts[_RUN])
    sum_of = hashlib.sha256(content).hexdigest()
    state = checkpoints.state_of({**found["state"], "file": file.name, "sha256": sum_of})
    return state, dict(found["config"])


def _is_whole(run_dir: pathlib.Path, best: Best) -> bool:
    try:
        checkpoints.read_weights(run_dir, best)
    except InputError:
        return False
    return True


def _learned(run_dir: pathlib.Path) -> tuple[dict[str, list[pathlib.Path]], list[str]]:
    """Files of checkpoints by what they are, and the names of the other files that tell of training."""
    states = {"full states": _files(run_dir, layout.STATES), "best weights": _files(run_dir, layout.BEST_WEIGHTS)}
    others = [name for name in (layout.METRICS, layout.ENCODER_WEIGHTS) if (run_dir / name).is_file()]
    return {name: files for name, files in states.items() if files}, others


def _files(run_dir: pathlib.Path, pattern: str) -> list[pathlib.Path]:
    return sorted((run_dir / layout.CHECKPOINTS).glob(pattern))
