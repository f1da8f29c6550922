"""Looks for what spoils results before hours are spent: leaks between splits, copies, negatives, frames, shifts.

  python -m launch.audit --data=/data/prepared --out=audits/chexpert

  python -m launch.audit --data=/data/chexpert --data=/data/nih --out=audits/both --strict

It compares every film with every other through an index, so that copies are found that were saved again, resized,
windowed anew or mirrored. It writes audit.json, CSV files and a page with pictures. docs/audit.md says what is found.
"""

from chex_tf.audit.settings import AuditSettings
from chex_tf.files import filled_folder
from launch.command import run
from launch.console import console
from launch.progress import Progress

FOUND = 1  # exit code with --strict where something was found


def main(settings: AuditSettings) -> int:
    from chex_tf.audit import auditing, page, table, writing
    from chex_tf.audit.reading import Sets

    sets = Sets(settings.data, Progress("films", "index"))
    found = auditing.audit(sets, settings, Progress)
    console.show(table.text(found, sets.names), kept_in=settings.out)
    with filled_folder(settings.out) as folder:
        written = writing.write(folder, found, settings, sets.about())
        figure = None
        if found.shift is not None:
            from chex_tf.audit import shift_figure  # matplotlib is slow to load

            written += shift_figure.write(folder, found.shift)
            figure = folder / f"{shift_figure.NAME}.png"
        shown = Progress("pictures")
        written.append(page.write(folder, found, sets.names, sets.pixels, settings.pictures, figure, shown))
    console.wrote(settings.out, written)
    return FOUND if settings.strict and found.found_anything() else 0


if __name__ == "__main__":
    run(main, AuditSettings)
