"""Settings of a phantom data set: how many patients, how large, in whose layout."""

import dataclasses
import pathlib

from chex_tf.settings import InputError, Settings, setting

# A layout's place here is part of its random numbers: new ones go to the end.
LAYOUTS: tuple[str, ...] = ("chexpert", "chestxray14", "mimic", "brax", "padchest", "vindr")


@dataclasses.dataclass(frozen=True, kw_only=True)
class PhantomSettings(Settings):
    """What decides a phantom; everything but `out`, `contact_sheet` and `processes` decides its bytes too."""

    out: pathlib.Path = setting(
        help="folder to write the data set into; absent, empty, or made by the same command", writes="folder"
    )
    patients: int = setting(
        300,
        help="training patients; test adds half of that number and, with the layouts chexpert and mimic, validation a "
        "fifth; of the layout brax, which has no splits, all patients; of padchest, which has none either, those "
        "labelled by a network, to which come 37% labelled by physicians",
        low=1,
        high=90_000,
    )
    image_size: int = setting(128, help="shorter side of an image", unit="pixels", low=32, high=2048)
    seed: int = setting(0, help="same seed, same bytes, whatever the number of processes", low=0)
    layout: str = setting("chexpert", help="whose folders, tables and hospital to imitate", choices=LAYOUTS)
    contact_sheet: pathlib.Path | None = setting(
        None, help="also write a captioned sheet of examples to this PNG", writes="file"
    )
    processes: int = setting(0, help="processes that draw; 0 takes one a core", low=0, high=1024)

    def check(self) -> None:
        if self.contact_sheet is not None and self.contact_sheet.suffix.lower() != ".png":
            raise InputError(f"expected a file ending in .png; received {self.contact_sheet}", "contact_sheet")
