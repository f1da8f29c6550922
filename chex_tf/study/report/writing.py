"""Writes the report of a study: tables, figures and the page, from its folder alone."""

import dataclasses
import pathlib
import shlex
from collections.abc import Callable, Sequence

from chex_tf.amounts import counted
from chex_tf.files import write_text
from chex_tf.study import contrasts, correlations, table, tables
from chex_tf.study.identity import Kinds
from chex_tf.study.outcomes import PRETRAINED, Member, Outcomes
from chex_tf.study.report import appearance, data_card, figures, page, provenance
from chex_tf.study.report.page import Page, Picture, Section
from chex_tf.study.table import Table
from chex_tf.study.verdicts import Judged

TABLES, FIGURES, RESULTS = "tables", "figures", "results.csv"
EXPLAINED = "explained"  # folder in a study's, where launch.explain is to write
_OF_TRAINING = ("curves", "losses", "source_curves", "source_losses")  # figures of a section of their own
MOST_PICTURES = 12  # of explained films in the page
MOST_EXPLAINED = 3  # networks beside each other in a figure


@dataclasses.dataclass(frozen=True)
class Written:
    """`cautions`, `tables` and `remarks` to be printed in that order; `files` below the report's folder."""

    tables: tuple[Table, ...]
    files: tuple[str, ...]
    cautions: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def write(
    folder: pathlib.Path,
    out: pathlib.Path,
    outcomes: Outcomes,
    judged: Sequence[Judged],
    kinds: Kinds,
    seed: int,
    say: Callable[[str], None],
    more: Sequence[Table] = (),
) -> Written:
    """`folder` is the study's; `more` are tables of a comparison with another study."""
    related = correlations.all_of(outcomes, seed)
    configs = provenance.configs(folder, outcomes)
    made = {one.name: one for one in tables.all_of(outcomes, judged)}
    no_correlations = correlations.why_none(related)
    if correlations.have_numbers(related):
        about_accuracy = correlations.whose_accuracy(outcomes)
        made["correlations"] = correlations.table(related, tables.described(outcomes), about_accuracy)
    made |= {one.name: one for one in more}
    drawn = figures.all_of(outcomes, related, provenance.curves(folder, outcomes, configs, say))
    results = made.pop("results")
    write_text(out / RESULTS, results.as_csv())
    written = [RESULTS, *(f"{TABLES}/{name}" for name in table.write(out / TABLES, list(made.values())))]
    for one in drawn:
        written += [f"{FIGURES}/{name}" for name in appearance.write(out / FIGURES, one)]
    shown = page.figures(drawn)
    sections = (
        Section("tables", "Tables", tables=tuple(one for name, one in made.items() if _is_main(name))),
        Section("comparison", "Compared with another study", tables=tuple(more)),
        Section("figures", "Figures", figures=tuple(one for one in shown if one.name not in _OF_TRAINING)),
        Section(
            "relations",
            "Correlations",
            (no_correlations,) if no_correlations else (),
            tables=tuple(one for name, one in made.items() if name == "correlations"),
        ),
        Section("training", "Training curves", figures=tuple(one for one in shown if one.name in _OF_TRAINING)),
        _explained(folder, outcomes),
        Section("missing", "What is missing", _missing(outcomes)),
        Section("runs", "Runs", _commands_in_words(), tables=(results,), runs=_runs(folder, outcomes, configs, kinds)),
        Section(
            "data",
            "Data",
            (data_card.NOT_LOOKED,) if outcomes.study.data is None else (),
            tables=data_card.tables(outcomes, configs),
        ),
        Section(
            "environment", "Environment", tables=(provenance.environment(outcomes.study, configs),) if configs else ()
        ),
    )
    own = [contrasts.auroc(one) for one in outcomes.members]
    whole = Page(
        f"Report: {folder.resolve().name}",
        outcomes.study.about,
        f"{tables.described(outcomes)} {tables.intervals(outcomes, own)}".strip(),
        made.get("claims"),
        tuple(section for section in sections if not section.is_empty),
        data_card.cautions(outcomes, configs),
    )
    written.append(page.write(out, whole))
    remarks = (no_correlations,) if no_correlations else ()
    return Written(tuple(made.values()), tuple(written), whole.cautions, remarks)


def _is_main(name: str) -> bool:
    return name not in ("claims", "correlations") and not name.startswith("comparison")


def _commands_in_words() -> tuple[str, ...]:
    return (
        f"Each run's command, where {provenance.RUNS} is a folder of your own and {provenance.DATA_DIR} the one that "
        "launch.prepare filled. It gives every setting that decides and is not the default, and does not depend on the "
        "grid or a flagfile.",
    )


def _runs(
    folder: pathlib.Path, outcomes: Outcomes, configs: provenance.Configs, kinds: Kinds
) -> tuple[provenance.Run, ...]:
    return provenance.runs(folder, outcomes, configs, kinds)


def _missing(outcomes: Outcomes) -> tuple[str, ...]:
    alone = tables.left_out(outcomes)
    if not outcomes.missing:
        return (f"Nothing: {counted(len(outcomes.states), 'cell')}, all finished.", *alone)
    first = (
        f"{len(outcomes.missing)} of {counted(len(outcomes.states), 'cell')} are not in the numbers above; none is "
        "averaged in or stood in for."
    )
    return (first, *(f"{name}: {why}" for name, why in outcomes.missing.items()), *alone)


def _explained(folder: pathlib.Path, outcomes: Outcomes) -> Section:
    """The figures that launch.explain wrote into the study's folder, or the command that makes them."""
    place = folder / EXPLAINED
    found = sorted(place.rglob("*.png")) if place.is_dir() else []
    title = "Where networks look"
    if found:
        left = len(found) - MOST_PICTURES
        more = f" The first {MOST_PICTURES} of {len(found)} pictures." if left > 0 else ""
        pictures = tuple(
            Picture.of(
                file,
                f"Films with the maps of networks, as launch.explain drew them: {file.relative_to(place)}",
                f"{EXPLAINED}/{file.relative_to(place)}: a row a film, a column a network (CheXtransfer's Figure 5).",
            )
            for file in found[:MOST_PICTURES]
        )
        return Section("explained", title, (f"Grad-CAM maps from {place}.{more}",), pictures=pictures)
    if outcomes.evaluation is None:
        return Section("explained", title)
    members, which = _to_explain(outcomes)
    runs = [f"--run_dir={outcomes.study.cell(one.cells[0]).run_dir(folder)}" for one in members]
    split = outcomes.evaluation.settings.split
    command = ["python", "-m", "launch.explain", *runs, f"--split={split}", f"--out={place}"]
    line = f"Maps of {which} are made by this command, and shown here in the next report."
    return Section("explained", title, (line,), (shlex.join(command),))


def _to_explain(outcomes: Outcomes) -> tuple[list[Member], str]:
    """Whose maps belong beside each other, and in words who they are: a network and its truncated ones, else the best
    of an arm; of the pretrained arm where it has any."""
    truncated = sorted(outcomes.truncated(), key=lambda pair: pair[0].arm != PRETRAINED)
    if truncated:
        whole = truncated[0][1]
        members = [whole, *(one for one, of in truncated if of is whole)]
        return members, "a network and its truncated ones (CheXtransfer's Figure 5)"
    arm = min((one.arm for one in outcomes.members), key=lambda arm: arm != PRETRAINED)
    best = sorted((one for one in outcomes.members if one.arm == arm), key=lambda one: -one.auroc.value)
    which = (
        f"the {MOST_EXPLAINED} of the highest AUROC in the arm" if best[MOST_EXPLAINED:] else "the networks of the arm"
    )
    return best[:MOST_EXPLAINED], f"{which} {arm}"
