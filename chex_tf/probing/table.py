"""What the probes found, as text for a terminal."""

from collections import Counter
from collections.abc import Mapping

from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.tables import notes
from chex_tf.evaluation.tables.columns import NOTHING, filled, lines, p_text, signed, with_interval, yes_or_no
from chex_tf.evaluation.tables.tasks_shown import every_task, mean_of_tasks, once, summary, summary_of
from chex_tf.probing import linear, neighbours
from chex_tf.probing.curve import WHOLE
from chex_tf.probing.films import TRAIN, VALIDATION
from chex_tf.probing.probing import Found, Probed
from chex_tf.probing.settings import LINEAR, not_taken
from chex_tf.statistics.comparison import rule
from chex_tf.statistics.measure import MEAN, Estimate

DEVICES = "Support Devices"  # an observation of CheXpert's, and a shortcut to others
TITLES = {LINEAR: "Linear probe", "neighbours": "Nearest neighbours"}


def text(found: Found, other_rules: Mapping[str, str] | None = None) -> str:
    """`other_rules`: a run's name -> its own rule for labels not mentioned, where that is not the probes'."""
    parts = ["\n".join([_headline(found), *_rules(found, other_rules or {})])]
    for probed in found.probes:
        parts += [_auroc(found, probed, TITLES[probed.kind]), *_compared(probed)]
    if found.curve:
        parts += _curve(found)
    if found.shortcuts is not None:
        parts += [_shortcuts(found, found.shortcuts), *_compared(found.shortcuts, by_task=True)]
    parts.append(
        "\n".join(filled(f"{one.name}: {one.origin}; {one.values.shape[1]:,} features.") for one in found.sets)
    )
    return "\n\n".join(parts)


def _headline(found: Found) -> str:
    films, cohort = found.films, found.probes[0].evaluation.cohort
    fitted, chosen = films.rows(TRAIN), films.rows(VALIDATION)
    tested = f"{cohort.studies:,} studies" if cohort.key == "Study" else f"{len(cohort.keys):,} films"
    how = "" if cohort.aggregation == "none" else f", the {cohort.aggregation} of a study's films"
    patients = "" if cohort.patients is None else f" of {cohort.patients.count:,} patients"
    return filled(
        f"{found.set}: {tested}{patients}{how}. Probes fitted on {int(fitted.sum()):,} {films.noun} of "
        f"{films.patients_among(fitted):,} patients, C and k chosen on {int(chosen.sum()):,} of "
        f"{films.patients_among(chosen):,}. Labels to fit on: {found.policy}; uncertain ones are not scored. 95% "
        f"intervals of AUROC: DeLong's over {cohort.unit}s."
    )


def _rules(found: Found, others: Mapping[str, str]) -> list[str]:
    """Says why numbers differ from those that launch.evaluate gives of the same run and split."""
    if not others:
        return []
    own = found.settings.blank
    runs = "; ".join(
        f"{name} was trained with {rule}" + ("" if not_taken(rule, "blank") else f" (--blank={rule} takes that)")
        for name, rule in others.items()
    )
    return [filled(f"Labels not mentioned, here fitted and scored by: {own}. {runs}.")]


def _auroc(found: Found, probed: Probed, title: str) -> str:
    evaluation = probed.evaluation
    header = ["Task", "Pos/neg", *(one.name for one in found.sets)]
    rows = []
    for task in every_task(evaluation):
        counts = ["", ""] if task == MEAN else list(map(str, evaluation.counts[task]))
        label = mean_of_tasks(evaluation) if task == MEAN else task
        rows.append([label, "/".join(filter(None, counts)), *(_shown(probed, one.name, task) for one in found.sets)])
    missing = _missing(probed) if probed is found.probes[0] else []  # the labels' doing, so alike for every probe
    return "\n".join([f"{title}: AUROC [95% interval]", lines(header, rows, 2), *_chosen(found, probed), *missing])


def estimates(probed: Probed, name: str) -> dict[str, Estimate]:
    """A set's AUROC by task and under `mean`."""
    return next(model.of(AUROC) for model in probed.evaluation.models if model.name == name)


def _shown(probed: Probed, name: str, task: str) -> str:
    estimate = estimates(probed, name).get(task)
    return NOTHING if estimate is None else with_interval(estimate)


def _chosen(found: Found, probed: Probed) -> list[str]:
    """Which C or k validation chose, how often at an end of the grid, and whether a fit did not converge."""
    grid = linear.GRID if probed.kind == LINEAR else neighbours.GRID
    letter = "C" if probed.kind == LINEAR else "k"
    how = {
        LINEAR: "logistic regression on features standardised by the training rows",
        "neighbours": f"share of positives among the k nearest, {found.settings.metric} on standardised features",
    }[probed.kind]
    words = [f"{how}; {letter} by AUROC on validation from {', '.join(f'{one:g}' for one in grid)}."]
    chosen = {name: Counter(f"{fit.chosen:g}" for fit in by_task.values()) for name, by_task in probed.fits.items()}
    words.append(
        f"{letter} chosen (tasks): "
        + "; ".join(
            f"{name} "
            + ", ".join(f"{one} ({count})" for one, count in sorted(counts.items(), key=lambda c: float(c[0])))
            for name, counts in chosen.items()
        )
        + "."
    )
    halted = sum(not fit.converged for by_task in probed.fits.values() for fit in by_task.values())
    if halted:
        words.append(f"{halted} fits stopped after {linear.MOST_ITERATIONS} iterations without converging.")
    return [filled(" ".join(words)[:1].upper() + " ".join(words)[1:])]


def _missing(probed: Probed) -> list[str]:
    said = [f"{task}: not probed, {reason}." for task, reason in probed.left_out.items()]
    return list(map(filled, said)) + [
        note for note in notes.lines_of(probed.evaluation) if "as given in" not in note and "Not given for" not in note
    ]


def _compared(probed: Probed, by_task: bool = False) -> list[str]:
    """Of the mean, or of each task; all are in differences.csv."""
    evaluation = probed.evaluation
    found = evaluation.differences_of(AUROC, None if by_task else summary(evaluation))
    found = [one for one in found if one.task != MEAN or not by_task]
    if not found:
        return []
    rows = [
        [
            *(f"{one.a} − {one.b}", signed(one.value, one.interval), p_text(one.tested_p)),
            *(p_text(one.tested_p_holm), yes_or_no(one.is_significant)),
        ]
        for one in found
    ]
    header = [f"Difference of {summary_of(evaluation, 'AUROC')}", "[95% interval]", "p", "p Holm", "significant"]
    if by_task:
        header = ["Read", "Difference of AUROC", *header[1:]]
        rows = [[task, *row] for task, row in zip(once(one.task for one in found), rows, strict=True)]
    said = rule(found[0].family, "the pairs of sets on one task")
    note = filled(f"Paired by patient, DeLong's. {said} Every task: differences.csv (--out=DIR).")
    return ["\n".join([lines(header, rows, 1 + by_task), note])]


def _curve(found: Found) -> list[str]:
    whole = found.probes[0]
    task = summary(whole.evaluation)
    names = [one.name for one in found.sets]
    rows = []
    for point in found.curve:
        values = {value.pool.name: value for value in point.values if value.task == task}
        shown = [
            with_interval(Estimate(values[name].over.value, values[name].interval)) if name in values else NOTHING
            for name in names
        ]
        films = _span(point.films)
        rows.append([f"{point.share:g}%", f"{point.patients:,}", films, _span(point.unfitted), *shown])
    fitted = found.films.rows(TRAIN)
    if WHOLE in found.settings.patients:
        rows.append(
            [
                "100%",
                f"{found.films.patients_among(fitted):,}",
                f"{int(fitted.sum()):,}",
                "0",
                *(_shown(whole, name, task) for name in names),
            ]
        )
    what = f"mean AUROC of {len(whole.evaluation.mean_over)} tasks" if task == MEAN else f"AUROC of {task}"
    header = ["Share", "patients", found.films.noun, "unfitted", *names]
    note = filled(
        f"Below 100%: the mean over {found.settings.repeats} nested subsets by patient (the same for every set), "
        "intervals over subsets and test patients together. Unfitted: of these tasks, those that in a subset lack a "
        "positive or a negative, whose AUROC counts as 0.5; no interval where all subsets do. "
        "C is chosen on the whole validation split at every share."
    )
    parts = ["\n".join([f"Few labels, linear probe: {what} [95% interval]", lines(header, rows, 1), note])]
    compared = [
        [
            *(f"{point.share:g}%", f"{one.a} − {one.b}", signed(one.over.value, one.interval)),
            *(p_text(one.p), p_text(one.p_holm), yes_or_no(one.is_significant)),
        ]
        for point in found.curve
        for one in point.differences
        if one.task == task
    ]
    if compared:
        family = max(one.family for point in found.curve for one in point.differences)
        header = ["Share", f"Difference of {what}", "[95% interval]", "p", "p Holm", "significant"]
        said = rule(family, "the pairs of sets at one share on one task")
        parts.append("\n".join([lines(header, compared, 2), filled(f"Paired by subset and by patient. {said}")]))
    return parts


def _span(counts: tuple[int, ...]) -> str:
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"


def _shortcuts(found: Found, probed: Probed) -> str:
    """The pathology that the features are meant for stands above, to be compared with."""
    evaluation = probed.evaluation
    header = ["Read from the features", "Pos/neg", *(one.name for one in found.sets)]
    rows = []
    beside = next((one for one in found.probes if one.kind == LINEAR), None)
    if beside is not None:
        task = summary(beside.evaluation)
        label = f"pathology, {mean_of_tasks(beside.evaluation).lower()}" if task == MEAN else task
        rows.append([label, "", *(_shown(beside, one.name, task) for one in found.sets)])
        if DEVICES in beside.answers.tasks and task != DEVICES:
            counts = "/".join(map(str, beside.evaluation.counts[DEVICES]))
            rows.append([DEVICES, counts, *(_shown(beside, one.name, DEVICES) for one in found.sets)])
    for task in evaluation.cohort.tasks:
        if task in evaluation.left_out:
            continue
        counts = "/".join(map(str, evaluation.counts[task]))
        rows.append([task, counts, *(_shown(probed, one.name, task) for one in found.sets)])
    said = [
        filled("Shortcuts are read image by image, by the linear probe; pathology as in its own table."),
        *_chosen(found, probed),
        *_missing(probed),
    ]
    return "\n".join(["Shortcuts: AUROC [95% interval]", lines(header, rows, 1), *said])
