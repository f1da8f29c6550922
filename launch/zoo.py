"""Lists the models: counts of each as built, beside those the paper prints, and the weights that it can start from.

python -m launch.zoo --arch=DenseNet121,DenseNet121Minus1

python -m launch.zoo --format=csv > zoo.csv

python -m launch.zoo --format=markdown

Counts are kept in ~/.cache/chex_tf (or $XDG_CACHE_HOME/chex_tf), so only the first listing builds the models.
"""

import dataclasses
import sys

from chex_tf.settings import Settings, setting
from launch.command import run


@dataclasses.dataclass(frozen=True, kw_only=True)
class ZooSettings(Settings):
    format: str = setting(
        "table",
        help="table for people, csv and json for programs; markdown for the tables of docs/models.md, without counts",
        choices=("table", "csv", "json", "markdown"),
    )
    arch: tuple[str, ...] = setting((), help="models to list; the whole catalogue if none is named")


def main(settings: ZooSettings) -> None:
    from chex_tf.models import catalogue, kept_counts, markdown, zoo
    from launch.progress import Progress

    if settings.format == "markdown":
        sys.stdout.write(markdown.tables([catalogue.row(name) for name in settings.arch or catalogue.names()]))
        return
    counted = zoo.entries(settings.arch or catalogue.names(), Progress("models"), kept_counts.place())
    if settings.format == "table":
        from chex_tf.evaluation.tables import columns

        sys.stdout.write(zoo.as_table(counted, columns.lines))
    else:
        sys.stdout.write(zoo.as_csv(counted) if settings.format == "csv" else zoo.as_json(counted))


if __name__ == "__main__":
    run(main, ZooSettings)
