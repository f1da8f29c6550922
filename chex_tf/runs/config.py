"""config.json: every setting of a run as resolved, the data it saw, and whatever else decides its results.

It is read back as typed settings, even when the data are moved or gone. A setting that the run did not know takes its
default, so a release that adds one can continue every unfinished run.
"""

import dataclasses
import json
import pathlib
import typing
from collections.abc import Mapping, Sequence
from typing import Any

from chex_tf.files import write_text
from chex_tf.runs import former_versions
from chex_tf.runs.layout import CONFIG
from chex_tf.settings import InputError, Settings, meaning_of

FORM = 4  # version of the file; increment it when a section or a setting moves, and convert in former_versions

VALIDATION = "valid"  # the split that ranks a run's checkpoints, unless the run names another

Kind = typing.TypeVar("Kind", bound=Settings)


@dataclasses.dataclass(frozen=True)
class Config:
    """The file's content in today's form. Sections of settings are named by `Settings.section`."""

    content: Mapping[str, Any]
    # See former_versions.
    filled_in: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    renamed: Mapping[str, Mapping[str, tuple[str, str]]] = dataclasses.field(default_factory=dict)

    def settings(self, kind: type[Kind]) -> Kind:
        return kind.from_json(self.content[kind.section])

    @property
    def form(self) -> int:
        """The form in which the run's version wrote it."""
        return int(self.content.get("form", 1))

    @property
    def heads(self) -> Mapping[str, Any]:
        """The heads on the encoder, as chex_tf.models.heads writes them."""
        return typing.cast(Mapping[str, Any], self.content["heads"])

    def records(self, role: str) -> Mapping[str, Any]:
        """What the run recorded about its data, by their role: `train` or `valid`."""
        return typing.cast(Mapping[str, Any], self.content["records"][role])

    @property
    def evaluation_split(self) -> str:
        """The split on which the run ranked its checkpoints, and on which its thresholds are chosen."""
        return str(self.content["records"].get("valid", {}).get("split", VALIDATION))

    @property
    def tasks(self) -> tuple[str, ...]:
        """The observations that it learned; none where --observations_weight=0 left their head out."""
        return tuple(self.records("train").get("tasks", ())) if self.content.get("heads", {}).get("outputs", 1) else ()

    @property
    def classes(self) -> int:
        return int(self.records("train").get("classes", 1))

    @property
    def versions(self) -> Mapping[str, str]:
        return typing.cast(Mapping[str, str], self.content.get("versions", {}))

    @property
    def weights_sha256(self) -> str | None:
        """Of the file from whose weights the run began; None where it began otherwise, or did not record it."""
        return self.content.get("weights_sha256")

    @property
    def revision(self) -> str | None:
        return self.content.get("revision")


def assemble(
    settings: Sequence[Settings],
    heads: Mapping[str, Any],
    records: Mapping[str, Any],
    replicas: int,
    versions: Mapping[str, str],
    revision: str | None,
    weights_sha256: str | None = None,
) -> Config:
    """`weights_sha256` is that of a file that --weights names."""
    sections = {one.section: one.to_json() for one in settings}
    return Config(
        {"form": FORM, **sections, "heads": dict(heads), "records": dict(records)}
        | {"replicas": replicas, "versions": dict(versions), "revision": revision}
        | ({} if weights_sha256 is None else {"weights_sha256": weights_sha256})
    )


def write(run_dir: pathlib.Path, config: Config) -> None:
    write_text(run_dir / CONFIG, json.dumps(config.content, indent=2, ensure_ascii=False) + "\n")


def read(run_dir: pathlib.Path) -> Config | None:
    """None where there is none; raises InputError for a file that is not a run's configuration."""
    path = run_dir / CONFIG
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.get("form", 1) > FORM:
            raise InputError(f"{path} is from a newer version of this software; update it", "run_dir")
        return Config(
            former_versions.config(content), former_versions.filled_in(content), former_versions.renamed(content)
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{run_dir} is damaged: its {CONFIG} is not as training wrote it", "run_dir") from error


def as_begun(before: Config, asked: Kind) -> tuple[Kind, list[str]]:
    """Settings to continue a run with: one that the run's version did not have is what that version did, unless
    another value than its default is asked for; what that version called otherwise has today's name. The second result
    names every such setting and its value."""
    defaults = {field.name: field.default for field in dataclasses.fields(asked)}
    then = {
        name: value
        for name, value in before.filled_in.get(asked.section, {}).items()
        if getattr(asked, name) == defaults[name]
    }
    for name, (former, now) in before.renamed.get(asked.section, {}).items():
        if getattr(asked, name) == former:
            then[name] = now
    return dataclasses.replace(asked, **then), [f"{name}={value}" for name, value in then.items()]


def read_if_trained(run_dir: pathlib.Path) -> Config | None:
    """The configuration that training wrote; None in a folder with only predictions, where there may be a part of it
    (see `label_policy`) or none."""
    content = as_written(run_dir)
    return read(run_dir) if "model" in content and "records" in content else None


def as_written(run_dir: pathlib.Path) -> dict[str, Any]:
    """As it stands in the file, in whatever form; empty if there is none."""
    path = run_dir / CONFIG
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: expected JSON; {error.msg} in line {error.lineno}", "run_dir") from error


def label_policy(run_dir: pathlib.Path) -> str | None:
    """In words, what labels neither positive nor negative became in training; None if not recorded. In a folder with
    only predictions, the configuration may hold only this."""
    given = as_written(run_dir).get("data", {})
    return ", ".join(f"{name}={given[name]}" for name in ("uncertain", "blank") if name in given) or None


def differences(before: Config, now: Config, settings: Sequence[Settings]) -> list[str]:
    """`name: before -> now` for everything that would change the results; `settings` are those in `now`.

    What only one of the two has, in records or heads, is ignored: the other is from another version.
    """
    found: list[str] = []
    for one in settings:
        given = before.content.get(one.section, {})
        then, today = type(one).from_json(given).to_json(), one.to_json()
        decides = {field.name: meaning_of(field).decides for field in dataclasses.fields(one)}
        found += [
            _changed(name, then[name], today[name]) for name in today if decides[name] and then[name] != today[name]
        ]
        found += [
            _changed(name, value, "unknown to this version") for name, value in given.items() if name not in today
        ]
    for part in ("records", "heads", "replicas", "weights_sha256"):
        found += _different(part, before.content.get(part), now.content.get(part))
    return found


def _different(name: str, before: Any, now: Any) -> list[str]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        shared = [key for key in before if key in now]
        return [line for key in shared for line in _different(key, before[key], now[key])]
    return [_changed(name, before, now)] if before is not None and now is not None and before != now else []


def _changed(name: str, before: Any, now: Any) -> str:
    return f"{name}: {_text(before)} -> {_text(now)}"


def _text(value: Any) -> str:
    if value is None:
        return "none"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
