"""Tables and verdicts of a study from its folder alone, at any time, finished or not; without TensorFlow."""

import dataclasses
import pathlib
import sys

from chex_tf.settings import InputError, Settings, nearest, setting
from launch.command import run


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReportSettings(Settings):
    study: pathlib.Path = setting(help="folder of the study", existing="folder")
    variant: str | None = setting(
        None, help="which cells, where --vary repeated them over another flag than the seed; the first if not given"
    )
    split: str = setting("test", help="the split whose predictions are evaluated")
    replicates: int = setting(1000, help="bootstrap replicates of the split", low=40, high=1_000_000)
    seed: int = setting(0, help="seed of resampling and permutations", low=0)
    out: pathlib.Path | None = setting(
        None, help="folder for the tables; report in the study's folder if not given", writes="folder"
    )


def main(settings: ReportSettings) -> int:
    from chex_tf.study import claims, folder, outcomes, verdicts
    from chex_tf.study.claim_statistics import ARGUMENTS
    from chex_tf.study.report import writing
    from launch.study import KINDS

    study = folder.read(settings.study)
    if study is None:
        raise InputError(f"expected the folder of a study; {settings.study} has no {folder.FILE}", "study")
    known = outcomes.variants(study)
    variant = known[0] if settings.variant is None else settings.variant
    if variant not in known:
        raise InputError(
            f"expected one of {', '.join(map(repr, known))}; received {variant!r}{nearest(variant, known)}", "variant"
        )
    found = outcomes.gather(
        settings.study, study, KINDS, variant, settings.split, settings.replicates, settings.seed, _say
    )
    asked = [claims.of_row(row, f"{settings.study}, claim {row.get('id')}", ARGUMENTS) for row in study.claims]
    judged = verdicts.judge(found, asked, settings.seed)
    out = settings.out or settings.study / "report"
    written = writing.write(settings.study, out, found, judged, KINDS, settings.seed, _say)
    if study.about:
        print(f"{study.about}\n")
    for one in written.tables:
        print(one.as_markdown())
    for name, why in found.missing.items():
        print(f"missing: {name}: {why}")
    _say(f"{out}: wrote index.html, results.csv and {len(written.files) - 2} files of tables and figures")
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    run(main, ReportSettings)
