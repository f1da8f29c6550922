"""The front door: flags and flagfiles become frozen settings; whatever is wrong becomes one line and exit code 2."""

import dataclasses
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import textwrap

import pytest

from chex_tf.settings import InputError, Settings, setting
from launch.command import parse

ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Drawing(Settings):
    out: pathlib.Path = setting(help="Folder to write", group="Output")
    image_size: int = setting(128, help="Side of an image", unit="pixels", low=32, high=1024)
    rate: float = setting(0.5, help="A rate")
    sharp: bool = setting(True, help="Whether edges are sharp")
    layout: str = setting("chexpert", help="Folder layout", choices=("chexpert", "chestxray14"))
    tasks: tuple[str, ...] = setting(("Edema",), help="Tasks")
    predictions: tuple[pathlib.Path, ...] = setting((), help="Prediction files", repeated=True)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reading(Settings):
    data: pathlib.Path | None = setting(None, help="Prepared data", existing="folder")

    def check(self) -> None:
        if self.data == pathlib.Path("/"):
            raise InputError("--data cannot be the root folder")


def refusal(*arguments: str) -> str:
    with pytest.raises(InputError) as caught:
        parse(arguments, Drawing, Reading)
    return str(caught.value)


def test_flags_become_one_frozen_object_a_class(tmp_path):
    drawing, reading = parse(["--out=x", "--image_size", "64", "--nosharp", f"--data={tmp_path}"], Drawing, Reading)
    assert drawing == Drawing(out=pathlib.Path("x"), image_size=64, sharp=False)
    assert reading.data == tmp_path


def test_lists_split_at_commas_and_repeated_flags_do_not(tmp_path):
    (drawing,) = parse(
        ["--out=x", "--tasks=Edema, No Finding", "--predictions=a,b.csv", "--predictions=c.csv"], Drawing
    )
    assert drawing.tasks == ("Edema", "No Finding")
    assert drawing.predictions == (pathlib.Path("a,b.csv"), pathlib.Path("c.csv"))


def test_later_flags_win_over_the_flagfile(tmp_path):
    flagfile = tmp_path / "small.cfg"
    flagfile.write_text("# python -m launch.draw --flagfile=small.cfg\n--image_size=64\n--rate=0.25\n--out=x\n")
    (drawing,) = parse([f"--flagfile={flagfile}", "--image_size=96"], Drawing)
    assert (drawing.image_size, drawing.rate) == (96, 0.25)
    (drawing,) = parse(["--image_size=96", f"--flagfile={flagfile}"], Drawing)
    assert drawing.image_size == 64


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out=x", "--image-size=64"], "unknown flag --image-size; did you mean --image_size?"),
        (["--out=x", "--nosharpp"], "unknown flag --nosharpp; did you mean --sharp?"),
        (["--out=x", "--image_size=big"], "expected an integer from 32 to 1024; received 'big'"),
        (["--out=x", "--image_size=31"], "expected an integer from 32 to 1024; received 31"),
        (["--out=x", "--image_size=64.0"], "expected an integer from 32 to 1024; received '64.0'"),
        (["--out=x", "--rate=nan"], "expected a number; received nan"),
        (["--out=x", "--sharp=perhaps"], "expected true or false; received 'perhaps'"),
        (
            ["--out=x", "--layout=chestxray"],
            "expected chexpert or chestxray14; received chestxray; did you mean chestxray14?",
        ),
        (["--out="], "expected a path; received an empty value"),
        (["--out=x", "--data=/"], "--data cannot be the root folder"),
        (["--out=x", "--data=/no/such"], "expected an existing folder; received /no/such; nothing is there"),
        (["--out=x", "image_size=64"], "expected flags only; received 'image_size=64'; did you mean image_size?"),
        ([], "--out is required: Folder to write"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_do(arguments, message):
    assert refusal(*arguments) == message


@pytest.mark.parametrize("arguments", [["--out=x", "--debug=perhaps"], ["--out"], ["--flagfile=/no/such.cfg"]])
def test_what_absl_refuses_is_one_line_too(arguments):
    assert "\n" not in refusal(*arguments)


@pytest.mark.parametrize(
    ("given", "sharp"),
    [("--sharp", True), ("--nosharp", False), ("--sharp=T", True), ("--sharp=false", False), ("--sharp=0", False)],
)
def test_every_spelling_of_a_boolean(given, sharp):
    (drawing,) = parse(["--out=x", given], Drawing)
    assert drawing.sharp is sharp


VERB = textwrap.dedent(
    '''
    """Draws nothing."""
    import dataclasses, errno, pathlib, sys, time
    from chex_tf.settings import InputError, Settings, setting
    from launch.command import run

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Drawing(Settings):
        image_size: int = setting(128, help="Side of an image", unit="pixels", low=32, high=1024, group="Image")
        fault: str = setting("", help="What goes wrong")

    def main(settings):
        if settings.fault == "input":
            raise InputError("expected a radiograph; received a holiday photograph")
        if settings.fault == "disk":
            raise OSError(errno.ENOSPC, "No space left on device", "/data/records")
        if settings.fault == "bug":
            raise KeyError("a fault of ours")
        if settings.fault == "slow":
            print("ready", flush=True)
            time.sleep(60)
        if settings.fault == "tensorflow":
            import tensorflow
            sys.stdout.write(f"{tensorflow.add(1, 1)}\\n")
        print(settings.image_size)

    if __name__ == "__main__":
        run(main, Drawing)
    '''
)


@pytest.fixture(scope="module")
def verb(tmp_path_factory):
    file = tmp_path_factory.mktemp("verbs") / "draw.py"
    file.write_text(VERB)
    return file


def command(verb, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
    return subprocess.run([sys.executable, str(verb), *arguments], capture_output=True, text=True, env=environment)


def test_a_verb_that_ends_well(verb):
    done = command(verb, "--image_size=64")
    assert (done.returncode, done.stdout, done.stderr) == (0, "64\n", "")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--image_sise=3"], "draw: unknown flag --image_sise; did you mean --image_size?\n"),
        (["--image_size=3"], "draw: --image_size: expected an integer from 32 to 1024; received 3\n"),
        (["--fault=input"], "draw: expected a radiograph; received a holiday photograph\n"),
        (["--fault=disk"], "draw: /data/records: No space left on device\n"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(verb, arguments, line):
    done = command(verb, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", line)


def test_sigterm_ends_as_cleanly(verb):
    process = subprocess.Popen(
        [sys.executable, str(verb), "--fault=slow"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout.readline() == "ready\n"
    process.terminate()
    _, talk = process.communicate(timeout=20)
    assert (process.returncode, talk) == (143, "draw: terminated\n")


def test_debug_adds_the_trace(verb):
    done = command(verb, "--fault=input", "--debug")
    assert done.returncode == 2
    assert "Traceback" in done.stderr


def test_a_fault_of_ours_is_not_dressed_up_as_the_users(verb):
    done = command(verb, "--fault=bug")
    assert done.returncode == 1
    assert "KeyError" in done.stderr


def test_a_flag_in_a_flagfile_is_named_with_file_and_line(verb, tmp_path):
    flagfile = tmp_path / "small.cfg"
    flagfile.write_text("# comment\n--image_size=3\n")
    assert command(verb, f"--flagfile={flagfile}").stderr.endswith(f"received 3 ({flagfile}, line 2)\n")
    flagfile.write_text("\n\n--imagesize=64\n")
    assert command(verb, "--flagfile", str(flagfile)).stderr == (
        f"draw: unknown flag --imagesize; did you mean --image_size? ({flagfile}, line 3)\n"
    )


def test_a_flag_in_a_flagfile_of_a_flagfile_is_named_with_its_own_file(verb, tmp_path):
    inner, outer = tmp_path / "inner.cfg", tmp_path / "outer.cfg"
    inner.write_text("\n--image_size=3\n")
    outer.write_text(f"# --image_size=3\n--image_size=64\n--flagfile={inner}\n")
    assert command(verb, f"--flagfile={outer}").stderr.endswith(f"received 3 ({inner}, line 2)\n")
    outer.write_text(f"--flagfile={inner}\n--image_size=4\n")
    assert command(verb, f"--flagfile={outer}").stderr.endswith(f"received 4 ({outer}, line 2)\n")


def test_a_missing_flagfile_is_named(verb):
    done = command(verb, "--flagfile=configs/no_such.cfg")
    assert done.returncode == 2
    assert "configs/no_such.cfg" in done.stderr
    assert done.stderr.count("\n") == 1


def test_control_c_ends_cleanly(verb):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, str(verb), "--fault=slow"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, talk = process.communicate(timeout=20)
    assert (process.returncode, talk) == (130, "draw: interrupted\n")


def test_help_shows_the_verbs_flags_in_groups_with_units_and_defaults(verb):
    page = command(verb, "--help").stdout
    assert page.startswith("python -m launch.draw --flag=value ...\n\nDraws nothing.\n\nImage\n  --image_size=N\n")
    assert "[an integer from 32 to 1024; in pixels; default: 128]" in page
    assert "--flagfile=FILE" in page


def test_a_reader_that_leaves_is_no_fault(verb):
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} {verb} --help | true"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stderr == ""


def test_standard_output_holds_the_result_alone_and_tensorflow_logs_few_lines(verb):
    done = command(verb, "--fault=tensorflow")
    assert (done.returncode, done.stdout) == (0, "2\n128\n")
    assert done.stderr.count("\n") < 10, done.stderr


STAND_IN = """
import os
for level, name in enumerate(("information", "warning", "error")):
    if int(os.environ["TF_CPP_MIN_LOG_LEVEL"]) <= level:
        os.write(2, f"{name}\\n".encode())
add = lambda one, other: one + other
if "ABORT" in os.environ:
    os.write(2, b"this processor lacks AVX\\n")
    os.abort()
"""


@pytest.mark.parametrize(
    ("flags", "environment", "heard"),
    [
        ([], {}, ["error"]),
        ([], {"TF_CPP_MIN_LOG_LEVEL": "1"}, ["warning", "error"]),
        (["--debug"], {"TF_CPP_MIN_LOG_LEVEL": "3"}, ["information", "warning", "error"]),
        ([], {"ABORT": "1"}, ["error", "this processor lacks AVX"]),
    ],
)
def test_tensorflow_s_errors_reach_standard_error(verb, tmp_path, flags, environment, heard):
    """With a stand-in that logs a line a level, as the level in its environment says."""
    (tmp_path / "tensorflow.py").write_text(STAND_IN)
    kept = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    kept["PYTHONPATH"] = f"{tmp_path}:{ROOT}"
    done = subprocess.run(
        [sys.executable, str(verb), "--fault=tensorflow", *flags],
        capture_output=True,
        text=True,
        env=kept | environment,
    )
    assert done.stderr.splitlines() == heard
    assert (done.returncode < 0) == ("ABORT" in environment)


def verbs() -> list[str]:
    return [
        file.stem
        for file in sorted((ROOT / "launch").glob("*.py"))
        if 'if __name__ == "__main__"' in file.read_text() and file.stem != "__main__"
    ]


def test_python_m_launch_lists_every_verb_with_what_it_does():
    done = subprocess.run([sys.executable, "-m", "launch"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0
    listed = {line.split()[0]: line for line in done.stdout.splitlines()[2:]}
    assert sorted(listed) == verbs()
    assert all(len(line.split()) > 2 for line in listed.values())
    wrong = subprocess.run([sys.executable, "-m", "launch", "fantom"], capture_output=True, text=True, cwd=ROOT)
    assert wrong.returncode == 2
    assert "did you mean phantom?" in wrong.stderr


def test_a_verb_may_follow_as_a_word():
    """So `chex zoo` is `python -m launch.zoo`, with its flags, its errors and its exit code."""
    help_page, own = (
        subprocess.run([sys.executable, "-m", *words, "--help"], capture_output=True, text=True, cwd=ROOT)
        for words in (("launch", "zoo"), ("launch.zoo",))
    )
    assert (help_page.returncode, help_page.stdout) == (0, own.stdout)
    wrong = subprocess.run(
        [sys.executable, "-m", "launch", "zoo", "--formt=csv"], capture_output=True, text=True, cwd=ROOT
    )
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("zoo: unknown flag --formt")
    version = subprocess.run([sys.executable, "-m", "launch", "--version"], capture_output=True, text=True, cwd=ROOT)
    assert re.fullmatch(r"chex_tf \d+\.\d+\.\d+\n", version.stdout)


@pytest.mark.parametrize("name", verbs())
def test_every_verbs_help_is_quick(name):
    seconds = []  # of processor time, which what else runs on the machine does not change
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-m", f"launch.{name}", "--help"], capture_output=True, text=True, cwd=ROOT
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert done.returncode == 0, done.stderr
    assert f"python -m launch.{name}" in done.stdout
    assert all(f"\n  --{flag}" in done.stdout for flag in ("quiet", "version", "debug"))
    heavy = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, launch.{name}; print({{'tensorflow', 'pandas', 'keras'}} & set(sys.modules))",
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert heavy.stdout == "set()\n", heavy.stderr
    assert min(seconds) < 0.5
