"""The same report on the tables that the paper prints."""

import pathlib
from collections.abc import Sequence

from chex_tf.study import correlations, published_tables, table
from chex_tf.study.claims import Claim
from chex_tf.study.correlations import Related
from chex_tf.study.published_tables import Published
from chex_tf.study.report import appearance, figures, page, scatter, truncation_figure
from chex_tf.study.report.appearance import Drawn
from chex_tf.study.report.page import Page, Section
from chex_tf.study.report.scatter import Mark, Panel
from chex_tf.study.report.writing import FIGURES, TABLES, Written

ABOUT = "CheXtransfer's own printed tables, and what follows from them; no run of this software."
DESCRIBED = "CheXpert's test set of 500 studies; mean AUROC of five tasks; ensembles of ten checkpoints; as printed."


def write(out: pathlib.Path, published: Published, claims: Sequence[Claim], seed: int) -> Written:
    related = published_tables.related(published, seed)
    made = (
        published_tables.table(published, claims, seed),
        published_tables.models_table(published),
        published_tables.cuts_table(published),
        correlations.table(related, f"{DESCRIBED} From rounded values."),
    )
    drawn = _figures(published, related)
    written = [f"{TABLES}/{name}" for name in table.write(out / TABLES, made)]
    for one in drawn:
        written += [f"{FIGURES}/{name}" for name in appearance.write(out / FIGURES, one)]
    sections = (
        Section("derived", "Claims that can be derived", tables=made[:1]),
        Section("tables", "Tables", tables=made[1:3]),
        Section("figures", "Figures", figures=page.figures(drawn)),
        Section("relations", "Correlations", tables=made[3:]),
    )
    written.append(page.write(out, Page("Report: CheXtransfer's tables", ABOUT, DESCRIBED, None, sections)))
    return Written(made, tuple(written))


def _figures(published: Published, related: Sequence[Related]) -> tuple[Drawn, ...]:
    drawn = []
    for name, across, what, one in (
        ("imagenet", "ImageNet top-1 (%)", "ImageNet top-1 accuracy", related[0]),
        ("size", "Parameters (millions)", "model size", related[1]),
    ):
        marks = [
            Mark(model, whole.known.family, x, whole.auroc, whole.auroc - bar, whole.auroc + bar)
            for model, x in zip(one.series.names, one.series.over, strict=True)
            for whole in (published.wholes[model],)
            for bar in (whole.deviation,)
        ]
        words = correlations.in_words(one)
        drawn.append(
            Drawn(
                name,
                f"AUROC against {what}",
                "Error bars are one standard deviation, a 95% interval's length divided by 3.92. "
                f"{figures.MARKS} {DESCRIBED}",
                f"Scatter of mean AUROC over {what}: {words}.",
                scatter.draw([Panel("pretrained", tuple(marks), words)], across, "Mean AUROC", is_log=name == "size"),
            )
        )
    lines: dict[str, list[Mark]] = {}
    for cut in sorted(published.cuts.values(), key=lambda one: one.times_smaller):
        mark = Mark(cut.name, cut.known.family, cut.times_smaller, cut.change, cut.change, cut.change)
        lines.setdefault(cut.known.whole, []).append(mark)
    drawn.append(
        Drawn(
            "truncation",
            "What truncation costs and saves",
            "Change of AUROC in per cent against how many times smaller (Table 2); no intervals are printed. "
            f"{DESCRIBED}",
            "Change of AUROC over times smaller, a line an architecture.",
            truncation_figure.draw(lines, "Change of mean AUROC (%)", has_margin=False),
        )
    )
    return tuple(drawn)
