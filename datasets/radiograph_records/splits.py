"""Splits by patient where a source has none, and a hold-out of training patients: adding rows later moves nobody."""

import hashlib
from collections.abc import Mapping

HOLDOUT = "holdout"
# Splits of a source that has no official ones, and their shares of the patients.
DRAWN = {"train": 0.8, "valid": 0.1, "test": 0.1}


def is_held_out(patient: str, fraction: float, seed: int) -> bool:
    """Decided by this patient's name and the seed alone, never by who else is there."""
    return _place(f"{seed}:{patient}") < fraction


def drawn_split(patient: str, seed: int, shares: Mapping[str, float] = DRAWN) -> str:
    """Likewise; independent of whom a hold-out takes from train."""
    place = _place(f"{seed}:split:{patient}")
    if place < shares["test"]:
        return "test"
    return "valid" if place < shares["test"] + shares["valid"] else "train"


def describe_drawn(seed: int, shares: Mapping[str, float] = DRAWN) -> str:
    said = ", ".join(f"{split} {share:.3g}%" for split, share in ((one, 100 * shares[one]) for one in shares))
    return f"patients were drawn with seed {seed}, {said}"


def _place(name: str) -> float:
    """From 0 to 1, spread evenly over names."""
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
