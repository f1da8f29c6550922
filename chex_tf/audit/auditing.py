"""An audit of prepared folders from its settings to what was found."""

import dataclasses
from collections.abc import Callable, Sequence

from chex_tf.audit import copies, shift, subgroups, unusual
from chex_tf.audit.copies import Copies, Pair
from chex_tf.audit.films import Films
from chex_tf.audit.marks import Marks
from chex_tf.audit.reading import Sets
from chex_tf.audit.settings import AuditSettings
from chex_tf.audit.shift import Shift
from chex_tf.audit.subgroups import Group
from chex_tf.data import splits
from chex_tf.data.splits import Members, Shared

Progress = Callable[[int, int], None]


@dataclasses.dataclass(frozen=True, eq=False)
class Audit:
    """`shared` are pairs of splits, of one set or of two, with patients in common; `pairs` in the order of harm."""

    films: Films
    shared: tuple[Shared, ...]
    pairs: tuple[Pair, ...]
    copies: Copies
    unusual: unusual.Found
    groups: tuple[Group, ...]
    shift: Shift | None

    def counts(self) -> dict[str, int]:
        """What was found, by name; everything but the subgroups and the shift."""
        films, pairs = self.films, self.pairs
        near = [pair for pair in pairs if pair.kind == copies.NEAR]
        alike = sum(copies.relation(films, pair) != copies.OTHER_PATIENT for pair in near)
        where = [copies.place(films, pair) for pair in pairs]
        contradicting = sum(bool(films.contradictions(pair.first, pair.second)) for pair in pairs)
        found = {
            "patients in several splits": sum(one.patients for one in self.shared),
            "studies in several splits": sum(one.studies for one in self.shared),
            "copies: the same pixels": len(pairs) - len(near),
            "copies: near duplicates, different patients": len(near) - alike,
            "copies: near duplicates, one patient": alike,
            "copies in two splits": where.count(copies.SPLITS),
            "copies in two sets": where.count(copies.SETS),
            "copies with contradicting labels": contradicting,
        }
        return found | {f"films: {kind}": sum(one.kind == kind for one in self.unusual.films) for kind in unusual.WORDS}

    def found_anything(self) -> bool:
        """Near duplicates of one patient within one split do not count: they may be two films of one day, and there
        they leak nothing."""
        return bool(
            self.shared or self.unusual.films or any(not copies.is_harmless(self.films, pair) for pair in self.pairs)
        )


def audit(sets: Sets, settings: AuditSettings, progress: Callable[[str], Progress]) -> Audit:
    """`progress` is given what is counted, and gives what is called with it."""
    return examine(sets.films, sets.marks(progress("films")), settings, progress)


def examine(films: Films, marks: Marks, settings: AuditSettings, progress: Callable[[str], Progress]) -> Audit:
    found = copies.find(
        marks, marks.constant(settings.constant), settings.distance, settings.correlation, progress("bands")
    )
    return Audit(
        films=films,
        shared=splits.shared(members(films)),
        pairs=tuple(copies.by_weight(films, found.pairs)),
        copies=found,
        unusual=unusual.find(films, marks, settings),
        groups=subgroups.count(films, settings.age_bands),
        shift=(
            shift.compare(films, marks, settings.shift_films, settings.seed, progress("comparisons"))
            if settings.shift and len(films.parts) > 1
            else None
        ),
    )


def members(films: Films) -> Sequence[Members]:
    """Who is in each split of each set."""
    chosen = [films.part == place for place in range(len(films.parts))]
    return [
        Members.of(part.name, films.patient[of_part], films.study[of_part])
        for part, of_part in zip(films.parts, chosen, strict=True)
    ]
