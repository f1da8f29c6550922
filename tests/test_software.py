"""Versions and the commit of the source tree."""

import pathlib
import subprocess

from chex_tf import software


def test_the_commit_is_gits():
    here = pathlib.Path(__file__).resolve().parent
    asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True)
    assert software.revision() == (asked.stdout.strip() if asked.returncode == 0 else None)


def test_what_is_not_known_is_called_so():
    assert software.version("no_such_package") == "unknown"
    assert software.change(None, "abc") == "unknown -> abc"
    assert software.change("abc", None) == "abc -> unknown"
