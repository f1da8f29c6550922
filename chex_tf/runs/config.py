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

from chex_tf import json_files
from chex_tf.runs import config_form, former_versions, present
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
    file: pathlib.Path = dataclasses.field(default=pathlib.Path(CONFIG), compare=False)  # for messages

    def settings(self, kind: type[Kind]) -> Kind:
        """Raises InputError where the section is missing or holds a value that the setting does not take."""
        if kind.section not in self.content:
            raise self.damaged(f"{kind.section} is missing")
        return self.settings_or_defaults(kind)

    def settings_or_defaults(self, kind: type[Kind]) -> Kind:
        """The same; without the section, the defaults."""
        try:
            return kind.from_json(self.content.get(kind.section, {}))
        except InputError as error:
            place = ".".join(filter(None, (kind.section, error.setting)))
            raise self.damaged(f"{place}: {error}") from error

    def damaged(self, why: object) -> InputError:
        """What to raise where more is wrong than the file's form."""
        return json_files.damaged(self.file, why, "run_dir")

    def check_trained(self) -> None:
        """Raises InputError where it lacks what every run that was trained here has."""
        try:
            json_files.checked(self.content, config_form.Trained)
        except json_files.FormError as error:
            raise self.damaged(error) from error

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
        found = self.content.get("records", {})
        if role not in found:
            raise self.damaged(f"records.{role} is missing")
        return typing.cast(Mapping[str, Any], found[role])

    @property
    def learned_from(self) -> tuple[config_form.Source, ...]:
        """The data sets whose training splits it learned from; --data's is the first."""
        train = self.records("train")
        if "sources" in train:
            return tuple(train["sources"])
        return ({"name": train["name"], "fingerprint": train["fingerprint"], "images": train.get("images", 0)},)

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
    present.write_text(run_dir, CONFIG, json.dumps(config.content, indent=2, ensure_ascii=False) + "\n")


def read(run_dir: pathlib.Path) -> Config | None:
    """None where there is none; raises InputError for a file that is not a run's configuration."""
    path = run_dir / CONFIG
    if not path.is_file():
        return None
    content = as_written(run_dir)
    form = content.get("form", 1)
    if form > FORM:
        raise InputError(f"{path} is from a newer version of this software; update it", "run_dir")
    try:
        return Config(
            former_versions.config(content), former_versions.filled_in(content), former_versions.renamed(content), path
        )
    except KeyError as error:
        raise json_files.damaged(path, f"form {form} of it has {error.args[0]}, which is missing", "run_dir") from error
    except (TypeError, AttributeError) as error:
        raise json_files.damaged(path, f"not as form {form} of it ({error})", "run_dir") from error


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
    return dict(json_files.read(path, config_form.Written, "run_dir"))


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
        then, today = before.settings_or_defaults(type(one)).to_json(), one.to_json()
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
