"""Shows where trained networks look (Grad-CAM), on image files or on a split, and measures how well they localise.
Anybody's maps are measured the same way.

  python -m launch.explain --run_dir=runs/densenet121 --tasks=Atelectasis --films=film.jpg --out=DIR

  python -m launch.explain --run_dir=runs/densenet121 --run_dir=runs/densenet121minus1 --split=test --out=DIR

  python -m launch.explain --maps=their/maps --maps=our/maps --regions=gt_segmentations_val.json --out=DIR

For a split it writes figure.png (one row per film, one column per run), gallery.html (every film, with filters by task
and outcome) and, where regions are known, localisation.json (pointing game and IoU).
"""

import dataclasses

from chex_tf.explain.settings import ExplainSettings
from chex_tf.files import filled_folder
from launch.command import run
from launch.console import console
from launch.progress import Progress


def main(settings: ExplainSettings) -> None:
    with filled_folder(settings.out) as folder:
        scratch = dataclasses.replace(settings, out=folder)
        if settings.maps:
            from chex_tf.explain import given_maps

            found = given_maps.explain_maps(scratch, console.say, Progress("maps"))
        else:
            from chex_tf.explain import image_files, split

            explain = image_files.explain_files if settings.films else split.explain_split
            found = explain(scratch, console.say, Progress("films"))
    console.show(found.text, kept_in=settings.out)
    console.wrote(settings.out, found.written)


if __name__ == "__main__":
    run(main, ExplainSettings)
