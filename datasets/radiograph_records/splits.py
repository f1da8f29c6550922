"""Carving a hold-out set from the training patients so that adding rows later moves nobody."""

import hashlib

HOLDOUT = "holdout"


def is_held_out(patient: str, fraction: float, seed: int) -> bool:
    """Decided by this patient's name and the seed alone, never by who else is there."""
    digest = hashlib.sha256(f"{seed}:{patient}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < fraction * 2**64
