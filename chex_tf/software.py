"""Which software is at work: versions of packages, and the git commit of this source tree."""

import importlib.metadata
import pathlib
import subprocess

UNKNOWN = "unknown"  # in place of a version or a commit that cannot be told or was not recorded


def version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:  # not installed, or a source tree that never was
        return UNKNOWN


def name_and_version() -> str:
    """Of this project."""
    return f"chex_tf {version('chex_tf')}"


def revision() -> str | None:
    """The git commit of this source tree; None for an installed package."""
    here = pathlib.Path(__file__).parent
    try:
        done = subprocess.run(
            ["git", "-C", str(here), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def change(before: str | None, now: str | None) -> str:
    """`abc -> def`; a commit that is not known is called so."""
    return f"{before or UNKNOWN} -> {now or UNKNOWN}"
