"""Exports a trained run as one file that opens without this project, and proves on a split that it is the same model.

  python -m launch.export --run_dir=runs/densenet121 --format=saved_model --out=exported

  python -m launch.export --run_dir=runs/densenet121 --compare=runs/minus1,runs/minus2 --format=litert
--quantize=int8 --checkpoint=best --out=tablet

The folder also holds MODEL_CARD.md and export.json.
"""

import logging
import sys

from chex_tf.export.settings import ExportSettings
from launch.command import run


def main(settings: ExportSettings) -> None:
    from chex_tf.export import exporting, tables
    from launch.progress import Progress

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    logging.getLogger().setLevel(logging.ERROR)  # converters log advice on the root logger
    outcome = exporting.export(settings, say, lambda name: Progress("images", name))
    print(tables.proof_table(outcome))
    if outcome.family is not None:
        print("\n" + tables.family_table(outcome))
    names = ", ".join(sorted(file.name for file in outcome.folder.iterdir()))
    say(f"{outcome.folder}: wrote {names}")


if __name__ == "__main__":
    run(main, ExportSettings)
