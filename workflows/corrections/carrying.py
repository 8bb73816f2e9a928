"""Carrying verdicts over to a newer version of a snapshot, where it is certain that they hold.

A place is the same where the record has the same id and the hit stands at the same offset of the
same whole text, or of the text which a manifest made of that one, and where no other record could
be meant. Whatever else has changed is judged anew.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, QuerySet

from workflows.cases.models import Case
from workflows.cases.transition import append_case_event, lock_case
from workflows.corpus.entries import Edit, ManifestEntry, Replacements, edits_of
from workflows.corpus.values import RecordId
from workflows.corrections.lineage import is_searched, lineage
from workflows.corrections.manifests import entries_of
from workflows.corrections.models import Manifest
from workflows.corrections.places import TextPlace, place_of
from workflows.corrections.receipts import OWN_KEY
from workflows.datasets.models import Snapshot
from workflows.lookups.findings import not_kept_of
from workflows.lookups.models import Match
from workflows.lookups.services import LOOKED_UP, WEAK_KEPT
from workflows.vault.crypto import Shredded
from workflows.vocabulary.roles import Role

# What became of a text, by the id of its record, its field and its SHA-256: another, and how.
Rewritten = Mapping[tuple[str, str, str], Sequence[tuple[str, Sequence[Edit]]]]


class VersionStep(NamedTuple):
    """From a version to the next: what manifests did to which texts.

    A text that went has become nothing. `rest_is_same` says that this server has written the new
    version, so that nothing else was added or changed.
    """

    rewritten: Rewritten
    rest_is_same: bool = False


def candidate_places(
    place: TextPlace, step: VersionStep, *, has_own_id: bool = True
) -> Iterator[TextPlace]:
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


def _shift(place: TextPlace, edits: Sequence[Edit]) -> int | None:
    """Return by how much a place moves; None where it was changed itself."""
    shift = 0
    for edit in edits:
        if edit.end <= place.start:
            shift += len(edit.text) - (edit.end - edit.start)
        elif edit.start < place.end:
            return None
    return shift


def texts_after_manifest(entries: Iterable[ManifestEntry], wording: Replacements) -> Rewritten:
    """Return what a manifest made of the texts that it changed."""
    texts: dict[tuple[str, int, str], list[ManifestEntry]] = defaultdict(list)
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
    line = lineage(snapshot)
    steps = [_step(older, newer) for older, newer in pairwise(line)]
    waiting = Match.objects.filter(snapshot=snapshot, verdict="")
    open_ones = Case.objects.filter(erased_at=None, state__in=LOOKED_UP)
    concerned = []
    for case in open_ones.filter(pk__in=waiting.values("case")).order_by("pk"):
        with transaction.atomic():
            locked = lock_case(case)
            if locked.state not in LOOKED_UP:
                continue
            if _take_over(locked, snapshot) + _carry(locked, line, steps):
                concerned.append(locked)
    return concerned


def applied_here(manifests: QuerySet[Manifest]) -> QuerySet[Manifest]:
    """Return those which this server has applied itself, of manifests that were applied."""
    return manifests.exclude(applied_by="").filter(
        receipts__key=OWN_KEY, receipts__by=F("applied_by")
    )


def _step(older: Snapshot, newer: Snapshot) -> VersionStep:
    """Return what the manifests say that made a version of another."""
    found: dict[tuple[str, str, str], list[tuple[str, Sequence[Edit]]]] = defaultdict(list)
    applied = Manifest.objects.filter(snapshot=older, result=newer, state__in=Manifest.HAS_RESULT)
    here = applied_here(applied)
    all_known = True
    for manifest in applied.select_related("data_key"):
        try:
            became = texts_after_manifest(entries_of(manifest), Replacements(manifest.replacements))
        except Shredded:  # another of its cases was erased
            all_known = False
            continue
        for text, several in became.items():
            found[text] += several
    return VersionStep(found, all_known and here.exists())


@dataclass(frozen=True, slots=True)
class Version:
    """Where a person stands in a version. Of an older one: what it tells of a newer.

    `is_whole` says that no other place of theirs is in it: all of it was searched, and all that was
    found was kept. `rest_is_same`, of an older one, that only manifests which this server has
    applied have changed anything since.
    """

    places: Mapping[TextPlace, Sequence[Match]]
    is_whole: bool
    rest_is_same: bool = True

    def alike(self) -> dict[TextPlace, list[Match]]:
        """Return the matches of each place, whatever the ids of the records are."""
        found: dict[TextPlace, list[Match]] = defaultdict(list)
        for place, matches in self.places.items():
            found[place.alike] += matches
        return found


def _carry(case: Case, line: Sequence[Snapshot], steps: Sequence[VersionStep]) -> int:
    """Carry the verdicts of a case over to the newest version; return on how many places."""
    if not steps:
        return 0
    known = Version({}, is_whole=True)
    shared: set[RecordId] = {None}
    for version, step in zip(line, steps, strict=False):
        was_searched = is_searched(case, version)
        found = _found_in(case, version, was_searched=was_searched)
        known = _known_after(known, found, was_searched=was_searched)
        shared |= _shared_ids(found.places)
        known = _moved(known, step, shared)
    new = _found_in(case, line[-1], was_searched=is_searched(case, line[-1]))
    counts: Counter[str] = Counter()
    for place, before in _certain(known, new).items():
        unjudged = [match.pk for match in new.places[place] if not match.verdict]
        if unjudged:
            counts[before.verdict] += Match.objects.filter(pk__in=unjudged).update(
                verdict=before.verdict, judged_by=before.judged_by, judged_at=before.judged_at
            )
    if counts:
        facts = {"snapshot": line[-1].pk, **counts}
        append_case_event(case, "match.carried", role=Role.SYSTEM, facts=facts)
    return counts.total()


def _known_after(known: Version, found: Version, *, was_searched: bool) -> Version:
    """Return what is known of the places of a version, from itself and from the older ones.

    What is not in a version that was searched was not there: when it stands in a later one again,
    that is another record.
    """
    certain = _certain(known, found)
    places = {} if was_searched else dict(known.places)
    for place, matches in found.places.items():
        judged = any(match.verdict for match in matches)
        places[place] = matches if judged or place not in certain else known.places[place]
    if was_searched:
        return Version(places, found.is_whole)
    return Version(places, is_whole=False, rest_is_same=known.rest_is_same)


def _moved(known: Version, step: VersionStep, shared: Collection[RecordId]) -> Version:
    """Return where the places that are known may stand in the next version."""
    coming: dict[TextPlace, list[Match]] = defaultdict(list)
    for place, matches in known.places.items():
        for after in candidate_places(place, step, has_own_id=place.record not in shared):
            coming[after] += matches
    return Version(coming, known.is_whole, known.rest_is_same and step.rest_is_same)


def _certain(known: Version, new: Version) -> dict[TextPlace, Match]:
    """Return by place a match that says how it was judged, where it is the same one for certain.

    A pipeline may number records anew, so in a version which it has written an id says nothing
    where several records have one text. There a record is known again by any of its texts which it
    alone has, before and after; another place only if all that are like it were judged the same.
    And if one has become several, or others may be like it that nobody has seen, it is judged anew.
    """
    found: dict[TextPlace, Match] = {}
    shared = _shared_ids(new.places)
    before, after = known.alike(), new.alike()
    telling = None if known.is_whole and new.is_whole else _telling_texts(new)
    recognised = {
        place.record
        for place in new.places
        if place in known.places
        and len(before[place.alike]) == len(after[place.alike]) == 1
        and (telling is None or _text(place) in telling)
    }
    for place, matches in new.places.items():
        verdict = _verdict(known.places.get(place, ()), len(matches))
        if verdict is None:
            continue
        if known.rest_is_same:
            found[place] = verdict
        elif place.record not in shared:
            like, now = before[place.alike], after[place.alike]
            same = _verdict(like, len(now)) is not None and telling is None
            if place.record in recognised or (same and (not _changes(verdict) or len(now) == 1)):
                found[place] = verdict
    return found


def _changes(match: Match) -> bool:
    """Return whether a manifest changes what was judged so."""
    return match.verdict == Match.Verdict.THEIRS


def _text(place: TextPlace) -> tuple[str, str]:
    return place.field, place.text_sha256


def _telling_texts(version: Version) -> set[tuple[str, str]]:
    """Return the texts that are strong by themselves: of what the look-up keeps, all are there."""
    spans: dict[tuple[str, str], set[tuple[str, int, int]]] = defaultdict(set)
    for place in version.places:
        spans[_text(place)].add((place.kind, place.start, place.end))
    return {
        text
        for text, own in spans.items()
        if any(
            one != other and (end <= start or until <= begin)
            for (one, begin, end), (other, start, until) in combinations(own, 2)
        )
    }


def _verdict(before: Sequence[Match], number: int) -> Match | None:
    """Return a match that says how so many places were judged; None where that is not certain.

    It is where all the places which they may have been have one verdict, and are not fewer.
    """
    verdicts = {match.verdict for match in before}
    if len(verdicts) != 1 or "" in verdicts or number > len(before):
        return None
    return before[0]


def _shared_ids(found: Mapping[TextPlace, Sequence[Match]]) -> set[RecordId]:
    """Return the ids that several records of a version have, as its matches show."""
    records: dict[RecordId, set[tuple[str, int | None]]] = defaultdict(set)
    texts: dict[tuple[RecordId, str], set[str]] = defaultdict(set)
    for place, matches in found.items():
        records[place.record] |= {(match.file, match.position) for match in matches}
        texts[place.record, place.field].add(place.text_sha256)
    several = {record for record, own in records.items() if len(own) > 1}
    # Rows of a table have no position.
    several |= {record for (record, _field), own in texts.items() if len(own) > 1}
    return several | {None}


def _found_in(case: Case, snapshot: Snapshot, *, was_searched: bool) -> Version:
    """Return the places of a case in a version."""
    whole = was_searched and snapshot.pk not in not_kept_of(case)
    return Version(_by_place(case, snapshot), whole)


def _by_place(case: Case, snapshot: Snapshot) -> dict[TextPlace, list[Match]]:
    """Return the matches of a version of which it is known what their whole text is."""
    found: dict[TextPlace, list[Match]] = defaultdict(list)
    own = case.matches.filter(snapshot=snapshot, text_sha256__isnull=False)
    for match in own.select_related("case__data_key").order_by("pk"):
        found[place_of(match)].append(match)
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
    return (match.file, *place_of(match)._replace(text_sha256=""))
