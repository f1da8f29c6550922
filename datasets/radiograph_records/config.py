"""What decides how a source becomes records, and the name under which the result lies on disk."""

import dataclasses
import re

import tensorflow_datasets as tfds

from .errors import SourceError
from .missing import LEAVE_OUT, REFUSE

RESIZES = ("shorter", "longer", "square")
ENCODINGS = ("jpeg", "png")
VALIDATIONS = ("full", "header")
BAD_IMAGES = ("stop", "quarantine")
MISSING_IMAGES = (REFUSE, LEAVE_OUT)
AS_SHIPPED = "as_shipped"
SOURCE_LABELS = "source"


@dataclasses.dataclass(frozen=True)
class Storing:
    """Without an image_size the file's own bytes are stored."""

    image_size: int | None = None
    resize: str = "shorter"
    encoding: str = "jpeg"
    quality: int = 95

    @property
    def name(self) -> str:
        if self.image_size is None:
            return AS_SHIPPED
        return f"{self.resize}_{self.image_size}_{self.encoding}{self.quality if self.encoding == 'jpeg' else ''}"


@dataclasses.dataclass
class RadiographConfig(tfds.core.BuilderConfig):
    """Left unnamed, it takes a name made of everything that decides its records, so two of them never share a folder.

    `collection` sets a source apart from others of the same layout in one data_dir. `validate`, `bad_images` and
    `missing_images` decide whether a build succeeds and what it leaves out, and stand in the metadata instead of the
    name.
    """

    name: str = ""
    image_size: int | None = None
    resize: str = "shorter"
    encoding: str = "jpeg"
    quality: int = 95
    labels: str = SOURCE_LABELS
    holdout_patients: float = 0.0
    seed: int = 0
    collection: str = ""
    validate: str = "full"
    bad_images: str = "stop"
    missing_images: str = REFUSE
    threads: int = 0  # 0: one a core

    def __post_init__(self) -> None:
        for field, choices in (
            ("resize", RESIZES),
            ("encoding", ENCODINGS),
            ("validate", VALIDATIONS),
            ("bad_images", BAD_IMAGES),
            ("missing_images", MISSING_IMAGES),
        ):
            if getattr(self, field) not in choices:
                raise SourceError(f"{field}: expected {' or '.join(choices)}; received {getattr(self, field)!r}")
        for field, low, high in (
            ("image_size", 16, 8192),
            ("quality", 1, 100),
            ("holdout_patients", 0, 0.9),
            ("seed", 0, 2**63),
            ("threads", 0, 1024),
        ):
            value = getattr(self, field)
            if value is not None and not low <= value <= high:
                raise SourceError(f"{field}: expected a number from {low} to {high}; received {value}")
        if not re.fullmatch(r"\w*", self.collection):
            raise SourceError(f"collection: expected letters, digits and _; received {self.collection!r}")
        if not self.name:
            self.name = self.name_from_settings()

    @property
    def storing(self) -> Storing:
        return Storing(self.image_size, self.resize, self.encoding, self.quality)

    def name_from_settings(self) -> str:
        parts = [self.collection] if self.collection else []
        parts.append(self.storing.name)
        if self.labels != SOURCE_LABELS:
            parts.append(f"labels_{self.labels.lower()}")
        if self.holdout_patients:
            parts.append(f"holdout_{self.holdout_patients:g}_seed_{self.seed}")
        return "_".join(parts)
