"""Settings of launch.prepare: which data set, its source and destination, and how its images are stored."""

import dataclasses
import pathlib

from chex_tf.settings import InputError, Settings, setting
from launch.builders import BUILDERS, SOURCE_LABELS
from launch.table_settings import TABLE

PHANTOM = "phantom"
LABELS = tuple(dict.fromkeys(name for row in BUILDERS.values() for name in row.labels))


@dataclasses.dataclass(frozen=True, kw_only=True)
class PrepareSettings(Settings):
    """All of these but threads and Beam's options change the records."""

    dataset: str = setting(
        help="whose layout the source has; table: one's own films, listed in a CSV file",
        choices=(*BUILDERS, PHANTOM, TABLE),
    )
    source: pathlib.Path | None = setting(
        None,
        help="folder that the data set was unpacked into; a phantom is drawn where none is given",
        existing="folder",
    )
    data_dir: pathlib.Path = setting(help="folder for prepared data sets", writes="folder")
    image_size: int | None = setting(
        None,
        help="side that images are stored with; without it their files are copied untouched; for a phantom, the "
        "shorter side that it is drawn with (128)",
        unit="pixels",
        low=16,
        high=8192,
    )
    resize: str = setting(
        "shorter",
        help="which side gets image_size; only square, which distorts, ever enlarges",
        choices=("shorter", "longer", "square"),
    )
    encoding: str = setting("jpeg", help="how resized images are stored", choices=("jpeg", "png"))
    quality: int = setting(95, help="JPEG quality of resized images", low=1, high=100)
    labels: str = setting(
        SOURCE_LABELS,
        help="whose training labels. CheXpert: train.csv's (source), CheXbert's or visualCheXbert's from their tables, "
        "or of CheXpert Plus those of a part of the report; MIMIC-CXR-JPG: CheXpert's labeler's (source) or NegBio's; "
        "PadChest: all (source), or those by physicians or by the network alone; VinDr-CXR: the majority of a film's "
        "readers (source is the same), any of them, or one",
        choices=LABELS,
    )
    validate: str = setting("full", help="decode every image, or read headers only", choices=("full", "header"))
    bad_images: str = setting(
        "stop",
        help="what an unusable image does: end the build, or be left out and listed",
        choices=("stop", "quarantine"),
    )
    missing_images: str = setting(
        "refuse",
        help="what becomes of listed images that are not there, as after a partial download: the build is refused with "
        "their number, or they are left out and listed",
        choices=("refuse", "leave_out"),
    )
    holdout_patients: float = setting(
        0.0, help="share of the training patients that become the split holdout", low=0, high=0.9
    )
    seed: int = setting(
        0, help="seed of the hold-out, of splits where the source has none, and of a phantom", low=0, high=2**31
    )
    patients: int = setting(300, help="training patients of a phantom", low=1, high=90_000)
    threads: int = setting(0, help="threads that decode; 0 means one per core", low=0, high=1024)
    beam_pipeline_options: str | None = setting(
        None, help="prepare on Apache Beam with these options, without dashes and joined by commas"
    )

    def check(self) -> None:
        if self.dataset == PHANTOM:
            for name in ("resize", "encoding", "quality", "labels"):
                if getattr(self, name) != type(self).__dataclass_fields__[name].default:
                    raise InputError(f"a phantom is stored as it is drawn; received {getattr(self, name)}", name)
            return
        if self.dataset == TABLE and self.source is not None:
            raise InputError("a table's films lie in --images; received a source too", "source")
        if self.source is None and self.dataset != TABLE:
            raise InputError(f"expected the folder that {self.dataset} was unpacked into; received none", "source")
        labels = (SOURCE_LABELS,) if self.dataset == TABLE else BUILDERS[self.dataset].labels
        if self.labels not in labels:
            raise InputError(f"expected {' or '.join(labels)} for {self.dataset}; received {self.labels}", "labels")
        if self.patients != type(self).__dataclass_fields__["patients"].default:
            raise InputError(f"only a phantom takes a number of patients; received {self.patients}", "patients")
        if self.image_size is None:
            for name in ("resize", "encoding", "quality"):
                if getattr(self, name) != type(self).__dataclass_fields__[name].default:
                    raise InputError(
                        f"without --image_size files are copied as shipped; received {getattr(self, name)}", name
                    )
