"""AUROC, its differences, its mean over tasks, and verdicts against a margin."""

import math
from collections.abc import Iterator

import numpy as np

from benchmarks.coverage_rows.simulated import (
    NORMAL,
    ROWS,
    Row,
    Trial,
    auroc_of,
    holds,
    labels_of,
    noise_of_patients,
    pair_of_scores,
    patients_of,
    resampled,
    shift,
    value_of,
)
from chex_tf.statistics import auroc_interval, bootstrap, comparison, delong, measure
from chex_tf.statistics.equivalence import Contrast, Verdict, judge, student_at_most

KINDS = {"normal": "", "scattered": ", scattered positives", "unseen": ", a tenth unseen", "patients": ", patients"}


def scores_of(kind: str, area: float, labels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    noise = generator.normal(size=labels.size)
    if kind == "scattered":
        return noise * np.where(labels == 1, 1.5, 1) + NORMAL.inv_cdf(area) * math.hypot(1, 1.5) * labels
    if kind == "unseen":
        seen = generator.random(labels.size) >= 0.1
        return noise + shift((area - 0.05) / 0.9) * labels * seen
    return noise + shift(area) * labels


def value_holds(kind: str, area: float, positives: int) -> Trial:
    def trial(generator: np.random.Generator) -> dict[str, bool | float]:
        if kind == "patients":
            labels, units = patients_of(positives, generator)
            scores = noise_of_patients(units, generator) + shift(area) * labels
        else:
            labels, units = labels_of(positives), np.arange(ROWS)
            scores = scores_of(kind, area, labels, generator)
        found = {"auto": holds(auroc_interval.interval(labels, scores, units, int(units[-1]) + 1), area)}
        if kind == "patients":
            by_study = auroc_interval.interval(labels, scores, np.arange(ROWS), ROWS)
            found["by study"] = holds(by_study, area)
        return dict(found)

    return trial


def by_bootstrap(area: float, positives: int) -> Trial:
    def trial(generator: np.random.Generator) -> dict[str, bool | float]:
        labels, units = labels_of(positives), np.arange(ROWS)
        scores = scores_of("normal", area, labels, generator)
        statistic = auroc_of(labels, scores)
        (replicates,) = resampled([statistic], ROWS, generator)
        jackknife = bootstrap.jackknife_auroc(labels, scores, units, ROWS)
        return {
            "percentile": holds(bootstrap.percentile_interval(replicates), area),
            "BCa": holds(bootstrap.bca_interval(replicates, value_of(statistic, ROWS), jackknife), area),
        }

    return trial


def difference_holds(first: float, second: float, positives: int, by_patient: bool, with_bootstrap: bool) -> Trial:
    def trial(generator: np.random.Generator) -> dict[str, bool | float]:
        if by_patient:
            labels, units = patients_of(positives, generator)
            shared = noise_of_patients(units, generator) * math.sqrt(0.8)
            scores = [
                shared + noise_of_patients(units, generator) * math.sqrt(0.2) + shift(area) * labels
                for area in (first, second)
            ]
        else:
            labels, units = labels_of(positives), np.arange(ROWS)
            scores = pair_of_scores((first, second), labels, generator)
        count = int(units[-1]) + 1
        statistics = [auroc_of(labels, one, units) for one in scores]
        parts = [delong.components(labels, one, units, count) for one in scores]
        variance, freedom = float(np.sum((parts[0] - parts[1]) ** 2)), auroc_interval.degrees_of_freedom(labels, units)
        difference = value_of(statistics[0], count) - value_of(statistics[1], count)
        found = {
            "interval": holds(delong.interval(difference, variance, freedom), first - second),
            "p < 0.05": delong.two_sided_p(difference, variance, freedom) < comparison.SIGNIFICANCE,
        }
        if with_bootstrap:
            replicates = resampled(statistics, count, generator)
            apart = replicates[0] - replicates[1]
            found["percentile"] = holds(bootstrap.percentile_interval(apart), first - second)
            found["bootstrap p < 0.05"] = bool(comparison.bootstrap_p(apart[:, np.newaxis])[0] < 0.05)
        return dict(found)

    return trial


def mean_holds(area: float, positives: tuple[int, ...]) -> Trial:
    """Tasks of one model on the same studies, scores sharing half of their noise's variance; labels independent."""

    def trial(generator: np.random.Generator) -> dict[str, bool | float]:
        units = np.arange(ROWS)
        shared = generator.normal(size=ROWS)
        tasks, work = [], []
        for count in positives:
            labels = generator.permutation(labels_of(count))
            scores = (shared + generator.normal(size=ROWS)) * math.sqrt(0.5) + shift(area) * labels
            work.append(auroc_of(labels, scores))
            tasks.append(auroc_interval.interval(labels, scores, units, ROWS))
        sampled = [
            measure.Sampled(value_of(statistic, ROWS), replicates, interval=interval)
            for statistic, replicates, interval in zip(work, resampled(work, ROWS, generator), tasks, strict=True)
        ]
        return {"auto": holds(measure.estimate(measure.mean_of(sampled, 1)).interval, area)}

    return trial


def verdict_against_margin(first: float, second: float, margin: float, positives: int) -> Trial:
    """Where the first AUROC is below the second by exactly the margin, either verdict is wrong."""

    def trial(generator: np.random.Generator) -> dict[str, bool | float]:
        labels, units = labels_of(positives), np.arange(ROWS)
        scores = pair_of_scores((first, second), labels, generator)
        value = value_of(auroc_of(labels, scores[0]), ROWS) - value_of(auroc_of(labels, scores[1]), ROWS)
        parts = [delong.components(labels, one, units, ROWS) for one in scores]
        variance, freedom = float(np.sum((parts[0] - parts[1]) ** 2)), positives - 1.0
        interval = delong.interval(value, variance, freedom)
        contrast = Contrast(
            "a",
            "b",
            value,
            interval.low,
            interval.high,
            lambda bound: student_at_most(value, variance, bound, freedom),
            lambda bound: student_at_most(-value, variance, -bound, freedom),
        )
        verdict = judge([contrast], margin)[0].verdict
        return {
            "non-inferior": verdict in (Verdict.NON_INFERIOR, Verdict.EQUIVALENT),
            "equivalent": verdict is Verdict.EQUIVALENT,
        }

    return trial


def rows() -> Iterator[Row]:
    for kind, ending in KINDS.items():
        for positives in (10, 25, 50, 150):
            for area in (0.7, 0.8, 0.9, 0.95) if kind == "normal" else (0.8, 0.95):
                name = f"AUROC {area}, {positives} positives{ending}"
                yield Row("AUROC", name, value_holds(kind, area, positives))
    for positives in (10, 25, 100):
        for area in (0.85, 0.95):
            name = f"by the bootstrap: AUROC {area}, {positives} positives"
            yield Row("AUROC", name, by_bootstrap(area, positives), resamples=True)
    for least in (25, 5):
        of = (least, 50, 50, 100, 100)
        yield Row("AUROC", f"mean of 5 tasks, AUROC 0.9, {least} to 100 positives", mean_holds(0.9, of), True)
    section = "Differences of AUROC"
    for positives in (10, 25, 150):
        for by_patient in (False, True):
            ending = ", patients" if by_patient else ""
            name = f"AUROC 0.85 against 0.85, {positives} positives{ending}"
            yield Row(section, name, difference_holds(0.85, 0.85, positives, by_patient, False))
    yield Row(section, "AUROC 0.9 against 0.85, 25 positives", difference_holds(0.9, 0.85, 25, False, False))
    name = "and by the bootstrap: AUROC 0.85 against 0.85, 25 positives"
    yield Row(section, name, difference_holds(0.85, 0.85, 25, False, True), resamples=True)
    for positives in (100, 25):
        for first, second, margin in ((0.84, 0.86, 0.02), (0.82, 0.87, 0.05), (0.86, 0.86, 0.05)):
            name = f"AUROC {first} against {second}, margin {margin}, {positives} positives"
            trial = verdict_against_margin(first, second, margin, positives)
            yield Row("Verdicts against a margin", name, trial)
