"""Every benchmark runs, with --quick, and prints the figures that it is for; what they are worth is not judged here."""

import math
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent

# N stands for a number; each must be there and finite.
FIGURES = {
    "audit": (
        "a film of 390×320: N ms, of which decoding N ms; 225,000 films N min on one core",
        "500 films: search N s, N pairs compared closely, 5 of 5 copies found, 0 other pairs; N MiB at most",
        "28 films, 378 pairs: N called copies, N of them of one patient; N compared closely",
        "JPEG 30: 7 of 7 found, lowest correlation N; N other pairs",
        "mirrored: 7 of 7 found, lowest correlation N; N other pairs",
    ),
    "bootstrap": (
        "4 models x 5 tasks x 500 studies, N replicates, 36 differences (6 pairs): N s; N GB",
        "N replicates x 6 tasks x 1,000 images: N s",
        "a scikit-learn loop N s; N times as fast; values at most N apart",
    ),
    "coverage": (
        "AUROC: AUROC 0.95, 10 positives: auto N% ± N",
        "AUROC: AUROC 0.8, 25 positives, patients: auto N% ± N, by study N% ± N",
        "AUROC: by the bootstrap: AUROC 0.95, 25 positives: percentile N% ± N, BCa N% ± N",
        "AUROC: mean of 5 tasks, AUROC 0.9, 5 to 100 positives: auto N% ± N",
        "AUROC 0.85 against 0.85, 25 positives: interval N% ± N, p < 0.05 N% ± N",
        "AUROC 0.82 against 0.87, margin 0.05, 25 positives: non-inferior N% ± N, equivalent N% ± N",
        "AUROC 0.85, 25 of 500 rows positive: average precision N% ± N, average precision by percentiles N% ± N, F1 N%",
        "AUROC 0.85, 25 of 500 rows positive, at 0.2: net benefit N% ± N",
        "proportion 0.97, 50 patients alike by 0.3: Wilson N% ± N",
        "0.05 against 0, agreeing by 0, 25 patients of several films: interval N% ± N",
        "groups: 0.8 against 0.8, 25 patients each, a third in both: interval N% ± N, p < 0.05 N% ± N",
        "IoU 0.2, 0.5 of films without any, 10 patients: IoU N% ± N, difference N% ± N, p < 0.05 N% ± N",
        "sensitivity 0.95, specificity 0.98, 10 positives, 90 negatives: PPV N% ± N, NPV N% ± N",
        "200 rows, 0.2 positive, slope 0.85, shift 0.0: error N% ± N, ICI N% ± N, intercept N% ± N, slope N% ± N",
        "4 groups of 250 rows, 25 positives each, AUROC apart by 0.0: difference of AUROC N% ± N, equality p < 0.05 N%",
        "best − worst of 10 equal models, 25 positives: interval N% ± N, p < 0.05 N% ± N, the pair's own p < 0.05 N%",
        "a reader on the curve, 25 positives: margin N% ± N, p < 0.05 N% ± N",
        "3 readers whose skills spread by 0.5: mean reader N% ± N, readers drawn anew instead N% ± N",
        "AUROC 0.85, 10 positives, SD over seeds 0.0, 2 runs against 2: interval N% ± N",
        "correlation 0.7, families alike by 0.5: interval N% ± N, p < 0.05 N% ± N, families' p < 0.05 N% ± N",
        "noise 0.004 beside a spread of 0.004, correlation 0.6: as it is, off by N ± N, corrected N ± N",
        "0.004 between families, 0.004 within, noise 0.004: between N% ± N, within N% ± N, p < 0.05 N% ± N",
    ),
    "explain": (
        "maps, batch N ms an image",
        "tf-keras-vis, one at a time N ms an image",
        "a batch is faster N ×",
        "maps over forward and backward N ×",
    ),
    "ingest": (
        "TFDS's chexpert (copies, looks at nothing) N N× N N",
        "copy, every image decoded N N× N N",
    ),
    "input": (
        "decoding alone N N N",
        "records N N N",
        "records, unchecked N N N",
        "memory cache N N N",
        "records / decoding alone N 0.8 N",
        "records / records, unchecked N 0.98 N",
        "checking an image's bytes: N µs, N% of the work of reading it",
        "records, augmented / records N 0.6 N",
    ),
    "kills": (
        "untouched run: N s",
        "kill 1, the process: step N on disk",
        "1 kills over 1 runs of 12 steps: all equal",
    ),
    "phantom": ("chexpert 128 N N N", "chexpert 320 N N N", "chestxray14 128 N N N"),
    "phantom_difficulty": ("Edema N N *", "mean of the study tasks (*) N N", "age R2 N", "sex AUROC N"),
    "precision": (
        "seed 0: float32 N, mixed_bfloat16 N, difference N",
        "2 seeds: float32 N ± N, mixed_bfloat16 N ± N",
        "difference N ± N, mean and standard deviation over seeds",
    ),
    "predict": ("round 1: network alone N films a second, from files N, ratio N", "median ratio N by the clock, N by"),
    "pretraining": (
        "step of Barlow Twins N ms",
        "two supervised passes N ms",
        "passes over step N",
        "loss N ms, N% of a step",
    ),
    "similarity": (
        "200 films: N MiB at most; cka N [N, N]",
        "| normal | 0 | 100 | N | N | N | N |",
        "20 films: N s, N% in forward passes",
    ),
    "study": (
        "planning: N s for N cells",
        "by hand: N s",
        "two workers: N s",
        "N runs of N s by hand, N rounds, medians:",
        "one worker: N% of by hand, two: N% of by hand side by side",
        "the controller: N s of processor time a run",
        "two workers are N times as fast as one; by hand, side by side is N times",
    ),
    "train_step": ("ResNet18Minus3 N",),
    "training": (
        "bare step on one batch N images a second",
        "from TFRecords N images a second, N of the bare step",
        "evaluation, hold-up N s for 234 images",
        "checkpoint, hold-up N s",
        "ours N ms, the kernels alone N ms, Keras' Adam N ms",
    ),
}
# More than about ten seconds on two idle cores, most of them in starting TensorFlow once or several times.
SLOW = {
    *(
        "audit",
        "ingest",
        "input",
        "kills",
        "phantom_difficulty",
        "precision",
        "predict",
        "pretraining",
        "similarity",
        "study",
    ),
    "training",
}


def benchmarks() -> list[str]:
    files = sorted((ROOT / "benchmarks").glob("*.py"))
    return [file.stem for file in files if "__main__" in file.read_text(encoding="utf-8")]


def figures(printed: str, wanted: str) -> list[float]:
    """The numbers at the places of N in a line that looks like `wanted`, however its columns are spaced."""
    number = r"([-+]?(?:\d[\d,]*(?:\.\d+)?(?:e[-+]\d+)?|nan|inf))"
    words = [re.escape(word) for word in wanted.split()]
    found = re.search(r"\s+".join(re.sub(r"\bN\b", lambda _: number, word) for word in words), printed)
    assert found, f"expected {wanted!r} in:\n{printed}"
    return [float(value.replace(",", "")) for value in found.groups()]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in benchmarks()]
)
def test_a_benchmark_runs_quickly_and_prints_its_figures(name):
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", "--quick"], capture_output=True, text=True, cwd=ROOT, timeout=550
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for wanted in FIGURES[name]:
        assert all(math.isfinite(figure) for figure in figures(done.stdout, wanted)), (wanted, done.stdout)


@pytest.mark.slow
def test_a_step_is_timed_in_bfloat16_too():
    command = [sys.executable, "-m", "benchmarks.train_step", "--quick", "--precision=mixed_bfloat16"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=550)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "images a second, 64×64, mixed_bfloat16" in done.stdout
    assert figures(done.stdout, "ResNet18Minus3 N")[0] > 0


def test_a_figure_is_found_in_its_column_and_one_that_is_none_is_seen():
    assert figures("of ours    2,500   0.80×  1e-03\n", "of ours N N× N") == [2500, 0.8, 0.001]
    assert math.isnan(figures("mean    nan ms", "mean N ms")[0])
    with pytest.raises(AssertionError, match="expected 'mean N s'"):
        figures("mean 3 ms", "mean N s")


@pytest.mark.parametrize("name", benchmarks())
def test_a_benchmark_says_how_it_is_run(name):
    assert f"python -m benchmarks.{name}" in (ROOT / "benchmarks" / f"{name}.py").read_text(encoding="utf-8")


def test_coverage_goes_on_where_it_was_and_writes_a_page(tmp_path):
    kept, page = tmp_path / "kept.json", tmp_path / "page.md"
    command = [sys.executable, "-m", "benchmarks.coverage", "--quick", f"--keep={kept}", f"--page={page}"]

    def run(*words):
        asked = [f"--rows={one}" for one in words]
        done = subprocess.run([*command, *asked], capture_output=True, text=True, cwd=ROOT, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout

    first = run("proportion 0.9, 10 rows")
    assert first.startswith("Sensitivity, specificity, pointing game: proportion 0.9, 10 rows: Wilson ")
    assert run("proportion 0.9, 10 rows") == ""
    both = run("proportion 0.9, 10 rows", "PPV and NPV")
    assert first not in both
    assert "10 positives" in both
    text = page.read_text(encoding="utf-8")
    assert "## PPV and NPV at a prevalence of 0.05\n\n3 trials a row." in text
    found = first.partition("proportion 0.9, 10 rows: ")[2].strip()
    assert f"| proportion 0.9, 10 rows | {found} |" in text
