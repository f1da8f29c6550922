"""Weight transfusion stage by stage: which models of a study differ in nothing but how far up they are pretrained."""

import dataclasses

from chex_tf.study.cell import group_of, within_group
from chex_tf.study.identity import differences
from chex_tf.study.outcomes import SCRATCH, SUBSET, Member, Outcomes

RANDOM_ABOVE, DRAWN_ABOVE = "random above", "mean-variance above"
FEWEST = 3  # places of a line; two are in the table of arms
# In what members of a line may differ. Another seed, and what follows from it, is no difference between members.
_OF_THE_START = {"weights", "mean_variance", "transfuse_up_to", "encoder"}
_OF_SEEDS = {"seed", "data_seed", SUBSET}


@dataclasses.dataclass(frozen=True)
class Transfused:
    """An architecture in a group. `places` say how far up weights are pretrained: not at all, then by the last stage
    that is. `lines` have, by what stands above, the members with their places."""

    arch: str
    group: str
    places: tuple[str, ...]
    lines: dict[str, tuple[tuple[int, Member], ...]]

    @property
    def title(self) -> str:
        return f"{self.arch}\n{self.group}" if self.group else self.arch


def all_of(outcomes: Outcomes) -> tuple[Transfused, ...]:
    """Those of which a line has places enough."""
    found = []
    for scratch in outcomes.members:
        if within_group(scratch.arm) != SCRATCH or not scratch.facts.stages or scratch.facts.is_truncated:
            continue
        alike = [
            one
            for one in outcomes.members
            if one.arch == scratch.arch and group_of(one.arm) == group_of(scratch.arm) and _is_start(one, scratch)
        ]
        by_line = {name: _line(alike, name) for name in (RANDOM_ABOVE, DRAWN_ABOVE)}
        lines = {name: line for name, line in by_line.items() if len(line) >= FEWEST}
        if lines:
            places = ("none", *_labels(scratch.facts.stages))
            found.append(Transfused(scratch.arch, group_of(scratch.arm), places, lines))
    return tuple(found)


def _is_start(one: Member, scratch: Member) -> bool:
    """Whether a member differs from the one from scratch in what its weights began with alone."""
    if one.identity is None or scratch.identity is None:
        return False
    names = {line.partition(":")[0] for line in differences(scratch.identity, one.identity)}
    return names <= _OF_THE_START | _OF_SEEDS


def _line(members: list[Member], name: str) -> tuple[tuple[int, Member], ...]:
    found = []
    for one in members:
        assert one.identity is not None  # as a start of the line
        model = one.identity.settings["model"]
        place = _place(one, model.get("transfuse_up_to"), bool(model.get("mean_variance")))
        is_whole = place == len(one.facts.stages)
        is_drawn = bool(model.get("mean_variance"))
        if place is not None and (is_whole or is_drawn == (name == DRAWN_ABOVE)):
            found.append((place, one))
    return tuple(sorted(found, key=lambda pair: pair[0]))


def _place(one: Member, up_to: str | None, is_drawn: bool) -> int | None:
    """0 without pretrained weights, else the number of stages that have them; None for a layer within a stage."""
    stages = one.facts.stages
    if up_to is not None:
        return stages.index(up_to) + 1 if up_to in stages else None
    return 0 if one.weights == "none" or is_drawn else len(stages)


def _labels(stages: tuple[str, ...]) -> tuple[str, ...]:
    """Stages by the beginnings of their last layers' names, where these tell them apart."""
    short = tuple(stage.partition("_")[0] for stage in stages)
    return short if len(set(short)) == len(short) else stages
