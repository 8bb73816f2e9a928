"""Carrying verdicts over to a newer version of a snapshot, where it is certain that they hold.

A place is the same where the record has the same id and the hit stands at the same offset of the
same whole text, or of the text which a manifest made of that one. Whatever else has changed is
judged anew.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from django.db import transaction
from django.db.models import F

from workflows.cases.lifecycle import Role
from workflows.cases.models import Case
from workflows.cases.record import record_event
from workflows.cases.transition import lock_case
from workflows.corrections.making import entries_of
from workflows.corrections.manifests.edits import Edit, Wording, edits_of
from workflows.corrections.manifests.entries import Entry
from workflows.corrections.models import Manifest
from workflows.corrections.receipts import OWN_KEY
from workflows.datasets.lookup.hits import RecordId
from workflows.datasets.lookups import LOOKED_UP
from workflows.datasets.matching import WEAK_KEPT
from workflows.datasets.models import Match, Snapshot
from workflows.vault.crypto import Shredded

_APPLIED = (Manifest.State.APPLIED, Manifest.State.LEFT, Manifest.State.VERIFIED)
_ROWS_AT_ONCE = 500


class Place(NamedTuple):
    """A place in a version, wherever in the file its record lies."""

    record: RecordId
    field: str
    text_sha256: str
    start: int
    end: int
    kind: str
    hit: str


# What became of a text, by the id of its record, its field and its SHA-256: another, and how.
Rewritten = Mapping[tuple[str, str, str], Sequence[tuple[str, Sequence[Edit]]]]


class Step(NamedTuple):
    """From a version to the next: what manifests did to which texts.

    A text that went has become nothing. `rest_is_same` says that this server has written the new
    version, so that nothing else was added or changed.
    """

    rewritten: Rewritten
    rest_is_same: bool = False


def moved(place: Place, step: Step, *, has_own_id: bool = True) -> Iterator[Place]:
    """Yield where a place may stand in the next version: as it was, and in what became of its text.

    A record whose id is not its own is known by its text alone. So it may be another one with the
    same text, unless nothing was added and the manifest did not touch this text.
    """
    text = (str(place.record), place.field, place.text_sha256)
    if not has_own_id and not step.rest_is_same:
        return
    if has_own_id or text not in step.rewritten:
        yield place
    for sha256, edits in step.rewritten.get(text, ()):
        shift = _shift(place, edits)
        if shift is not None:
            yield place._replace(
                text_sha256=sha256, start=place.start + shift, end=place.end + shift
            )


def _shift(place: Place, edits: Sequence[Edit]) -> int | None:
    """Return by how much a place moves; None where it was changed itself."""
    shift = 0
    for edit in edits:
        if edit.end <= place.start:
            shift += len(edit.text) - (edit.end - edit.start)
        elif edit.start < place.end:
            return None
    return shift


def rewritten(entries: Iterable[Entry], wording: Wording) -> Rewritten:
    """Return what a manifest made of the texts that it changed."""
    texts: dict[tuple[str, int, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.changes_data:
            texts[entry.file, entry.row, entry.field].append(entry)
    found: dict[tuple[str, str, str], list[tuple[str, Sequence[Edit]]]] = defaultdict(list)
    for own in texts.values():
        known = found[str(own[0].id), own[0].field, own[0].sha256_before]
        if own[0].sha256_after:
            became = (own[0].sha256_after, edits_of(own, wording))
            known += [became] if became not in known else []
    return found


def carry_verdicts(snapshot_id: int | str) -> list[Case]:
    """Judge what was found in a snapshot as it was judged before; return the cases concerned.

    Only open cases: of one that has ended nothing is to be judged, or changed, any more.
    """
    snapshot = Snapshot.objects.get(pk=snapshot_id)
    lineage = [snapshot, *snapshot.ancestors()][::-1]
    steps = [_step(older, newer) for older, newer in pairwise(lineage)]
    waiting = Match.objects.filter(snapshot=snapshot, verdict="")
    open_ones = Case.objects.filter(erased_at=None, state__in=LOOKED_UP)
    concerned = []
    for case in open_ones.filter(pk__in=waiting.values("case")).order_by("pk"):
        with transaction.atomic():
            locked = lock_case(case)
            if locked.state not in LOOKED_UP:
                continue
            if _take_over(locked, snapshot) + _carry(locked, lineage, steps):
                concerned.append(locked)
    return concerned


def _step(older: Snapshot, newer: Snapshot) -> Step:
    """Return what the manifests say that made a version of another."""
    found: dict[tuple[str, str, str], list[tuple[str, Sequence[Edit]]]] = defaultdict(list)
    applied = Manifest.objects.filter(snapshot=older, result=newer, state__in=_APPLIED)
    here = applied.exclude(applied_by="").filter(
        receipts__key=OWN_KEY, receipts__by=F("applied_by")
    )
    all_known = True
    for manifest in applied.select_related("data_key"):
        try:
            became = rewritten(entries_of(manifest), Wording(manifest.replacements))
        except Shredded:  # another of its cases was erased
            all_known = False
            continue
        for text, several in became.items():
            found[text] += several
    return Step(found, all_known and here.exists())


def _place(match: Match) -> Place:
    return Place(
        match.record,
        match.field,
        match.text_sha256 or "",
        match.start,
        match.end,
        match.kind,
        match.excerpt["hit"],
    )


def _carry(case: Case, lineage: Sequence[Snapshot], steps: Sequence[Step]) -> int:
    """Carry the verdicts of a case over to the newest version; return on how many places."""
    if not steps:
        return 0
    known: dict[Place, list[Match]] = {}
    shared: set[RecordId] = {None}
    for version, step in zip(lineage, steps, strict=False):
        own = _by_place(case, version)
        shared |= _shared_ids(own)
        for place, matches in own.items():
            if any(match.verdict for match in matches) or not _verdict(known, place, matches):
                known[place] = matches
        coming: dict[Place, list[Match]] = defaultdict(list)
        for place, matches in known.items():
            for after in moved(place, step, has_own_id=place.record not in shared):
                coming[after] += matches
        known = coming
    counts: Counter[str] = Counter()
    new = _by_place(case, lineage[-1])
    shared = _shared_ids(new)
    for place, matches in new.items():
        is_known = place.record not in shared or steps[-1].rest_is_same
        before = _verdict(known, place, matches) if is_known else None
        unjudged = [match.pk for match in matches if not match.verdict]
        if before is not None and unjudged:
            counts[before.verdict] += Match.objects.filter(pk__in=unjudged).update(
                verdict=before.verdict, judged_by=before.judged_by, judged_at=before.judged_at
            )
    if counts:
        facts = {"snapshot": lineage[-1].pk, **counts}
        record_event(case, "match.carried", role=Role.SYSTEM, facts=facts)
    return counts.total()


def _verdict(
    known: Mapping[Place, list[Match]], place: Place, matches: Sequence[Match]
) -> Match | None:
    """Return a match that says how a place was judged; None where that is not certain.

    It is where all the places which it may have been have one verdict, and are not fewer.
    """
    before = known.get(place, [])
    verdicts = {match.verdict for match in before}
    if len(verdicts) != 1 or "" in verdicts or len(matches) > len(before):
        return None
    return before[0]


def _shared_ids(found: Mapping[Place, list[Match]]) -> set[RecordId]:
    """Return the ids that several records of a version have, as its matches show."""
    records: dict[RecordId, set[tuple[str, int | None]]] = defaultdict(set)
    texts: dict[tuple[RecordId, str], set[str]] = defaultdict(set)
    for place, matches in found.items():
        records[place.record] |= {(match.file, match.position) for match in matches}
        texts[place.record, place.field].add(place.text_sha256)
    several = {record for record, own in records.items() if len(own) > 1}
    # Rows of a table have no position.
    return several | {record for (record, _field), own in texts.items() if len(own) > 1}


def _by_place(case: Case, snapshot: Snapshot) -> dict[Place, list[Match]]:
    """Return the matches of a version of which it is known what their whole text is."""
    found: dict[Place, list[Match]] = defaultdict(list)
    own = case.matches.filter(snapshot=snapshot, text_sha256__isnull=False)
    for match in own.select_related("case__data_key").order_by("pk"):
        found[_place(match)].append(match)
    return found


def _take_over(case: Case, snapshot: Snapshot) -> int:
    """Let matches from before know their records, where the same place was found once again."""
    old = case.matches.filter(snapshot=snapshot, text_sha256__isnull=True)
    taken = 0
    if not old.exists():
        return taken
    found: dict[tuple[object, ...], list[Match]] = defaultdict(list)
    weak: Counter[str] = Counter()
    new = case.matches.filter(snapshot=snapshot, text_sha256__isnull=False)
    for match in new.select_related("case__data_key"):
        found[_former_place(match)].append(match)
        weak[match.file] += match.strength == Match.Strength.WEAK
    for match in old.select_related("case__data_key"):
        same = found.pop(_former_place(match), [])
        # Where not all were kept, another may stand at the same place.
        if len(same) != 1 or same[0].verdict or weak[match.file] >= WEAK_KEPT:
            continue
        match.position, match.text_sha256 = same[0].position, same[0].text_sha256
        match.place_digest = same[0].place_digest
        same[0].delete()
        match.save(update_fields=["position", "text_sha256", "place_digest"])
        taken += 1
    return taken


def _former_place(match: Match) -> tuple[object, ...]:
    return (match.file, *_place(match)._replace(text_sha256=""))
