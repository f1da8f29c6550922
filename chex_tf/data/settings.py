"""Settings that decide what a batch holds; without TensorFlow, so that --help need not wait for its import."""

import dataclasses
import pathlib
from typing import Any, ClassVar, Self

from chex_tf.data import policies
from chex_tf.observations import TASK_SETS
from chex_tf.settings import InputError, Settings, setting

VIEW_CHOICES: tuple[str, ...] = ("all", "frontal", "lateral")
ASPECTS: tuple[str, ...] = ("squash", "keep")
CROPS: tuple[str, ...] = ("centre", "random")
SHUFFLES: tuple[str, ...] = ("full", "blocks", "none")
FLAGS, TWO_VIEWS = "flags", "two_views"
AUGMENTATIONS: tuple[str, ...] = (FLAGS, TWO_VIEWS)
IMAGE = "image"
PAIRS: tuple[str, ...] = (IMAGE, "patient", "study")  # what the second view of an image is of; see pairs.py
CACHES: tuple[str, ...] = ("none", "ram", "disk")


_CHANGES = ("flip", "rotation", "translation", "scale", "brightness", "contrast")  # settings of --augmentation=flags


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataSettings(Settings):
    """Which images, what their labels mean, what is done to the pixels, in which order they come."""

    section: ClassVar[str] = "data"

    data: pathlib.Path = setting(
        help="prepared folder (a TFDS version folder, or a folder above it that holds only one)",
        existing="folder",
        group="data",
        decides=False,
    )
    more_data: tuple[pathlib.Path, ...] = setting(
        (),
        help="further prepared folders to learn from, such as other hospitals': their labels become --data's tasks by "
        "the label map, and what they do not know teaches nothing; evaluation stays with --data",
        existing="folder",
        repeated=True,
        group="data",
        decides=False,
    )
    data_weights: tuple[float, ...] = setting(
        (),
        help="shares of --data and each --more_data among the films drawn, such as 1,1 for as many of either; without "
        "it every film is drawn once a pass",
        low=0,
        group="data",
    )
    tasks: tuple[str, ...] = setting(
        ("study",), help=f"observations to learn: one set ({', '.join(TASK_SETS)}) or names", group="data"
    )
    views: str = setting("all", help="which images are used", choices=VIEW_CHOICES, group="data")
    train_patients: int | None = setting(
        None,
        help="train on the first so many patients of an order that subset_seed draws; views are chosen before",
        unit="patients",
        low=1,
        group="data",
    )
    train_images: int | None = setting(
        None,
        help="train on exactly so many images: patient after patient in that order, the last one perhaps in part",
        unit="images",
        low=1,
        group="data",
    )
    subset_seed: int = setting(
        0,
        help="draws the order of patients for train_patients and train_images; --seed does not change it, so that "
        "repeated runs see the same images",
        low=0,
        high=2**63 - 1,
        group="data",
    )
    data_seed: int | None = setting(
        None,
        help="decides order, augmentation and smoothed labels; without it, training's --seed does, or 0",
        low=0,
        high=2**63 - 1,
        group="data",
    )

    uncertain: str = setting(
        "ignore",
        help="what an uncertain label becomes, for all tasks or per task (Edema:ones,*:zeros): "
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
        decides=False,
    )

    image_size: int = setting(
        320, help="side of the square that the network sees", unit="pixels", low=8, group="images"
    )
    crop_from: int | None = setting(
        None,
        help="side that images are resized to before image_size is cropped from them; without it nothing is cropped",
        unit="pixels",
        low=8,
        group="images",
        former=("resize",),
    )
    aspect: str = setting(
        "squash",
        help="squash both sides to crop_from, or keep the proportions (shorter side to crop_from, the rest is cropped)",
        choices=ASPECTS,
        group="images",
    )
    crop: str = setting(
        "centre", help="where training images are cropped; evaluation crops the centre", choices=CROPS, group="images"
    )
    augmentation: str = setting(
        FLAGS,
        help="how training images change: by the flags below, or by the two distortions of Barlow Twins and VICReg "
        "(random part of the film, mirror, jitter, blur, solarisation), of which single images have the first",
        choices=AUGMENTATIONS,
        group="images",
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
    cache: str = setting(
        "none", help="where to keep decoded, resized images", choices=CACHES, group="reading", decides=False
    )
    cache_dir: pathlib.Path | None = setting(None, help="folder of --cache=disk", group="reading", decides=False)
    readers: int = setting(
        0,
        help="threads that read and decode; 0 means one more than the number of cores",
        low=0,
        high=1024,
        group="reading",
        decides=False,
    )

    def check(self) -> None:
        if not self.tasks:
            raise InputError("expected a task set or names of tasks; received none", "tasks")
        if len(set(self.tasks)) != len(self.tasks):
            raise InputError(f"expected each task once; received {', '.join(self.tasks)}", "tasks")
        self._check_mixture()
        if self.train_patients is not None and self.train_images is not None:
            raise InputError(
                f"expected train_patients or train_images; received both, {self.train_patients} and "
                f"{self.train_images}",
                "train_images",
            )
        if self.subset_seed and not self.takes_subset:
            raise InputError(
                f"expected train_patients or train_images with it; received {self.subset_seed} alone", "subset_seed"
            )
        if self.augmentation == TWO_VIEWS and (given := [name for name in _CHANGES if getattr(self, name)]):
            raise InputError(f"{self.augmentation} has changes of its own; drop --{', --'.join(given)}", "augmentation")
        if self.augmentation == TWO_VIEWS and self.crop == "random":
            raise InputError(f"{self.augmentation} has a random crop of its own; expected centre", "crop")
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
        if self.crop_from is not None and self.crop_from < self.image_size:
            raise InputError(f"expected at least image_size, {self.image_size}; received {self.crop_from}", "crop_from")
        if self.cache != "none" and self.aspect == "keep":
            raise InputError("a cache holds squares: expected --aspect=squash; received keep", "cache")
        if (self.cache == "disk") != (self.cache_dir is not None):
            raise InputError(f"--cache=disk and --cache_dir go together; received --cache={self.cache}", "cache_dir")

    def _check_mixture(self) -> None:
        if self.data_weights and (len(self.data_weights) != 1 + len(self.more_data) or 0 in self.data_weights):
            raise InputError(
                f"expected a number above 0 for --data and each of {len(self.more_data)} --more_data; received "
                f"{', '.join(f'{one:g}' for one in self.data_weights)}",
                "data_weights",
            )
        if self.more_data and self.takes_subset:
            raise InputError(
                "a subset is of one data set's patients; expected no train_patients and no train_images", "more_data"
            )
        if self.more_data and self.shuffle != "full":
            raise InputError(f"several data sets are shuffled in full; received --shuffle={self.shuffle}", "more_data")

    @property
    def takes_subset(self) -> bool:
        return self.train_patients is not None or self.train_images is not None

    @property
    def augments(self) -> bool:
        """Whether two pictures of one training image may differ."""
        crops = self.crop == "random" and (self.resized != self.image_size or self.aspect == "keep")
        return self.augmentation != FLAGS or crops or any(getattr(self, name) for name in _CHANGES)

    @property
    def resized(self) -> int:
        """Side (or shorter side) of an image before it is cropped."""
        return self.image_size if self.crop_from is None else self.crop_from

    @property
    def seed(self) -> int:
        """The seed of order, augmentation and smoothed labels."""
        return 0 if self.data_seed is None else self.data_seed

    def seeded(self, seed: int) -> Self:
        """These settings with training's seed, unless they have a data_seed of their own."""
        return self if self.data_seed is not None else dataclasses.replace(self, data_seed=seed)

    def as_evaluated(self, data: pathlib.Path | None = None) -> Self:
        """The same films and tasks for evaluation, perhaps from another folder: no subset, no augmentation, no cache,
        no policy for uncertain labels. Labels not mentioned keep their rule, which decides what counts as negative."""
        unchanged: dict[str, Any] = dict.fromkeys(_CHANGES, 0.0)
        return dataclasses.replace(
            self,
            data=self.data if data is None else data,
            more_data=(),
            data_weights=(),
            train_patients=None,
            train_images=None,
            subset_seed=0,
            uncertain="ignore",
            self_trained=None,
            crop="centre",
            cache="none",
            cache_dir=None,
            readers=0,
            augmentation=FLAGS,
            **unchanged,
        )
