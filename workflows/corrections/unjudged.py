"""Places that nobody has judged, and how many of them may be what was judged theirs before.

A verdict is carried over only where that is certain. A place that a pipeline has rewritten, or put
under another id, then waits for a judgement in the newer version, but is not like one of which
nothing is known: it may be the person's.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

from workflows.cases.models import Case
from workflows.corpus.values import Kind
from workflows.corrections.carrying import applied_here
from workflows.corrections.models import Instruction, Manifest
from workflows.corrections.places import TextPlace, place_of
from workflows.datasets.models import Snapshot
from workflows.lookups.models import Match


def unjudged_of(case: Case, line: Sequence[Snapshot]) -> tuple[Counter[Kind], Counter[Kind]]:
    """Count by kind the weak places of a case in the last of a line that nobody has judged.

    `line` are versions that came out of one another, the oldest first. First come those that may
    stay, then those that may be what was judged theirs in an older version.
    """
    own = case.matches.filter(snapshot__in=line).select_related("case__data_key")
    found: dict[int, list[Match]] = defaultdict(list)
    for match in own.order_by("pk"):
        found[match.snapshot_id].append(match)
    last = found.get(line[-1].pk, [])
    waiting = [one for one in last if not one.verdict and one.strength == Match.Strength.WEAK]
    unjudged = Counter(Kind(match.kind) for match in waiting)
    missing = _missing(case, line, found)
    if not unjudged or not missing:
        return unjudged, Counter()
    unclear = unjudged - _known_before(waiting, [found[older.pk] for older in line[:-1]])
    theirs = unclear & missing
    return unjudged - theirs, theirs


def _missing(case: Case, line: Sequence[Snapshot], found: dict[int, list[Match]]) -> Counter[Kind]:
    """Count what was judged theirs, is not gone for certain, and is not known again in the last."""
    missing: Counter[Kind] = Counter()
    for older, newer in pairwise(line):
        missing |= _theirs(found[older.pk])
        if _is_changed_for_certain(case, older, newer):
            missing -= _theirs(found[older.pk])
    return missing - _theirs(found[line[-1].pk])


def _theirs(matches: Sequence[Match]) -> Counter[Kind]:
    return Counter(Kind(match.kind) for match in matches if match.verdict == Match.Verdict.THEIRS)


def _is_changed_for_certain(case: Case, older: Snapshot, newer: Snapshot) -> bool:
    """Return whether all that was theirs was changed between two versions, and nothing left out."""
    own = Manifest.objects.filter(
        snapshot=older,
        result=newer,
        instructions__item__case=case,
        # Of one that only corrects, what it does not name stays as it was.
        instructions__operation__in=(
            Instruction.Operation.DELETE,
            Instruction.Operation.ANONYMISE,
        ),
    ).exclude(incomplete__item__case=case)
    if own.filter(state=Manifest.State.VERIFIED).exists():
        return True
    return applied_here(own.filter(state__in=Manifest.HAS_RESULT)).exists()


def _known_before(waiting: Sequence[Match], older: Sequence[Sequence[Match]]) -> Counter[Kind]:
    """Count those that stood in an older version, and nothing like them was theirs there."""
    before: dict[TextPlace, int] = defaultdict(int)
    theirs = set()
    for matches in older:
        counts: Counter[TextPlace] = Counter()
        for match in matches:
            if match.text_sha256 and match.verdict == Match.Verdict.THEIRS:
                theirs.add(place_of(match).alike)
            elif match.text_sha256:
                counts[place_of(match).alike] += 1
        for place, number in counts.items():
            before[place] = max(before[place], number)
    now = Counter(place_of(match).alike for match in waiting if match.text_sha256)
    known: Counter[Kind] = Counter()
    for place, number in now.items():
        if place not in theirs:
            known[Kind(place.kind)] += min(number, before[place])
    return known
