"""Draws one batch as the network will see it, with labels, policy and weights, and counts the policy's effects.

python -m launch.inspect --data=PREPARED --out=batch_picture.png --uncertain=ones
"""

import dataclasses
import pathlib

from chex_tf.data.settings import DataSettings
from chex_tf.settings import InputError, Settings, setting
from launch.command import run
from launch.console import console


@dataclasses.dataclass(frozen=True, kw_only=True)
class InspectSettings(Settings):
    """Which batch to look at."""

    out: pathlib.Path = setting(help="PNG to write", group="picture", writes="file")
    split: str = setting("train", help="split to draw from", group="picture")
    images: int = setting(8, help="images in the picture", low=1, high=200, group="picture")
    step: int = setting(0, help="which batch of that size, from 0", low=0, high=2**40, group="picture")
    training: bool = setting(
        True, help="as in training, shuffled and augmented; otherwise as in evaluation", group="picture"
    )

    def check(self) -> None:
        if self.out.suffix.lower() != ".png":
            raise InputError(f"expected a file ending in .png; received {self.out}", "out")


def main(data: DataSettings, inspect: InspectSettings) -> None:
    from chex_tf.data import batch_memory, batch_picture
    from chex_tf.data.pipeline import Source
    from chex_tf.files import whole_file
    from launch.progress import Progress

    if data.takes_subset and not inspect.training:
        raise InputError(
            "a subset is of what is trained on: expected --training with it; received --notraining",
            "train_patients" if data.train_patients is not None else "train_images",
        )
    batch_memory.check(inspect.images, data.image_size, data.resized, on_processor=False)
    source = Source(data, inspect.split, training=inspect.training, progress=Progress("images"))
    batches = source.batches(inspect.images)
    if not inspect.training and inspect.step >= batches:
        raise InputError(f"expected a batch below {batches}; received {inspect.step}", "step")
    batch = source.batch(inspect.step, inspect.images)
    statistics = source.statistics()
    pixels = f"mean {statistics.mean:.1f}, deviation {statistics.deviation:.1f} of the training pixels"
    policy, *labels = source.describe_labels()
    images = [*source.describe_images(), policy, pixels]
    with whole_file(inspect.out) as scratch:
        batch_picture.draw(batch, source.targets.tasks, images).save(scratch, "PNG")
    console.show("\n".join([*images, *labels]), kept_in=inspect.out)
    console.show(str(inspect.out))


if __name__ == "__main__":
    run(main, DataSettings, InspectSettings)
