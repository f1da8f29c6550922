"""Measures how alike two networks' features are, layer by layer, and beside it what chance would give.

  python -m launch.similarity --run_a=initial:runs/densenet121 --run_b=runs/densenet121 --layers=relu --out=DIR

  python -m launch.similarity --features_a=ours.npz --features_b=theirs.npz --statistics=cka,svcca --out=DIR

Every value stands beside the same statistic of films that do not belong together and of random networks, with an
interval over patients. It writes similarity.json and, of several layers, a heat map. docs/transfusion.md explains it.
"""

from chex_tf.similarity.settings import SimilaritySettings
from launch.command import run
from launch.console import console
from launch.progress import Progress


def main(settings: SimilaritySettings) -> None:
    from chex_tf.similarity.comparing import compare

    found = compare(settings, console.say, Progress("films"), Progress("steps", "similarities"))
    console.show(found.text, kept_in=settings.out)
    console.wrote(settings.out, found.written)


if __name__ == "__main__":
    run(main, SimilaritySettings)
