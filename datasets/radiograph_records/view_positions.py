"""DICOM's ViewPosition, as tables of several hospitals spell it, as a view and a projection."""

from collections.abc import Mapping

from .row import PROJECTIONS, VIEWS

UNKNOWN_VIEW = VIEWS.index("unknown")

# A film of a patient lying on a side (LLD, RLD) is still taken from the front or the back. Obliques and swimmer's views
# are neither frontal nor lateral; a decubitus film without AP or PA does not say how the beam went.
_FRONTAL = {"AP": "AP", "PA": "PA", "AP AXIAL": "AP", "AP LLD": "AP", "AP RLD": "AP", "PA LLD": "PA", "PA RLD": "PA"}
_LATERAL = {"LATERAL": "none", "L": "none", "LL": "LL", "RL": "RL", "XTABLE LATERAL": "none"}
_NEITHER = ("", "LAO", "RAO", "LPO", "RPO", "LLO", "RLO", "SWIMMERS", "LLD", "RLD", "LT-DECUB", "RT-DECUB", "L5 S1")

_KNOWN = {
    **{name: (VIEWS.index("frontal"), PROJECTIONS.index(projection)) for name, projection in _FRONTAL.items()},
    **{name: (VIEWS.index("lateral"), PROJECTIONS.index(projection)) for name, projection in _LATERAL.items()},
    **dict.fromkeys(_NEITHER, (UNKNOWN_VIEW, PROJECTIONS.index("none"))),
}


def view_and_projection(text: str) -> tuple[int, int]:
    """Places in VIEWS and PROJECTIONS; ValueError for a position that is not known here."""
    found = _KNOWN.get(text.upper())
    if found is None:
        known = ", ".join(name for name in _KNOWN if name)
        raise ValueError(f"expected {known} or nothing; received {text[:80]!r}")
    return found


def describe_unknown(positions: Mapping[str, int]) -> list[str]:
    """What to say of the images whose view is unknown, given how many have which position."""
    if not positions:
        return []
    named = ", ".join(f"{position} {count:,}" for position, count in sorted(positions.items()) if position)
    blank = f"view unknown: {positions.get('', 0):,} images without a position"
    return [f"{blank}, and those neither frontal nor lateral: {named}" if named else blank]
