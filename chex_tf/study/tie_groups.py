"""Groups of models that the data do not tell apart, as letters: two models that share one do not differ significantly.

No rank is given to models in an order that the test set does not carry. Piepho 2004's insert-and-absorb algorithm.
"""

from collections.abc import Collection, Sequence


def letters(names: Sequence[str], different: Collection[tuple[str, str]]) -> dict[str, str]:
    """`names` from the best on; `different` has the pairs that differ significantly, in either order."""
    groups: list[set[str]] = [set(names)] if names else []
    for a, b in different:
        split: list[set[str]] = []
        for group in groups:
            if a in group and b in group:
                split += [group - {a}, group - {b}]
            else:
                split.append(group)
        groups = [group for place, group in enumerate(split) if not _is_within_another(group, place, split)]
    groups.sort(key=lambda group: min(names.index(name) for name in group))
    return {name: "".join(_letter(place) for place, group in enumerate(groups) if name in group) for name in names}


def _is_within_another(group: set[str], place: int, groups: Sequence[set[str]]) -> bool:
    """Of equal groups the first stays."""
    return any(
        group < other or (group == other and place > elsewhere)
        for elsewhere, other in enumerate(groups)
        if elsewhere != place
    )


def _letter(place: int) -> str:
    return chr(ord("a") + place) if place < 26 else f"{_letter(place // 26 - 1)}{_letter(place % 26)}"
