"""Says what can be read from features that stay as they are: a run's, or anybody's, with a linear probe and neighbours.

  python -m launch.probe --run_dir=runs/densenet121 --run_dir=runs/resnet18 --baselines=pixels,random --out=DIR

  python -m launch.probe --features=theirs:train.npz,valid.npz,test.npz --data=/data/prepared --out=DIR

Probes are fitted on the training split, C and k chosen on validation, AUROCs measured on --split with intervals and
paired differences, and again with few labels (1, 5, 10, 25, 100% of the patients). Projection, view, sex, age and
hospital are read from the same features, beside pathology. docs/features_and_probes.md says what every number is.
"""

from chex_tf.files import filled_folder
from chex_tf.probing.settings import ProbeSettings
from launch.command import run
from launch.console import console
from launch.progress import Progress


def main(settings: ProbeSettings) -> None:
    from chex_tf.probing import films as of_films
    from chex_tf.probing import probing, table, writing
    from chex_tf.runs import layout
    from launch import probe_films

    prepared = probe_films.open_splits(settings)
    files = probe_films.read_files(settings, console.say)
    films = probe_films.films_of(prepared, settings, probe_films.key_of(files))
    of_films.check_patients(films)
    given, about = probe_films.gather(prepared, settings, files, console.say)
    films, sets = of_films.match(films, given, settings.missing == "leave_out", console.say)
    found = probing.probe(prepared.name, films, sets, settings, console.say, Progress("fits"))
    out = settings.out
    if out is None and len(settings.run_dir) == 1:
        # Of another prepared folder, the set's name goes before the split's.
        name = settings.split if settings.data is None else prepared.name.replace(" ", "-")
        out = settings.run_dir[0] / layout.PROBE / name
    other_rules = probe_films.other_rules(settings, films.tasks)
    console.show(table.text(found, other_rules), kept_in=out)
    if out is None:
        return
    with filled_folder(out) as folder:
        written = writing.write(folder, found, {**about, "trained_with_other_blank": other_rules})
        if settings.figures and found.curve:
            from chex_tf.probing import figure  # matplotlib is slow to load

            written += figure.write(folder, found)
    console.wrote(out, written)


if __name__ == "__main__":
    run(main, ProbeSettings)
