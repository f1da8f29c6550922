"""Exports a trained run as one file that opens without this project, and proves on a split that it is the same model.

  python -m launch.export --run_dir=runs/densenet121 --format=saved_model --out=exported

  python -m launch.export --run_dir=runs/densenet121 --compare=runs/minus1,runs/minus2 --format=litert
--quantize=int8 --checkpoint=best --out=tablet

The folder also holds MODEL_CARD.md and export.json.
"""

import logging

from chex_tf.export.settings import ExportSettings
from launch.command import run
from launch.console import console


def main(settings: ExportSettings) -> None:
    from chex_tf.export import exporting, tables
    from launch.progress import Progress

    logging.getLogger().setLevel(logging.ERROR)  # converters log advice on the root logger
    outcome = exporting.export(settings, console.say, lambda name: Progress("images", name))
    console.show(tables.proof_table(outcome), kept_in=outcome.folder)
    if outcome.family is not None:
        console.show("\n" + tables.family_table(outcome), kept_in=outcome.folder)
    console.wrote(outcome.folder, sorted(file.name for file in outcome.folder.iterdir()))


if __name__ == "__main__":
    run(main, ExportSettings)
