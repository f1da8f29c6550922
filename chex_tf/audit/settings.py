"""Settings of launch.audit: which prepared folders, from when on two films are one, what is an unusual film."""

import dataclasses
import pathlib

from chex_tf.settings import InputError, Settings, setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class AuditSettings(Settings):
    """The defaults of the thresholds were chosen on real films; docs/audit.md has what was measured."""

    data: tuple[pathlib.Path, ...] = setting(
        help="prepared folder to look into; several are also looked at side by side", existing="folder", repeated=True
    )
    out: pathlib.Path = setting(help="folder for what is found", writes="folder")
    strict: bool = setting(
        False,
        help="end with exit code 1 where something was found; near duplicates of one patient within one split do not "
        "count",
    )
    distance: int = setting(
        24,
        help="of 128 bits of their hashes, how many may differ between two films that are compared closely; a copy "
        "differs in up to 15, films of different patients in 56 on average",
        unit="bits",
        low=0,
        high=40,
        group="Near duplicates",
    )
    correlation: float = setting(
        0.97,
        help="from which correlation of their small versions on two films are near duplicates: a copy has 0.98 and "
        "more, two films of different patients at most 0.95",
        low=0.8,
        high=1.0,
        group="Near duplicates",
    )
    constant: int = setting(
        10,
        help="grey levels, of 256, between a film's 1st and 99th percentile below which it shows nothing",
        low=1,
        high=256,
        group="Unusual films",
    )
    border: float = setting(
        0.05,
        help="from which share of a side on a black or white margin is a frame; narrower ones are collimation in many "
        "films",
        low=0.005,
        high=0.5,
        group="Unusual films",
    )
    negative: float = setting(
        -0.3,
        help="a film is a negative where its correlation with the average film of its view is below; 996 of 1,000 "
        "negatives are",
        low=-1.0,
        high=0.0,
        group="Unusual films",
    )
    unlike: float = setting(
        0.2,
        help="a film is unlike its view where that correlation is below: cropped, turned, or of another view; 2 of "
        "1,000 films are without it",
        low=0.0,
        high=0.9,
        group="Unusual films",
    )
    age_bands: tuple[int, ...] = setting(
        (40, 60, 80), help="where bands of age begin, besides the first", unit="years", low=1, group="Subgroups"
    )
    shift: bool = setting(
        True, help="compare sets, or the splits of a single one: intensities, a classifier of the source, labels"
    )
    shift_films: int = setting(
        2000, help="films of each source, drawn at random, that the classifier of the source gets", low=20
    )
    seed: int = setting(0, help="of that draw and of its cross-validation", low=0, high=2**31 - 1)
    pictures: int = setting(
        60, help="pairs, and unusual films of each kind, that the page shows; the CSV files have all", low=0, high=2000
    )

    def check(self) -> None:
        if len(set(self.data)) != len(self.data):
            raise InputError(f"expected each folder once; received {', '.join(map(str, self.data))}", "data")
        if not self.data:
            raise InputError("expected a prepared folder; received none", "data")
        if not self.age_bands or list(self.age_bands) != sorted(set(self.age_bands)):
            raise InputError(f"expected rising ages; received {', '.join(map(str, self.age_bands))}", "age_bands")
        if self.negative >= self.unlike:
            raise InputError(f"expected less than --unlike={self.unlike:g}; received {self.negative:g}", "negative")
