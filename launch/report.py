"""Tables, figures, verdicts and one HTML page of a study from its folder alone, at any time, finished or not.

  python -m launch.report --study=studies/chextransfer

  python -m launch.report --study=studies/chextransfer --compare=studies/other

  python -m launch.report --published --out=DIR

TensorFlow is not needed.
"""

import dataclasses
import pathlib
import typing
from collections.abc import Mapping

from chex_tf.files import filled_folder
from chex_tf.settings import InputError, Settings, nearest, setting
from launch.command import run
from launch.console import console
from launch.progress import Progress

if typing.TYPE_CHECKING:
    from chex_tf.study.outcomes import Outcomes
    from chex_tf.study.report.writing import Written
    from chex_tf.study.table import Table


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReportSettings(Settings):
    study: pathlib.Path | None = setting(None, help="folder of the study", existing="folder")
    compare: pathlib.Path | None = setting(
        None, help="folder of another study, compared cell by cell", existing="folder"
    )
    published: bool = setting(False, help="report on the tables that CheXtransfer prints instead of a study")
    variant: str | None = setting(
        None, help="which cells, where --vary repeated them over another flag than the seed; the first if not given"
    )
    split: str = setting("test", help="the split whose predictions are evaluated")
    replicates: int = setting(1000, help="bootstrap replicates of the split", low=40, high=1_000_000)
    seed: int = setting(0, help="seed of resampling and permutations", low=0)
    out: pathlib.Path | None = setting(
        None, help="folder for the report; report in the study's folder if not given", writes="folder"
    )

    def check(self) -> None:
        if self.published == (self.study is not None):
            received = "both" if self.published else "neither"
            raise InputError(f"expected a study's folder or --published; received {received}", "study")
        if self.published and self.compare is not None:
            raise InputError("goes with --study: printed tables have nothing to pair", "compare")
        if self.published and self.out is None:
            raise InputError("expected a folder for the report on printed tables; received none", "out")


def main(settings: ReportSettings) -> int:
    from chex_tf.evaluation.tables import columns

    about: str = ""
    missing: Mapping[str, str] = {}
    if settings.study is None:
        assert settings.out is not None  # as the settings check
        out = settings.out
        with filled_folder(out) as folder:
            written = _published(settings, folder)
    else:
        out = settings.out or settings.study / "report"
        with filled_folder(out) as folder:
            about, missing, written = _of_study(settings, settings.study, folder)
    if about:
        console.show(f"{columns.filled(about)}\n", kept_in=out)
    for caution in written.cautions:
        console.show(f"{columns.filled(caution)}\n", kept_in=out)
    for one in written.tables:
        console.show(one.as_text(), kept_in=out)
    for remark in written.remarks:
        console.show(f"{columns.filled(remark)}\n", kept_in=out)
    for name, why in missing.items():
        console.show(columns.filled(f"missing: {name}: {why}"), kept_in=out)
    console.wrote(out, [f"{len(written.files)} files; the page is index.html"])
    return 0


def _published(settings: ReportSettings, out: pathlib.Path) -> "Written":
    from chex_tf.models import catalogue
    from chex_tf.study import claims, published_tables
    from chex_tf.study.claim_statistics import ARGUMENTS
    from chex_tf.study.published_tables import Known
    from chex_tf.study.report import published_report

    rows = {name: catalogue.row(name) for name in published_tables.names()}
    known = {
        name: Known(
            row.family,
            row.paper_parameters_millions,
            row.imagenet_top1[0][1] if row.imagenet_top1 else None,
            row.paper_times_smaller,
            row.whole,
        )
        for name, row in rows.items()
    }
    asked = claims.read(claims.CHEXTRANSFER, ARGUMENTS)
    return published_report.write(out, published_tables.read(known), asked, settings.seed)


def _of_study(
    settings: ReportSettings, place: pathlib.Path, out: pathlib.Path
) -> tuple[str, Mapping[str, str], "Written"]:
    from chex_tf.study import claims, comparing, tables, verdicts
    from chex_tf.study.claim_statistics import ARGUMENTS
    from chex_tf.study.report import writing
    from launch.study_run import KINDS

    found = _gather(settings, place, settings.variant, "study")
    more: tuple[Table, ...] = ()
    if settings.compare is not None:
        other = _gather(settings, settings.compare, None, "compare", found.variant)
        compared = comparing.compare(found, other, settings.seed)
        more = (comparing.table(compared, found, other, settings.compare.resolve().name),)
    asked = [claims.of_row(row, f"{place}, claim {row.get('id')}", ARGUMENTS) for row in found.study.claims]
    judged = verdicts.judge(found, asked, settings.seed)
    alone = {name: why for name, _, why in (line.partition(": ") for line in tables.left_out(found))}
    return (
        found.study.about,
        {**found.missing, **alone},
        writing.write(place, out, found, judged, KINDS, settings.seed, console.say, more),
    )


def _gather(
    settings: ReportSettings, place: pathlib.Path, variant: str | None, flag: str, preferred: str = ""
) -> "Outcomes":
    """`preferred` is the variant that is taken where the study has it and none is asked for."""
    from chex_tf.statistics import bootstrap
    from chex_tf.study import folder, outcomes
    from launch.study_run import KINDS

    study = folder.read(place, KINDS)
    if study is None:
        raise InputError(f"expected the folder of a study; {place} has no {folder.FILE}", flag)
    known = outcomes.variants(study)
    if variant is None:
        variant = preferred if preferred in known else known[0]
    if variant not in known:
        raise InputError(
            f"expected one of {', '.join(map(repr, known))}; received {variant!r}{nearest(variant, known)}", "variant"
        )
    asked = settings.split, settings.replicates, settings.seed
    watch = Progress("replicates") if console.on_terminal else bootstrap.silent
    return outcomes.gather(place, study, KINDS, variant, *asked, console.say, watch)


if __name__ == "__main__":
    run(main, ReportSettings)
