"""Settings that decide what a batch holds; light, so that --help need not wait for TensorFlow."""

import dataclasses
import pathlib

from chex_tf.data import policies
from chex_tf.observations import TASK_SETS
from chex_tf.settings import InputError, Settings, setting

VIEW_CHOICES: tuple[str, ...] = ("all", "frontal", "lateral")
ASPECTS: tuple[str, ...] = ("squash", "keep")
CROPS: tuple[str, ...] = ("centre", "random")
SHUFFLES: tuple[str, ...] = ("full", "blocks", "none")
CACHES: tuple[str, ...] = ("none", "ram", "disk")


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataSettings(Settings):
    """Which images, what their labels mean, what is done to the pixels, in which order they come."""

    data: pathlib.Path = setting(
        help="prepared folder (a TFDS version folder, or one above it that holds only one)",
        existing="folder",
        group="data",
    )
    tasks: tuple[str, ...] = setting(
        ("study",), help=f"observations to learn: one set ({', '.join(TASK_SETS)}) or names", group="data"
    )
    views: str = setting("all", help="which images are used", choices=VIEW_CHOICES, group="data")
    seed: int = setting(0, help="decides order, augmentation and smoothed labels", low=0, high=2**63 - 1, group="data")

    uncertain: str = setting(
        "ignore",
        help="what an uncertain label becomes, for all tasks or by task (Edema:ones,*:zeros): "
        + ", ".join(policies.names("uncertain")),
        group="labels",
    )
    blank: str = setting(
        "zeros",
        help="what a label that the report does not mention becomes, likewise: " + ", ".join(policies.names("blank")),
        group="labels",
    )
    self_trained: pathlib.Path | None = setting(
        None,
        help="predictions CSV (Path or Study) that --uncertain=self_trained reads",
        existing="file",
        group="labels",
    )

    image_size: int = setting(
        320, help="side of the square that the network sees", unit="pixels", low=8, group="images"
    )
    resize: int | None = setting(
        None,
        help="side to resize to before cropping to image_size; none crops nothing",
        unit="pixels",
        low=8,
        group="images",
    )
    aspect: str = setting(
        "squash",
        help="squash both sides to `resize`, or keep the proportions (shorter side to `resize`, the rest is cropped)",
        choices=ASPECTS,
        group="images",
    )
    crop: str = setting(
        "centre", help="where training images are cropped; evaluation crops the centre", choices=CROPS, group="images"
    )
    flip: float = setting(0.0, help="probability of a mirrored training image", low=0, high=1, group="images")
    rotation: float = setting(
        0.0, help="largest rotation of training images either way", unit="degrees", low=0, high=180, group="images"
    )
    translation: float = setting(
        0.0,
        help="largest shift of training images along each axis, as a share of the side",
        low=0,
        high=1,
        group="images",
    )
    scale: float = setting(
        0.0, help="training images are drawn between 1-X and 1+X of their size", low=0, high=0.9, group="images"
    )
    brightness: float = setting(
        0.0, help="largest change of brightness of training images, as a share of 255", low=0, high=1, group="images"
    )
    contrast: float = setting(
        0.0, help="contrast of training images is multiplied by 1-X to 1+X", low=0, high=1, group="images"
    )

    shuffle: str = setting(
        "full",
        help="training order: any image anywhere; blocks of neighbours on disk, shuffled within windows "
        "(for spinning disks and sets larger than memory); none",
        choices=SHUFFLES,
        group="reading",
    )
    cache: str = setting("none", help="where to keep decoded, resized images", choices=CACHES, group="reading")
    cache_dir: pathlib.Path | None = setting(None, help="folder of --cache=disk", group="reading")
    readers: int = setting(
        0, help="threads that read and decode; 0 takes one more than there are cores", low=0, high=1024, group="reading"
    )

    def check(self) -> None:
        if not self.tasks:
            raise InputError("expected a task set or names of tasks; received none", "tasks")
        if len(set(self.tasks)) != len(self.tasks):
            raise InputError(f"expected each task once; received {', '.join(self.tasks)}", "tasks")
        policies.check(self.uncertain, "uncertain")
        policies.check(self.blank, "blank")
        wants_file = "self_trained" in policies.rule_names(self.uncertain, "uncertain")
        if wants_file != (self.self_trained is not None):
            raise InputError(
                "expected a predictions file; --uncertain=self_trained reads it; received none"
                if wants_file
                else f"only --uncertain=self_trained reads a predictions file; received --uncertain={self.uncertain}",
                "self_trained",
            )
        if self.resize is not None and self.resize < self.image_size:
            raise InputError(
                f"expected at least image_size, {self.image_size}, from which to crop; received {self.resize}", "resize"
            )
        if self.cache != "none" and self.aspect == "keep":
            raise InputError("a cache holds squares: expected --aspect=squash; received keep", "cache")
        if (self.cache == "disk") != (self.cache_dir is not None):
            raise InputError(f"--cache=disk and --cache_dir go together; received --cache={self.cache}", "cache_dir")

    @property
    def resized(self) -> int:
        """Side (or shorter side) of an image before it is cropped."""
        return self.image_size if self.resize is None else self.resize
