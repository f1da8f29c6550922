"""Reads films with a trained run: JPEG, PNG and DICOM in, probabilities with the ensemble's spread out.

  python -m launch.predict --run_dir=runs/densenet121 film.dcm films/ 'more/*.png' --format=csv

A file that cannot be read is listed with the reason; all others are read, and the exit code is then 2. For research
use; not a medical device.
"""

import dataclasses
import itertools
import pathlib
import sys
import typing
from collections.abc import Iterator, Sequence

from chex_tf.files import filled_folder
from chex_tf.films.settings import PredictSettings
from chex_tf.settings import InputError, scalar_type
from launch.command import USAGE_EXIT, run
from launch.console import console
from launch.progress import Progress


def main(settings: PredictSettings) -> int:
    from chex_tf.films import search

    found = search.find(settings.films)
    if found.skipped:
        console.say(f"{found.skipped:,} files in folders are not JPEG, PNG or DICOM, and were skipped")
    if not found.films:
        path, why = found.missing[0]
        raise InputError(f"{search.printable(path)}: {why}", "films")

    from chex_tf.films import answers, stream
    from chex_tf.runs.checkpoints import choose
    from chex_tf.trained import recalibration, thresholds
    from chex_tf.trained.run import check_observations, read_run

    trained = read_run(settings.run_dir)
    check_observations(trained)
    best = choose(trained.best, settings.checkpoint)
    maps = None
    if settings.recalibrate != "none":
        maps = recalibration.fit(trained, best, settings.checkpoint, settings.recalibrate)
    as_is = (lambda scores: scores) if maps is None else maps
    cuts = thresholds.choose(trained, best, settings.checkpoint, settings.threshold_by, as_is)
    about = answers.About(trained, len(best), cuts, maps)
    total = len(found.missing) + len(found.films)
    # On a terminal the answers themselves show the progress.
    progress = (lambda done, total: None) if sys.stdout.isatty() or total <= settings.batch else Progress("films")
    reader = stream.Reader(trained, best, settings.batch, console.say)
    failed = doubtful = 0
    to_explain: list[pathlib.Path] = []

    def readings() -> Iterator[stream.Reading]:
        nonlocal failed, doubtful
        progress(0, total)
        missing = (stream.Reading(path, error=why) for path, why in found.missing)
        for done, reading in enumerate(itertools.chain(missing, reader.read(found.films)), start=1):
            failed += bool(reading.error)
            doubtful += bool(reading.doubts)
            if settings.cam and not reading.error:
                to_explain.append(reading.path)
            progress(done, total)
            yield reading

    text = {"table": answers.as_table, "csv": answers.as_csv, "json": answers.as_json}[settings.format]
    for part in text(readings(), about):
        sys.stdout.write(part)
    if doubtful:
        console.say(f"{doubtful:,} of {total:,} may not be a chest film; see the warnings")
    if failed:
        console.error(f"{failed:,} of {total:,} could not be read")
    if settings.out is not None and to_explain:
        _explain(settings, settings.out, to_explain)
    return USAGE_EXIT if failed else 0


def _explain(settings: PredictSettings, out: pathlib.Path, films: Sequence[pathlib.Path]) -> None:
    """An overlay for each film that was read and each task, of the checkpoints that gave the probabilities."""
    from chex_tf.explain.image_files import explain_files
    from chex_tf.explain.settings import ExplainSettings

    with filled_folder(out) as folder:
        asked = ExplainSettings(
            run_dir=(settings.run_dir,),
            films=tuple(films),
            checkpoint=settings.checkpoint,
            batch=settings.batch,
            out=folder,
        )
        found = explain_files(asked, console.say, Progress("overlays"))
    console.say(f"{out}: wrote {', '.join(found.written)}")  # standard output is the probabilities', under --quiet too


def with_flags(arguments: Sequence[str]) -> list[str]:
    """Lets films come anywhere without their flag; after `--`, even those whose names begin with a dash."""
    hints = typing.get_type_hints(PredictSettings)
    takes_value = {f.name for f in dataclasses.fields(PredictSettings) if scalar_type(hints[f.name]) is not bool}
    takes_value.add("flagfile")
    given: list[str] = []
    coming = iter(arguments)
    for argument in coming:
        if argument == "--":
            given += [f"--films={film}" for film in coming]
        elif not argument.startswith("-"):
            given.append(f"--films={argument}")
        else:
            given.append(argument)
            if "=" not in argument and argument.lstrip("-") in takes_value:
                given += [value for value in [next(coming, None)] if value is not None]
    return given


if __name__ == "__main__":
    sys.argv[1:] = with_flags(sys.argv[1:])
    run(main, PredictSettings)
