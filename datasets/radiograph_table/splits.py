"""Shares of the patients for validation and test, drawn so that adding rows later moves nobody."""

import hashlib
from collections.abc import Mapping


def split_of(patient: str, shares: Mapping[str, float], seed: int) -> str:
    """Decided by this patient's name and the seed alone. Not by the same draw as a hold-out, which is then carved from
    train: by that one, those who are left would be its upper end and no hold-out would be left among them."""
    digest = hashlib.sha256(f"split:{seed}:{patient}".encode()).digest()
    drawn, edge = int.from_bytes(digest[:8], "big") / 2**64, 0.0
    for split, share in shares.items():
        edge += share
        if drawn < edge:
            return split
    return "train"
