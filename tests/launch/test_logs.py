"""TensorFlow starts in silence, but what goes wrong is heard."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def talk_of(program: str, folder: pathlib.Path, **environment: str) -> tuple[int, str]:
    kept = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**kept, "PYTHONPATH": f"{folder}:{ROOT}", **environment},
    )
    return done.returncode, done.stderr


def stand_in(folder: pathlib.Path, body: str) -> None:
    (folder / "tensorflow.py").write_text(f"import os\n{body}\n")


QUIET = "from launch import logs; logs.quiet(); import tensorflow; import os; os.write(2, b'after\\n')"


def test_asking_whether_tensorflow_is_there_does_not_let_its_talk_through(tmp_path):
    stand_in(tmp_path, "os.write(2, b'I0000 00:00:1795231312.605703 4416 cudart_stub.cc:31] Could not find cuda\\n')\n")
    asking = "import importlib.util; assert importlib.util.find_spec('tensorflow'); "
    assert talk_of(QUIET.replace("import tensorflow", asking + "import tensorflow"), tmp_path) == (0, "after\n")


def test_a_verb_that_another_verb_started_is_as_quiet(tmp_path):
    stand_in(tmp_path, "os.write(2, b'I0000 00:00:1795231312.605703 4416 cudart_stub.cc:31] Could not find cuda\\n')\n")
    child = f"subprocess.run([sys.executable, '-c', {QUIET!r}])"
    twice = f"import subprocess, sys; from launch import logs; logs.quiet(); {child}"
    assert talk_of(twice, tmp_path) == (0, "after\n")


def test_information_lines_are_held_back_and_errors_are_not(tmp_path):
    stand_in(
        tmp_path,
        "os.write(2, b'WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\\n')\n"
        "os.write(2, b'I0000 00:00:1795231312.605703 4416 cudart_stub.cc:31] Could not find cuda drivers\\n')\n"
        "os.write(2, b'E0000 00:00:1795231312.605703 4416 driver.cc:9] the driver is broken\\n')\n",
    )
    code, talk = talk_of(QUIET, tmp_path)
    assert code == 0
    assert talk == "E0000 00:00:1795231312.605703 4416 driver.cc:9] the driver is broken\nafter\n"


def test_an_abort_while_importing_keeps_its_last_words(tmp_path):
    stand_in(tmp_path, "os.write(2, b'F0000 00:00:1.5 4416 cpu.cc:9] this processor lacks AVX\\n'); os.abort()")
    code, talk = talk_of(QUIET, tmp_path)
    assert code < 0
    assert "this processor lacks AVX" in talk


def test_an_import_error_keeps_its_trace(tmp_path):
    stand_in(tmp_path, "raise ImportError('libcudart is missing')")
    code, talk = talk_of(QUIET, tmp_path)
    assert code == 1
    assert "libcudart is missing" in talk


def test_a_level_that_the_user_set_stands(tmp_path):
    stand_in(tmp_path, "os.write(2, b'I0000 00:00:1.5 4416 cudart_stub.cc:31] no drivers\\n')")
    assert "no drivers" in talk_of(QUIET, tmp_path, TF_CPP_MIN_LOG_LEVEL="0")[1]


def test_the_real_tensorflow_keeps_its_own_loader(tmp_path):
    program = "from launch import logs; logs.quiet(); import tensorflow as tf; print(tf.__spec__.loader, tf.add(1, 1))"
    assert talk_of(program, tmp_path) == (0, "")
