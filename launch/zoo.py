"""Lists the models: counts of each as built, beside those the paper prints, and the weights that it can start from.

python -m launch.zoo --arch=DenseNet121,DenseNet121Minus1

python -m launch.zoo --format=csv > zoo.csv

Counts are kept in ~/.cache/chex_tf (or $XDG_CACHE_HOME/chex_tf), so only the first listing builds the models.
"""

import dataclasses
import sys

from chex_tf.settings import Settings, setting
from launch.command import run


@dataclasses.dataclass(frozen=True, kw_only=True)
class ZooSettings(Settings):
    format: str = setting("table", help="table for people, csv and json for programs", choices=("table", "csv", "json"))
    arch: tuple[str, ...] = setting((), help="models to list; the whole catalogue if none is named")


def main(settings: ZooSettings) -> None:
    from chex_tf.models import catalogue, kept_counts, zoo
    from launch.progress import Progress

    counted = zoo.entries(settings.arch or catalogue.names(), Progress("models"), kept_counts.place())
    as_text = {"table": zoo.as_table, "csv": zoo.as_csv, "json": zoo.as_json}[settings.format]
    sys.stdout.write(as_text(counted))


if __name__ == "__main__":
    run(main, ZooSettings)
