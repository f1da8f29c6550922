"""Computes AUROC with intervals, paired differences and decisions, from any predictions or from run directories.

  python -m launch.evaluate --predictions=a.csv --predictions=b.csv --labels=groundtruth.csv --paired --out=DIR

  python -m launch.evaluate --run_dir=runs/densenet121 --split=test

  python -m launch.evaluate --run_dir=runs/chexpert --split=test --data=nih/prepared

--data of another hospital's set is external validation: the label map says by which of its labels each of the run's
tasks is read, and the run's numbers on its own split stand beside.

A run's predictions are made first if they are missing or were made by other checkpoints. Its mean is of the tasks by
which it ranked its checkpoints (--score_tasks), unless --mean_tasks or --tasks names others; every task has its row.
Files are matched by study or image; a file that holds only 0 and 1 is a reader, shown as an operating point beside the
models' curves. docs/statistics.md says what every number is.

  python -m launch.evaluate --predictions=minus1_0.csv ... --predictions=whole_1.csv --labels=groundtruth.csv
      --pool=minus1:minus1_0,minus1_1 --pool=whole:whole_0,whole_1 --compare=minus1:whole --margin=0.01

--margin says of each compared pair whether the first is as good as the second; --pool makes runs of several seeds one.
"""

import dataclasses
import functools
import pathlib

from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.files import filled_folder
from chex_tf.settings import InputError
from launch.command import run
from launch.console import console
from launch.progress import Progress

# Below this many weighted scores (replicates x rows x tasks x models) the answer comes too soon for a progress bar.
PROGRESS_BAR_FROM = 500_000_000


def main(settings: EvaluationSettings) -> None:
    if settings.plan:
        from chex_tf.evaluation import plan

        console.show(plan.text(plan.parse(settings.plan), settings.fewest))
        return
    from chex_tf.data.settings import DataSettings
    from chex_tf.evaluation import (
        calibration_section,
        checklist,
        evaluation,
        evaluation_json,
        external,
        external_section,
        groups,
        matching,
        mean_tasks,
        model_facts,
        net_benefit_section,
        predictive_section,
        recalibrating,
        sources,
        subgroups,
    )
    from chex_tf.evaluation import pools as pooling
    from chex_tf.evaluation.sections import Section
    from chex_tf.evaluation.subgroup_section import SubgroupSection
    from chex_tf.evaluation.tables import page
    from chex_tf.models.settings import ModelSettings
    from chex_tf.runs import config
    from chex_tf.statistics import bootstrap, thresholds
    from chex_tf.trained.lacking import ensure_groups, ensure_predictions
    from chex_tf.training.observations.settings import ObservationsSettings
    from chex_tf.training.settings import TrainSettings

    say = console.say

    def predict(run: pathlib.Path, split: str, data: pathlib.Path | None) -> str:
        watch = functools.partial(Progress, "images")
        blank = settings.blank if data is not None and split == settings.split else None
        name = ensure_predictions(run, split, settings.options, data, settings.strategy, say, watch, blank)
        if settings.subgroups and split == settings.split and data == settings.data:
            ensure_groups(run, split, name, settings.options, data)
        return name

    source = sources.gather(settings, predict)
    if settings.paired and len(source.tables) < 2:
        raise InputError("expected at least two models to compare; received one", "paired")
    tasks = matching.choose_tasks(settings.tasks, source.truth, source.tables, say)
    averaged = mean_tasks.choose_mean_tasks(settings, tasks, say)
    cohort, models = matching.match(
        source.truth, source.tables, source.names, tasks, settings.aggregation, settings.unit, say
    )
    matching.report_scores(cohort, models, say)
    models = [
        dataclasses.replace(model, made_of=made_of) for model, made_of in zip(models, source.made_of, strict=True)
    ]
    validation = None
    if source.threshold_truth is not None:
        validation = matching.match_validation(
            source.threshold_truth, source.threshold_tables, cohort, models, settings.aggregation, say
        )
    if settings.ensemble:
        models, validated = matching.with_ensemble(models, validation[1] if validation else ())
        validation = (validation[0], validated) if validation else None
    recalibrated = None
    if settings.recalibrate != "none":
        models, validation, recalibrated = recalibrating.recalibrate(
            models, validation, settings.recalibrate, source.no_thresholds
        )
    pools = pooling.chosen(settings.pool, models)
    if settings.run_dir and pools:
        kinds = (TrainSettings, ObservationsSettings, DataSettings, ModelSettings)
        pools = pooling.with_seeds(pools, dict(zip(source.names, settings.run_dir, strict=True)), kinds, say)
    entries = model_facts.read(settings.catalogue) if settings.catalogue else None
    if entries is not None:
        named = [model.name for model in models if not thresholds.is_reader(model.scores)]
        model_facts.expect_several(named, entries, source.trained)
    work = settings.replicates * cohort.labels.size * len(models)
    progress = Progress("replicates") if work > PROGRESS_BAR_FROM else bootstrap.silent
    found = evaluation.evaluate(
        source.set,
        cohort,
        models,
        settings,
        validation,
        source.no_thresholds,
        source.policy,
        progress,
        averaged,
        pools,
    )
    found = dataclasses.replace(found, caution=source.caution)
    correlations, spread = (
        model_facts.relate(found, entries, source.trained, say) if entries is not None else (None, None)
    )
    elsewhere = external_section.section_of(
        found, external.compare(found, source.external, source.at_home, source.truth, say)
    )
    sections: list[Section] = [*([elsewhere] if elsewhere is not None else [])]
    sections.append(calibration_section.calibrate(found, recalibrated))
    by_group = []
    if source.groups is not None:
        groupings = groups.groupings(settings.subgroups, settings.age_bands, source.groups, source.truth, cohort, say)
        by_group = subgroups.by_groups(found, groupings, settings.match_prevalence)
        sections.append(SubgroupSection(found, tuple(by_group), settings.match_prevalence))
    if settings.prevalence:
        sections.append(predictive_section.predict_values(found))
    benefit = net_benefit_section.net_benefits(found) if settings.net_benefit else None
    if benefit is not None:
        sections.append(benefit)
    console.show(page.text(found, correlations, spread, sections), kept_in=source.out)
    if source.out is not None:
        with filled_folder(source.out) as folder:
            evaluation_json.write(folder / "evaluation.json", found, correlations, spread, sections)
            evaluation_json.write_scores(folder / "scores", found)
            written = ["evaluation.json", "scores/"]
            if elsewhere is not None:
                written.append(elsewhere.write_csv(folder))
            if settings.checklist:
                runs = dict(zip(source.names, settings.run_dir, strict=True)) if settings.run_dir else {}
                configurations = {name: one for name, run in runs.items() if (one := config.read_if_trained(run))}
                known = checklist.Known(configurations, source.truth.path.name)
                chosen_on = validation[0] if validation else None
                written.append(checklist.write(folder, found, known, chosen_on, recalibrated, sections))
            if settings.figures:
                from chex_tf.evaluation import (  # matplotlib takes longer to load than all of the above to run
                    figures,
                    net_benefit_figure,
                    subgroup_figure,
                )

                written += figures.draw_all(found, folder, say, recalibrated)
                if by_group:
                    written += subgroup_figure.draw(found, by_group, folder, say)
                if benefit is not None:
                    written += net_benefit_figure.draw(benefit, folder, recalibrated)
        console.wrote(source.out, written)


if __name__ == "__main__":
    run(main, EvaluationSettings)
