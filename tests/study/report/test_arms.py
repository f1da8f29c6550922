"""Arms of one architecture beside each other: what each is compared with, over which runs, and the figures of them."""

import dataclasses
import json

import numpy as np
import pytest

from chex_tf.settings import InputError
from chex_tf.statistics.several_seeds import mean_over_seeds
from chex_tf.study import contrasts, correlations, folder, tables
from chex_tf.study.cell import Cell
from chex_tf.study.claims import Claim, Rule
from chex_tf.study.identity import of_run
from chex_tf.study.report import figures, provenance
from chex_tf.study.verdicts import Verdict, judge
from tests.study.report.conftest import FACTS, MODELS, make_run

ARMS = ("scratch/ones", "view/ones", "scratch/ignore", "view/ignore", "first/second_stage", "last/second_stage")


@pytest.fixture(scope="module")
def make_arms(fixture_runs, kinds, tmp_path_factory):
    """A study of ResNet18 in these arms, of so many seeds, each with its own subset if asked; `spoil` changes a run's
    settings before it becomes a cell."""

    def make(arms, seeds=(0,), has_subsets=False, spoil=lambda config, arm, seed: None, arch="ResNet18"):
        place = tmp_path_factory.mktemp("arms") / "study"
        cells = []
        for arm in arms:
            for seed in seeds:
                base = f"{arch}-{arm.replace('/', '-')}"
                name = base if len(seeds) == 1 else f"{base}-seed{seed}"
                first = place / "making" / name
                make_run(fixture_runs, first, arch, "scratch" if arm.startswith("scratch") else arm, seed)
                config = json.loads((first / "config.json").read_text())
                if has_subsets:
                    config["data"] |= {"train_patients": 5, "subset_seed": seed}
                spoil(config, arm, seed)
                (first / "config.json").write_text(json.dumps(config))
                identity = of_run(first, {"train": kinds})
                cell = Cell(name, arch, arm, base, "", seed, (f"--arch={arch}",), identity)
                cell.run_dir(place).parent.mkdir(parents=True, exist_ok=True)
                first.rename(cell.run_dir(place))
                cells.append(cell)
        (place / "making").rmdir()
        facts = {known: dict(zip(FACTS, values, strict=True)) for known, *values in MODELS}
        study = folder.Study(tuple(cells), "0.1.0", models=facts)
        folder.write(place, study)
        return place, study

    return make


@pytest.fixture(scope="module")
def grouped(make_arms, gathered):
    return gathered(make_arms(ARMS))


@pytest.fixture(scope="module")
def on_subsets(make_arms, gathered):
    return gathered(make_arms(("scratch", "view"), (0, 1, 2), has_subsets=True))


def as_rows(table):
    return {row[1]: dict(zip(table.columns, row, strict=True)) for row in table.rows}


def test_each_arm_is_compared_with_scratch_of_its_group_or_the_groups_first(grouped):
    shown = as_rows(tables.arms(grouped))
    assert {arm: row["Compared with"] for arm, row in shown.items()} == {
        "scratch/ones": "–",
        "view/ones": "scratch/ones",
        "scratch/ignore": "–",
        "view/ignore": "scratch/ignore",
        "first/second_stage": "–",
        "last/second_stage": "first/second_stage",
    }
    for arm, row in shown.items():
        one = grouped.member("ResNet18", arm)
        assert row["AUROC"] == f"{one.auroc.value:.3f}"
        if row["Compared with"] != "–":
            other = grouped.member("ResNet18", row["Compared with"])
            assert row["Difference"] == f"{one.auroc.value - other.auroc.value:+.3f}".replace("-", "−")


def test_arms_of_one_architecture_have_one_table_and_no_relation_to_its_size(grouped):
    assert [table.name for table in tables.all_of(grouped, ())] == ["results", "arms"]
    assert correlations.all_of(grouped, 0) == ()
    assert [one.name for one in figures.all_of(grouped, (), [])] == ["arms"]


def test_a_truncated_network_alone_is_compared_too(make_arms, gathered):
    found = gathered(make_arms(("scratch", "view"), arch="ResNet18Minus1"))
    (_, view) = tables.arms(found).rows
    assert view[:3] == ("ResNet18Minus1", "view", "scratch")
    assert tables.left_out(found) == []


def test_a_study_of_the_papers_two_arms_has_no_such_table(make_study, gathered):
    names = [table.name for table in tables.all_of(gathered(make_study()), ())]
    assert "arms" not in names
    assert {"models_scratch", "models_pretrained", "boosts"} <= set(names)


def test_curves_of_one_group_share_a_panel(make_arms, gathered):
    place, study = made = make_arms(ARMS)
    found = gathered(made)
    configs = provenance.configs(place, found)
    curves = provenance.curves(place, found, configs, print)
    assert [(one.panel, one.arm) for one in curves] == [
        ("ResNet18\nones", "scratch"),
        ("ResNet18\nones", "view"),
        ("ResNet18\nignore", "scratch"),
        ("ResNet18\nignore", "view"),
        ("ResNet18\nsecond_stage", "first"),
        ("ResNet18\nsecond_stage", "last"),
    ]
    drawn = {one.name: one.figure for one in figures.all_of(found, (), curves)}
    assert set(drawn) == {"arms", "curves", "losses"}
    metrics = provenance.metrics_file.read(study.cells[0].run_dir(place))
    axes = [axes for axes in drawn["losses"].axes if axes.axison]
    assert [one.get_title() for one in axes] == ["ResNet18\nones", "ResNet18\nignore", "ResNet18\nsecond_stage"]
    training, validation = axes[0].lines[:2]
    assert training.get_ydata().tolist() == metrics["train_loss"]
    assert validation.get_ydata().tolist() == metrics["validation_loss"]


def test_a_difference_is_taken_subset_by_subset(on_subsets):
    """Against each run's own AUROC and components."""
    scratch, view = (on_subsets.member("ResNet18", arm) for arm in ("scratch", "view"))
    assert scratch.subsets == view.subsets == (0, 1, 2)
    pairs = list(zip(view.runs, scratch.runs, strict=True))
    values = np.array([one.value - other.value for one, other in pairs])
    components = np.stack([one.components - other.components for one, other in pairs])
    freedom = min(run.freedom for pair in pairs for run in pair)
    expected = mean_over_seeds(values, components, freedom)
    found = contrasts.difference(view, scratch)
    assert (found.value, found.by_subset, found.over_seeds) == (pytest.approx(values.mean()), True, True)
    assert (found.interval.low, found.interval.high) == pytest.approx(
        (expected.interval().low, expected.interval().high)
    )
    # Student's t of two degrees of freedom for the subsets alone is the least that the interval can be.
    assert found.interval.high - found.value >= 4.302 * values.std(ddof=1) / np.sqrt(3)
    assert "A difference is taken subset by subset" in tables.arms(on_subsets).note


def test_arms_are_drawn_subset_by_subset_and_as_a_mean_with_its_interval(on_subsets):
    (drawn,) = [one for one in figures.all_of(on_subsets, correlations.all_of(on_subsets, 0), ()) if one.name == "arms"]
    (axes,) = drawn.figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["view"]
    assert axes.get_xlabel() == "Mean AUROC, less that of scratch"
    at = {marker: [line.get_xdata()[0] for line in axes.lines if line.get_marker() == marker] for marker in "o|"}
    scratch, view = (on_subsets.member("ResNet18", arm) for arm in ("scratch", "view"))
    by_subset = [mine.value - theirs.value for mine, theirs in zip(view.runs, scratch.runs, strict=True)]
    assert at["o"] == pytest.approx(by_subset)
    assert at["|"] == pytest.approx([np.mean(by_subset)])
    bar = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) == 2 and line.get_xdata()[0] != 0]
    interval = contrasts.difference(view, scratch).interval
    assert list(bar[0]) == pytest.approx([interval.low, interval.high])


def test_runs_of_other_subsets_are_not_paired(on_subsets):
    scratch, view = (on_subsets.member("ResNet18", arm) for arm in ("scratch", "view"))
    others = dataclasses.replace(scratch, subsets=(3, 4, 5))
    found = contrasts.difference(view, others)
    assert (found.by_subset, found.over_seeds) == (False, True)


def test_runs_of_one_subset_are_repetitions_by_seed(make_arms, gathered):
    def same(config, arm, seed):
        config["data"]["subset_seed"] = 7

    found = gathered(make_arms(("scratch", "view"), (0, 1), has_subsets=True, spoil=same))
    assert found.member("ResNet18", "view").subsets == ()
    assert "subset by subset" not in tables.arms(found).note


def test_cells_of_one_model_that_differ_in_more_are_refused(make_arms, gathered):
    def other_size(config, arm, seed):
        config["data"]["train_patients"] = 5 + seed

    with pytest.raises(InputError, match="train_patients: 5 -> 6"):
        gathered(make_arms(("scratch",), (0, 1), has_subsets=True, spoil=other_size))


def test_claims_on_arms(grouped):
    def verdict(statistic, **arguments):
        claim = Claim("x", "5", "", None, statistic, arguments, Rule.parse("above 0"))
        (judged,) = judge(grouped, [claim], 0)
        return judged

    names = [f"ResNet18:{start}/{group}" for group in ("ones", "ignore") for start in ("view", "scratch")]
    view, scratch, other_view, other_scratch = (
        grouped.member("ResNet18", name.partition(":")[2]).auroc.value for name in names
    )
    one = verdict("model_difference", a=names[0], b=names[1])
    assert one.found.value == pytest.approx(view - scratch)
    both = verdict("model_interaction", **dict(zip("abcd", names, strict=True)))
    assert both.found.value == pytest.approx((view - scratch) - (other_view - other_scratch))
    absent = verdict("model_difference", a="ResNet18:vicreg/ones", b=names[1])
    assert absent.verdict is Verdict.MISSING
    assert "ResNet18, vicreg/ones" in absent.why
