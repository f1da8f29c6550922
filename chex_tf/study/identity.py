"""What makes two runs the same experiment: every setting that decides, the data's fingerprint, the software's version.

A cell of a study has an identity before anything is trained, a run has one in its configuration. Equal keys mean that
the two may stand for each other; where keys differ, `differences` says in what.
"""

import dataclasses
import functools
import hashlib
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, Self

from chex_tf.files import sha256
from chex_tf.runs import config
from chex_tf.settings import Settings, meaning_of

KEY_DIGITS = 16
FIRST_VERSION = "0.1.0"  # of runs that recorded none
PACKAGE = "chex_tf"
# Verb -> the settings that its runs record. Those of one verb are never all among another's, so a run tells its verb.
Kinds = Mapping[str, Sequence[type[Settings]]]
RUN = "run:"  # before the key of a run whose encoder another starts from, in place of its folder
FILE = "file:"  # before the digest of a file of weights, in place of its path


@dataclasses.dataclass(frozen=True)
class Identity:
    """`settings` has those that decide, by section; `data` the fingerprint of the records by their role, train and
    valid. A run that starts from another's encoder has that run's key as its `weights`, wherever the folder lies; one
    that starts from a file of weights the file's digest, whatever it is called."""

    settings: Mapping[str, Mapping[str, Any]]
    data: Mapping[str, str]
    version: str

    @property
    def key(self) -> str:
        content = {"settings": self.settings, "data": self.data, "version": self.version}
        text = json.dumps(content, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:KEY_DIGITS]

    def filled(self, kinds: Sequence[type[Settings]]) -> Self:
        """With the defaults of settings that the version which wrote it did not have."""
        settings = {section: dict(values) for section, values in self.settings.items()}
        for kind in kinds:
            for field in dataclasses.fields(kind):
                if meaning_of(field).decides and field.default is not dataclasses.MISSING:
                    plain = list(field.default) if isinstance(field.default, tuple) else field.default
                    settings.setdefault(kind.section, {}).setdefault(field.name, plain)
        weights = settings.get("model", {}).get("weights", "none")
        if not weights.startswith((RUN, FILE)) and (path := pathlib.Path(weights)).is_file():
            settings["model"]["weights"] = _digest(path)  # earlier versions had the path
        return dataclasses.replace(self, settings=settings)

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def deciding(settings: Sequence[Settings]) -> dict[str, dict[str, Any]]:
    """By section, the settings that decide what comes out of a run."""
    return {
        one.section: {
            name: value
            for (name, value), field in zip(one.to_json().items(), dataclasses.fields(one), strict=True)
            if meaning_of(field).decides
        }
        for one in settings
    }


def of_settings(
    settings: Sequence[Settings], data: Mapping[str, str], version: str, weights: str | None = None
) -> Identity:
    """`weights` takes the place of that setting's text: RUN and the key of the run that is meant."""
    found = deciding(settings)
    if weights is not None:
        found["model"] = {**found["model"], "weights": weights}
    return Identity(found, dict(data), version)


def of_run(run_dir: pathlib.Path, kinds: Kinds) -> Identity | None:
    """The identity of a run of one of these verbs; None in a folder that no run of theirs began in."""
    found = config.read_if_trained(run_dir)
    if found is None:
        return None
    of_verb = next((one for one in kinds.values() if all(kind.section in found.content for kind in one)), None)
    if of_verb is None:
        return None
    settings = [found.settings(kind) for kind in of_verb]
    data = {
        role: str(records["fingerprint"])
        for role, records in found.content["records"].items()
        if isinstance(records, Mapping) and "fingerprint" in records
    }
    if found.weights_sha256 is not None:
        weights: str | None = f"{FILE}{found.weights_sha256[:KEY_DIGITS]}"
    else:
        weights = started_from(pathlib.Path(found.content["model"].get("weights", "none")), kinds)
    return of_settings(settings, data, found.versions.get(PACKAGE, FIRST_VERSION), weights)


def started_from(weights: pathlib.Path, kinds: Kinds) -> str | None:
    """RUN and a key where `weights` is a run's folder, FILE and a digest where it is a file; None for the name of
    released weights."""
    if weights.is_file():
        return _digest(weights)
    if not weights.is_dir():
        return None
    of = of_run(weights, kinds)
    return None if of is None else f"{RUN}{of.key}"


def _digest(path: pathlib.Path) -> str:
    noted = path.stat()
    return f"{FILE}{_sha256_as_noted(path.absolute(), noted.st_mtime_ns, noted.st_size)[:KEY_DIGITS]}"


@functools.lru_cache(maxsize=64)
def _sha256_as_noted(path: pathlib.Path, changed: int, size: int) -> str:
    """States of cells are read again and again; a file that was not changed since is read once."""
    del changed, size
    return sha256(path)


def differences(before: Identity, now: Identity) -> list[str]:
    """`name: before -> now` for all that differs."""
    found = [f"version: {before.version} -> {now.version}"] if before.version != now.version else []
    for role in sorted({*before.data, *now.data}):
        if before.data.get(role) != now.data.get(role):
            found.append(f"{role} data: {before.data.get(role, 'none')} -> {now.data.get(role, 'none')}")
    for section in sorted({*before.settings, *now.settings}):
        then, today = before.settings.get(section, {}), now.settings.get(section, {})
        for name in sorted({*then, *today}):
            if then.get(name) != today.get(name):
                found.append(f"{name}: {_text(then.get(name))} -> {_text(today.get(name))}")
    return found


def _text(value: Any) -> str:
    if value is None:
        return "none"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
