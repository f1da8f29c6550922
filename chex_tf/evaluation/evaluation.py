"""One evaluation: from matched scores to every number shown: estimates, differences, readers' positions."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from chex_tf.evaluation import equivalence, measures, model_pairs
from chex_tf.evaluation import pools as pooling
from chex_tf.evaluation import readers as beside_models
from chex_tf.evaluation.matching import Cohort, Model
from chex_tf.evaluation.measures import AUROC, TaskScores
from chex_tf.evaluation.results import Evaluation, ModelResult, ReaderResult
from chex_tf.evaluation.scarcity import scarce_tasks
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.statistics import bootstrap, calibration, thresholds
from chex_tf.statistics.extremes import extremes
from chex_tf.statistics.measure import MEAN, Estimate, Key, Needs, Sampled, estimate, mean_of, sample

NO_PROBABILITIES = "some scores are outside 0 to 1, so they are not probabilities"


def evaluate(
    set_name: str,
    cohort: Cohort,
    candidates: Sequence[Model],
    settings: EvaluationSettings,
    validation: tuple[Cohort, Sequence[Model]] | None = None,
    no_thresholds: str = "",
    policy: str | None = None,
    progress: bootstrap.Progress = bootstrap.silent,
    mean_tasks: Sequence[str] | None = None,
    pools: Sequence[pooling.Pool] = (),
) -> Evaluation:
    """`validation` holds scores of models of the same names, on which thresholds are chosen; `mean_tasks` are the tasks
    of the mean, all if not given. Runs in one of `pools` are compared as that pool only."""
    models = [model for model in candidates if not thresholds.is_reader(model.scores)]
    readers = [model for model in candidates if thresholds.is_reader(model.scores)]
    entries = pooling.entries(pools, [model.name for model in models])
    asked_for = model_pairs.asked_for(entries, settings)
    pairs, pairs_of_pools = pooling.apart(asked_for, pools, settings)
    left_out = _undefined_tasks(cohort)
    asked = tuple(cohort.tasks if mean_tasks is None else mean_tasks)
    mean_over = [task for task in asked if task not in left_out]
    withheld = scarce_tasks(cohort, left_out, settings.fewest)
    if mean_over and all(task in withheld for task in mean_over):
        no_mean = {MEAN: "no task of the mean has one"}
    else:
        no_mean = {}
    cuts = _cuts(candidates, settings, validation)
    prepared = {model.name: _prepare(model, cohort, cuts[model.name], left_out) for model in candidates}
    sampled = _sample(prepared, cohort, settings, mean_over, progress)
    tested = [task for task in cohort.tasks if task not in left_out and task not in withheld]
    defined = [task for task in cohort.tasks if task not in left_out]
    whole = [] if no_mean else [MEAN]
    differences = model_pairs.differences(pairs, (*tested, *whole), sampled)
    pooled = pooling.pool(pools, pairs_of_pools, (*tested, *(whole if mean_over else [])), sampled)
    resampling = bootstrap.Resampling(cohort.unit_count, settings.replicates, settings.seed)
    margins = beside_models.sample_margins(readers, models, cohort, defined, mean_over, resampling)
    return Evaluation(
        set=set_name,
        policy=policy,
        settings=settings,
        cohort=cohort,
        measures=measures.MEASURES,
        model_scores=tuple(models),
        reader_scores=tuple(readers),
        models=tuple(
            ModelResult(
                model.name,
                _estimates(model, cohort, left_out, withheld | no_mean, mean_over, sampled),
                prepared[model.name].thresholds,
                model.made_of,
                _not_applicable(prepared[model.name], no_thresholds, settings),
            )
            for model in models
        ),
        readers=tuple(
            ReaderResult(
                reader.name,
                _estimates(reader, cohort, left_out, withheld | no_mean, mean_over, sampled),
                prepared[reader.name].thresholds,
            )
            for reader in readers
        ),
        differences=differences,
        best_and_worst=extremes(
            AUROC, MEAN, [] if no_mean else [one.name for one in models if one.name in entries], sampled
        ),
        pooled=pooled,
        equivalence=equivalence.judge_all(settings, differences, pooled.differences, sampled),
        reader_margins=beside_models.margins_of(readers, models, margins),
        readers_together=beside_models.together(readers, models, sampled, margins),
        left_out=left_out,
        withheld=withheld,
        mean_tasks=asked,
        sampled=sampled,
    )


def _undefined_tasks(cohort: Cohort) -> dict[str, str]:
    reasons = {}
    for column, task in enumerate(cohort.tasks):
        labels = cohort.labels[:, column]
        absent = [kind for kind, value in (("positive", 1), ("negative", 0)) if not (labels == value).any()]
        if absent:
            reasons[task] = f"no {' and no '.join(absent)} in the set"
    return reasons


def _cuts(
    candidates: Sequence[Model], settings: EvaluationSettings, validation: tuple[Cohort, Sequence[Model]] | None
) -> dict[str, np.ndarray | None]:
    """Each model's thresholds [tasks]: one half for a reader, chosen on validation for a model, or None."""
    cuts: dict[str, np.ndarray | None] = {}
    chosen_on = {model.name: model for model in validation[1]} if validation is not None else {}
    for model in candidates:
        if thresholds.is_reader(model.scores):
            cuts[model.name] = np.full(model.scores.shape[1], 0.5)
        elif validation is None:
            cuts[model.name] = None
        else:
            on = chosen_on[model.name].scores
            cuts[model.name] = np.array(
                [
                    thresholds.choose_threshold(validation[0].labels[:, column], on[:, column], settings.threshold_by)
                    for column in range(on.shape[1])
                ]
            )
    return cuts


@dataclasses.dataclass(frozen=True)
class _Prepared:
    """A model's scores by task; `tasks` has the tasks on which each kind of number is computed, and no entry for a kind
    that does not apply to the model; `thresholds` as in its result."""

    scores: dict[str, TaskScores]
    tasks: dict[Needs, list[str]]
    thresholds: dict[str, float]


def _prepare(model: Model, cohort: Cohort, cut: np.ndarray | None, left_out: Mapping[str, str]) -> _Prepared:
    by_task = cut if cut is not None else np.full(len(cohort.tasks), np.nan)
    scores = {
        task: TaskScores(
            cohort.labels[:, column],
            model.scores[:, column],
            cohort.units,
            cohort.unit_count,
            float(by_task[column]),
        )
        for column, task in enumerate(cohort.tasks)
    }
    defined = [task for task in cohort.tasks if task not in left_out]
    is_reader = thresholds.is_reader(model.scores)
    tasks: dict[Needs, list[str]] = {}
    if not is_reader:
        tasks[Needs.SCORES] = list(cohort.tasks)
        if calibration.are_probabilities(model.scores):
            tasks[Needs.PROBABILITIES] = defined
    cuts: dict[str, float] = {}
    if cut is not None:  # a task without a threshold had only one class on validation
        tasks[Needs.DECISIONS] = [task for task in defined if not np.isnan(scores[task].threshold)]
        cuts = {task: np.nan if is_reader else scores[task].threshold for task in tasks[Needs.DECISIONS]}
        cuts[MEAN] = np.nan
    return _Prepared(scores, tasks, cuts)


def _sample(
    prepared: Mapping[str, _Prepared],
    cohort: Cohort,
    settings: EvaluationSettings,
    mean_over: Sequence[str],
    progress: bootstrap.Progress,
) -> dict[Key, Sampled]:
    """Every measure that applies to each model and reader, by task and as the mean over those of `mean_over`."""
    wanted = [
        (name, measure, one.tasks[measure.needs])
        for name, one in prepared.items()
        for measure in measures.MEASURES
        if measure.needs in one.tasks
    ]
    sampled = sample(
        {(name, measure, task): prepared[name].scores[task] for name, measure, tasks in wanted for task in tasks},
        bootstrap.Resampling(cohort.unit_count, settings.replicates, settings.seed),
        progress,
        with_jackknife=settings.interval == "bca",
        compared=[one for one in measures.MEASURES if one.is_compared],
        by_replicates=() if settings.interval == "auto" else [one for one in measures.MEASURES if one.counts is None],
    )
    for name, measure, tasks in wanted:
        parts = [sampled[name, measure, task] for task in mean_over if task in tasks]
        if parts or measure.has_interval:
            sampled[name, measure, MEAN] = mean_of(parts, settings.replicates)
    return sampled


def _estimates(
    model: Model,
    cohort: Cohort,
    left_out: Mapping[str, str],
    withheld: Mapping[str, str],
    mean_over: Sequence[str],
    sampled: Mapping[Key, Sampled],
) -> dict[str, dict[str, Estimate]]:
    """Estimates by the measure's key and by task. Proportions keep their intervals however few they count."""
    found: dict[str, dict[str, Estimate]] = {}
    for measure in measures.MEASURES:
        reasons = dict(left_out)
        if measure.needs is Needs.SCORES and not mean_over:
            reasons[MEAN] = "no task is defined"
        for task in (*cohort.tasks, MEAN):
            one = sampled.get((model.name, measure, task))
            if one is not None:
                shown = estimate(one, reasons.get(task, ""))
                if task in withheld and measure.has_interval and measure.needs is not Needs.DECISIONS:
                    shown = dataclasses.replace(shown, interval=bootstrap.Interval(np.nan, np.nan, 0, withheld[task]))
                found.setdefault(measure.key, {})[task] = shown
    return found


def _not_applicable(prepared: _Prepared, no_thresholds: str, settings: EvaluationSettings) -> dict[str, str]:
    """What stands in sections of their own is named too."""
    reasons = {} if Needs.DECISIONS in prepared.tasks else {"decisions": no_thresholds}
    if Needs.PROBABILITIES not in prepared.tasks:
        absent = [measure.key for measure in measures.MEASURES if measure.needs is Needs.PROBABILITIES]
        absent += ["calibration", *(["net_benefit"] if settings.net_benefit else [])]
        absent += ["calibration_by_group"] if settings.subgroups else []
        reasons |= dict.fromkeys(absent, NO_PROBABILITIES)
    return reasons
