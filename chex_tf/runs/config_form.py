"""The form of config.json: what other rooms read of it, each with its type. Sections of settings check themselves."""

from typing import Any, NotRequired, TypedDict


class Source(TypedDict):
    """One of several data sets that a run learned from."""

    name: str
    fingerprint: str
    images: int


class Records(TypedDict):
    """What a run recorded about one of its splits."""

    name: NotRequired[str]
    split: NotRequired[str]
    fingerprint: NotRequired[str]
    contents: NotRequired[str]
    tasks: NotRequired[list[str]]
    classes: NotRequired[int]
    stored: NotRequired[dict[str, Any]]
    labels: NotRequired[list[dict[str, Any]]]
    sources: NotRequired[list[Source]]


class Model(TypedDict):
    arch: NotRequired[str]
    weights: NotRequired[str]
    truncate_at: NotRequired[str | None]
    transfuse_up_to: NotRequired[str | None]


class Observations(TypedDict):
    score_tasks: NotRequired[list[str]]
    score_by: NotRequired[str]


class Pretraining(TypedDict):
    objective: NotRequired[str]


class Heads(TypedDict):
    outputs: NotRequired[int]
    extra: NotRequired[list[str]]


class Written(TypedDict):
    """Any config.json, that of a folder with only predictions too, where it may hold no more than the label policy."""

    form: NotRequired[int]
    training: NotRequired[dict[str, Any]]
    observations: NotRequired[Observations]
    pretraining: NotRequired[Pretraining]
    data: NotRequired[dict[str, Any]]
    model: NotRequired[Model]
    heads: NotRequired[Heads]
    records: NotRequired[dict[str, Records]]
    replicas: NotRequired[int]
    versions: NotRequired[dict[str, str]]
    revision: NotRequired[str | None]
    weights_sha256: NotRequired[str | None]


class _Trained(TypedDict):
    name: str
    split: str
    fingerprint: str
    tasks: NotRequired[list[str]]


class _Splits(TypedDict):
    """By role."""

    train: _Trained
    valid: _Trained


class Trained(TypedDict):
    """What every run that was trained here holds beside its settings."""

    heads: dict[str, Any]
    records: _Splits
