"""Which films are copies of others: the same pixels, or near duplicates."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from chex_tf.audit import fingerprints, likeness
from chex_tf.audit.candidates import candidates
from chex_tf.audit.films import Films
from chex_tf.audit.marks import Marks
from chex_tf.settings import InputError

EXACT, NEAR = "exact", "near"
SAME_STUDY, SAME_PATIENT, OTHER_PATIENT = "same study", "same patient", "different patients"
SAME_SPLIT, SPLITS, SETS = "same split", "two splits", "two sets"
MOST_PAIRS = 1_000_000  # more are no list that anybody reads, and would fill the memory

Progress = Callable[[int, int], None]


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two films of which one is a copy of the other. `first` is the earlier film."""

    first: int
    second: int
    kind: str
    correlation: float = 1.0
    mirrored: bool = False
    negative: bool = False

    def change(self) -> str:
        """What was done to the copy, as far as it is known."""
        return " and ".join([*["mirrored"] * self.mirrored, *["negative"] * self.negative])


@dataclasses.dataclass(frozen=True)
class Copies:
    """`compared` pairs of films were compared closely; `left_out` films show nothing and were not compared."""

    pairs: tuple[Pair, ...]
    compared: int
    left_out: int


def find(
    marks: Marks,
    is_constant: np.ndarray,
    most_distance: int,
    least: float,
    progress: Progress = lambda done, total: None,
) -> Copies:
    """Of films with the same pixels, each later one makes a pair with the earliest, and only that is compared with
    other films."""
    exact, earliest = same_pixels(marks.digest)
    pairs, compared = near(marks, earliest & ~is_constant, most_distance, least, progress)
    found = [*exact, *pairs]
    return Copies(tuple(sorted(found, key=lambda pair: (pair.first, pair.second))), compared, int(is_constant.sum()))


def same_pixels(digest: np.ndarray) -> tuple[list[Pair], np.ndarray]:
    """Pairs, and which films are the earliest with their pixels."""
    order = np.lexsort((np.arange(len(digest)), digest[:, 1], digest[:, 0]))
    ordered = digest[order]
    begins = np.ones(len(digest), bool)
    begins[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    first = order[np.flatnonzero(begins)][np.cumsum(begins) - 1]
    earliest = np.zeros(len(digest), bool)
    earliest[order[begins]] = True
    pairs = [Pair(int(one), int(other), EXACT) for one, other in zip(first, order, strict=True) if one != other]
    return pairs, earliest


def near(
    marks: Marks, chosen: np.ndarray, most_distance: int, least: float, progress: Progress
) -> tuple[list[Pair], int]:
    """Near duplicates among the `chosen` films, and how many pairs were compared closely."""
    entries = np.flatnonzero(chosen[marks.entry_film])
    film = marks.entry_film[entries]
    hashes = fingerprints.hashes(marks.ranks)[entries]
    best: dict[tuple[int, int], Pair] = {}
    compared = 0
    for some in candidates(hashes, most_distance, progress):
        others = film[some.first] != film[some.second]  # a film and what is within its margins are no pair
        first, second = some.first[others], some.second[others]
        compared += first.size
        values = likeness.correlation(
            marks.ranks, entries[first], entries[second], mirrored=some.mirrored, negative=some.negative
        )
        for place in np.flatnonzero(values >= least).tolist():
            one, other = int(film[first[place]]), int(film[second[place]])
            key = min(one, other), max(one, other)
            pair = Pair(key[0], key[1], NEAR, float(values[place]), some.mirrored, some.negative)
            if key not in best or pair.correlation > best[key].correlation:
                best[key] = pair
        if len(best) > MOST_PAIRS:
            raise InputError(
                f"more than {MOST_PAIRS:,} pairs of near duplicates; films this alike need a higher one", "correlation"
            )
    return list(best.values()), compared


def relation(films: Films, pair: Pair) -> str:
    """By the names of patients and studies; some sources number studies afresh for each patient."""
    one, other = pair.first, pair.second
    if films.patient[one] != films.patient[other]:
        return OTHER_PATIENT
    return SAME_STUDY if films.study[one] == films.study[other] else SAME_PATIENT


def place(films: Films, pair: Pair) -> str:
    one, other = films.part_of(pair.first), films.part_of(pair.second)
    if one.set != other.set:
        return SETS
    return SAME_SPLIT if one.split == other.split else SPLITS


def is_harmless(films: Films, pair: Pair) -> bool:
    """Whether it may be no copy, and would do no harm as one: alike films of one patient in one split."""
    return pair.kind == NEAR and relation(films, pair) != OTHER_PATIENT and place(films, pair) == SAME_SPLIT


def by_weight(films: Films, pairs: Sequence[Pair]) -> list[Pair]:
    """Those that do most harm first: across splits, across sets, of different patients, with contradicting labels."""
    order = (SPLITS, SETS, SAME_SPLIT)
    kinds = (OTHER_PATIENT, SAME_PATIENT, SAME_STUDY)

    def key(pair: Pair) -> tuple[int, int, int, float, int, int]:
        contradicting = len(films.contradictions(pair.first, pair.second))
        where, whose = order.index(place(films, pair)), kinds.index(relation(films, pair))
        return where, whose, -contradicting, -pair.correlation, pair.first, pair.second

    return sorted(pairs, key=key)
