"""What is known about every picture of a phantom, where its masks lie, and the table of the whole truth."""

import dataclasses
import pathlib
from collections.abc import Iterable, Sequence

from chex_tf.csv_text import csv_text
from chex_tf.phantom.population import SIGNS

MASKS = "masks"


@dataclasses.dataclass(frozen=True)
class Picture:
    path: str  # relative to the phantom's folder, with forward slashes
    split: str
    patient: int
    study: int  # from 1
    view: str  # "AP", "PA" or "lateral"
    sex: str  # as recorded: Male, Female or, rarely, Unknown
    true_sex: str
    age: int
    truth: dict[str, int]  # by observation, 0 or 1
    labels: dict[str, int]  # by observation, the raw values that are published
    severities: dict[str, float]  # by sign
    boxes: dict[str, tuple[int, int, int, int]]  # by observation, of its mask's largest part: x, y, width, height
    size: tuple[int, int]  # width, height


def mask_folder(image_path: str) -> pathlib.PurePosixPath:
    """The folder of an image's masks; both paths are relative to the phantom's folder.

    The first level (CheXpert-v1.0-small, or images_NNN) gives way to `masks`, the image's name loses its suffix.
    """
    path = pathlib.PurePosixPath(image_path)
    return pathlib.PurePosixPath(MASKS, *path.parts[1:]).with_suffix("")


def mask_path(image_path: str, observation: str) -> pathlib.PurePosixPath:
    """A mask has its image's size and one bit a pixel; it exists where the observation is true of the image."""
    return mask_folder(image_path) / f"{observation.replace(' ', '_').replace('/', '-')}.png"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """As the data sets publish theirs: no cell of theirs begins like a formula, nor does one of these."""
    return csv_text([header, *rows])


def truth_table(pictures: Sequence[Picture]) -> str:
    """One row an image: who it is, every observation as 0 or 1, and the severity of every sign that was drawn."""
    names = list(pictures[0].truth)
    header = ["Path", "Split", "Patient", "Study", "View", "Sex", "Age", *names]
    header += [f"Severity of {sign}" for sign in SIGNS]
    return table(
        header,
        (
            [picture.path, picture.split, str(picture.patient), str(picture.study), picture.view, picture.true_sex]
            + [str(picture.age), *(str(picture.truth[name]) for name in names)]
            + [f"{picture.severities.get(sign, 0):.4f}" for sign in SIGNS]
            for picture in pictures
        ),
    )


def prevalence_table(pictures: Sequence[Picture]) -> str:
    """For people: images by split, and in how many of each the observation is true."""
    splits = list(dict.fromkeys(picture.split for picture in pictures))
    lines = [f"{'share of images':28s}" + "".join(f"{split:>10s}" for split in splits)]
    counts = {split: [picture for picture in pictures if picture.split == split] for split in splits}
    lines.append(f"{'images':28s}" + "".join(f"{len(counts[split]):10d}" for split in splits))
    for name in pictures[0].truth:
        shares = (sum(picture.truth[name] for picture in counts[split]) / len(counts[split]) for split in splits)
        lines.append(f"{name:28s}" + "".join(f"{share:10.3f}" for share in shares))
    return "\n".join(lines)
