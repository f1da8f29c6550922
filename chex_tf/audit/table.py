"""What an audit found, as text for a terminal."""

import math
from collections import Counter
from collections.abc import Mapping

import numpy as np

from chex_tf.amounts import counted
from chex_tf.audit import copies, shift, subgroups, unusual
from chex_tf.audit.auditing import Audit
from chex_tf.audit.copies import Pair
from chex_tf.audit.films import Films
from chex_tf.audit.shift import Share
from chex_tf.evaluation.tables.columns import NOTHING, filled, lines
from chex_tf.statistics.bootstrap import Interval

_PAIRS_SHOWN = 10


def text(audit: Audit, names: Mapping[str, str]) -> str:
    """`names` of the sets by their letters."""
    parts = [
        "\n".join(f"{letter}: {name}" for letter, name in names.items()),
        titled("Splits", splits(audit)),
        titled("Found", found(audit)),
        *([titled(f"Copies, {_first_of(len(audit.pairs))}", pairs(audit))] if audit.pairs else []),
        titled("Unusual films", unusual_by_part(audit)),
        titled("Films by subgroup", films_by_group(audit)),
        titled("Positives among labelled films", positives(audit)),
    ]
    if audit.shift is not None:
        parts.append(titled("Sources told apart", told(audit.shift)))
        parts.append(titled("Sources compared", compared(audit.shift)))
    return "\n\n".join(parts) + "\n\n" + "\n".join(filled(note) for note in notes(audit))


def titled(title: str, table: str) -> str:
    return f"{title}\n\n{table}"


def splits(audit: Audit) -> str:
    return lines(*split_rows(audit), 1)


def split_rows(audit: Audit) -> tuple[list[str], list[list[str]]]:
    shares: dict[str, list[str]] = {}
    for one in audit.shared:
        for here, there in ((one.first, one.second), (one.second, one.first)):
            shares.setdefault(here, []).append(f"{there} {one.patients:,}")
    rows = []
    for group in audit.groups:
        if group.variable == subgroups.ALL:
            chosen = audit.films.part == [part.name for part in audit.films.parts].index(group.part)
            pairs = np.char.add(np.char.add(audit.films.patient[chosen], b"\n"), audit.films.study[chosen])
            counts = (group.films, group.patients, np.unique(pairs).size)
            rows.append([group.part, ", ".join(shares.get(group.part, ["none"])), *(f"{one:,}" for one in counts)])
    return ["split", "patients also in", "films", "patients", "studies"], rows


def found(audit: Audit) -> str:
    return lines(["what", "found"], [[name, f"{count:,}"] for name, count in audit.counts().items()], 1)


def _first_of(count: int) -> str:
    return (
        f"the {_PAIRS_SHOWN} that matter most of {count:,}" if count > _PAIRS_SHOWN else "those that matter most first"
    )


def pairs(audit: Audit) -> str:
    """A line on each pair, then its two films: paths are long."""
    films = audit.films
    found = []
    for pair in audit.pairs[:_PAIRS_SHOWN]:
        found.append(describe(films, pair))
        found += [f"  {films.part_of(film).name}: {films.name(film)}" for film in (pair.first, pair.second)]
    return "\n".join(found)


def describe(films: Films, pair: Pair) -> str:
    """In words: what kind of copy, where the two films are and whose."""
    change = pair.change()
    kind = "the same pixels" if pair.kind == copies.EXACT else f"near duplicate, correlation {pair.correlation:.3f}"
    contradicting = films.contradictions(pair.first, pair.second)
    parts = [kind, *([change] if change else []), copies.place(films, pair), copies.relation(films, pair)]
    return ", ".join(parts) + (f"; labels contradict: {', '.join(contradicting)}" if contradicting else "")


def unusual_by_part(audit: Audit) -> str:
    return lines(*unusual_rows(audit), 1)


def unusual_rows(audit: Audit) -> tuple[list[str], list[list[str]]]:
    films = audit.films
    found = Counter((one.kind, int(films.part[one.film])) for one in audit.unusual.films)
    sizes = np.bincount(films.part, minlength=len(films.parts))
    rows = [
        [kind, *(_count_and_share(found[kind, place], size) for place, size in enumerate(sizes.tolist()))]
        for kind in unusual.WORDS
    ]
    return ["kind", *(part.name for part in films.parts)], rows


def films_by_group(audit: Audit) -> str:
    parts = [part.name for part in audit.films.parts]
    by_name: dict[str, dict[str, str]] = {}
    totals = {group.part: group.films for group in audit.groups if group.variable == subgroups.ALL}
    for group in audit.groups:
        by_name.setdefault(group.words, {})[group.part] = _count_and_share(group.films, totals[group.part])
    rows = [[name, *(found.get(part, NOTHING) for part in parts)] for name, found in by_name.items()]
    return lines(["films", *parts], rows, 1)


def positives(audit: Audit) -> str:
    """Of whole splits; the page and subgroups.csv have subgroups."""
    whole = {group.part: group for group in audit.groups if group.variable == subgroups.ALL}
    rows = []
    for task in audit.films.tasks:
        counts = [whole[part.name].classes.get(task, (0, 0)) for part in audit.films.parts]
        rows.append([task, *(_count_and_share(one[0], one[0] + one[1]) for one in counts)])
    return lines(["task", *(part.name for part in audit.films.parts)], rows, 1)


def positive_rows(audit: Audit, part: str) -> tuple[list[str], list[list[str]]]:
    groups = [group for group in audit.groups if group.part == part]
    header = [part, *(group.words for group in groups)]
    rows = [["films", *(f"{group.films:,}" for group in groups)]]
    rows.append(["patients", *(f"{group.patients:,}" for group in groups)])
    for task in groups[0].classes:
        cells = []
        for group in groups:
            positive, negative, *_ = group.classes.get(task, (0, 0))
            cells.append(_count_and_share(positive, positive + negative))
        rows.append([task, *cells])
    return header, rows


def told(found: shift.Shift) -> str:
    return lines(*told_rows(found), 1)


def told_rows(found: shift.Shift) -> tuple[list[str], list[list[str]]]:
    rows = [
        [f"{one.first} against {one.second}", f"{one.films:,}", one.reason or _value(one.auroc, one.interval)]
        for one in found.told
    ]
    return ["sources", "films", "AUROC of the source [95% interval]"], rows


def compared(found: shift.Shift) -> str:
    return lines(*compared_rows(found), 1)


def compared_rows(found: shift.Shift) -> tuple[list[str], list[list[str]]]:
    sources = found.sources
    rows = [
        ["films", *(f"{source.films:,}" for source in sources)],
        ["patients", *(f"{source.patients:,}" for source in sources)],
        ["median age", *(NOTHING if math.isnan(source.age) else f"{source.age:.0f}" for source in sources)],
    ]
    for kind in dict.fromkeys(kind for source in sources for kind in source.subgroups):
        rows.append([kind, *(_share(source.subgroups.get(kind)) for source in sources)])
    for task in dict.fromkeys(task for source in sources for task in source.prevalence):
        rows.append([task, *(_share(source.prevalence.get(task)) for source in sources)])
    return ["share of films [95% interval]", *(source.name for source in sources)], rows


def notes(audit: Audit) -> list[str]:
    """How to read the tables."""
    found = [
        f"{counted(audit.copies.compared, 'pair')} of films had hashes near enough to be compared closely. Two films "
        "of one patient can be as alike as a copy: look at the pictures.",
    ]
    if len(audit.films.sets) > 1 and any(one.first[0] != one.second[0] for one in audit.shared):
        found.append("Patients are compared by name: in two sets a name may stand for two people.")
    if audit.copies.left_out:
        found.append(f"{counted(audit.copies.left_out, 'film')} that show nothing were not compared with others.")
    for view, count in audit.unusual.not_judged.items():
        why = "" if view == unusual.UNKNOWN else f", fewer than the {unusual.FEWEST} of an average film"
        found.append(
            f"{counted(count, 'film')} of the view {view}{why}: none was judged a negative or unlike its view."
        )
    found.append("Shares of positives are among films with a positive or a negative label.")
    return found


def _count_and_share(count: int, of: int) -> str:
    return f"{count:,} ({100 * count / of:.1f}%)" if of else NOTHING


def _value(value: float, interval: Interval) -> str:
    return f"{value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def _share(share: Share | None) -> str:
    if share is None or math.isnan(share.value):
        return NOTHING
    return _value(share.value, share.interval) if not math.isnan(share.interval.low) else f"{share.value:.3f}"
