"""The re-scan of a snapshot that came out of a manifest: only then is an item carried out."""

from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import asdict
from functools import reduce
from operator import itemgetter, or_

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from workflows.accounts.actors import SYSTEM, Actor
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.corpus.edits.census import OnPurpose
from workflows.corpus.edits.residual import (
    ExpectedHits,
    Judged,
    OriginalSnapshot,
    Residual,
    ResidualReason,
    rescan,
    rescan_table,
)
from workflows.corpus.entries import (
    EditRefused,
    ManifestEntry,
    ManifestError,
    Op,
    Replacements,
    Text,
)
from workflows.corpus.match.patterns import Patterns
from workflows.corpus.values import Kind, ReadError, ReadProblem
from workflows.corrections.carried_out import is_carried_out
from workflows.corrections.instructions import complete
from workflows.corrections.lifecycle import Action
from workflows.corrections.lineage import lineage, related_versions
from workflows.corrections.manifests import (
    NOT_COMPARABLE,
    UNREADABLE,
    ask_for_manifests,
    corrected_for,
    entries_of,
    send_back,
)
from workflows.corrections.models import Instruction, Manifest
from workflows.corrections.places import text_of
from workflows.corrections.receipt_texts import applied_by_manifest
from workflows.corrections.receipts import CHECK, STEWARDS
from workflows.corrections.recipients import tell_recipients
from workflows.corrections.reingestion import resolve_with
from workflows.corrections.tombstones import enqueue_reingestion_scans, record_tombstones
from workflows.corrections.transition import (
    ManifestRefused,
    advance,
    cases_of,
)
from workflows.corrections.unjudged import unjudged_of
from workflows.datasets.inventory import read_snapshot
from workflows.datasets.locations import as_table, files_of, path_of
from workflows.datasets.models import Snapshot
from workflows.datasets.purging import mark_superseded
from workflows.datasets.register import UNREAD, mark_purged
from workflows.lookups.findings import not_kept_of
from workflows.lookups.models import Match
from workflows.lookups.terms import terms_of_all
from workflows.outbox.long_work import advisory_lock


def verify_manifest(manifest_id: str) -> None:
    """Re-scan the new snapshot of a manifest that was applied, unless another process does."""
    with advisory_lock(CHECK, manifest_id) as free:
        manifest = Manifest.objects.filter(pk=manifest_id, state=Manifest.State.APPLIED).first()
        if not free or manifest is None or manifest.result is None:
            return
        if manifest.result.state in UNREAD:
            read_snapshot(manifest.result.pk)
            manifest.result.refresh_from_db()
        if manifest.result.state in UNREAD:
            return  # another process reads it; the effect looks again
        entries = entries_of(manifest)
        left = _left(manifest, manifest.result, entries)
        # An erasure may have ended it while it was searched.
        with suppress(ManifestRefused):
            if left:
                send_back(manifest, left)
            else:
                _verify(manifest, entries)


def _left(
    manifest: Manifest, result: Snapshot, entries: list[ManifestEntry]
) -> list[dict[str, object]]:
    """Return the places where something is left; one without a place if it cannot be looked at."""
    if not result.is_readable:
        return [{"why": UNREADABLE, "file": result.location}]
    cases = cases_of(manifest)
    gone = {entry.case_pseudonym for entry in entries if entry.op is not Op.REPLACE}
    # Who is only corrected may stand, also where one of their records goes for somebody else.
    to_go = manifest.instructions.exclude(operation=Instruction.Operation.REPLACE)
    gone &= {str(pseudonym) for pseudonym in to_go.values_list("item__case__pseudonym", flat=True)}
    # Of a case that has ended only the records that came back are looked at: nobody judges more.
    searched = [
        case for case in cases if str(case.pseudonym) in gone and case.state == State.EXECUTING
    ]
    patterns = Patterns(terms_of_all(searched)) if searched else None
    may_stay = _may_stay(searched, [*_line(manifest, result), result])
    judged = _judged(searched, manifest, result)
    members = related_versions(manifest.snapshot)
    on_purpose: OnPurpose = {str(case.pk): corrected_for(case, members) for case in searched}
    try:
        if not result.traits.has_files:
            found = rescan_table(
                entries,
                as_table(result),
                patterns,
                may_stay,
                judged=judged,
                may_stand=_may_stand(manifest, entries),
                on_purpose=on_purpose,
            )
            return [_shown(place) for place in found]
        before = _before(manifest)
        if before is None and result.traits.holds_documents:
            return [_not_comparable(manifest.snapshot)]
        found = rescan(
            entries,
            path_of(result),
            result.schema,
            patterns,
            may_stay,
            before=before,
            judged=judged,
            may_stand=_may_stand(manifest, entries) if before is None else None,
            on_purpose=on_purpose,
        )
        left = [_shown(place) for place in found]
    except (ManifestError, EditRefused, ReadError):
        return [{"why": UNREADABLE, "file": result.location}]
    if result.traits.holds_documents:
        about_all = _not_kept(searched, manifest.snapshot)
        about_all += _unjudged_in_text(searched, manifest, result)
    else:
        about_all = _rows_lost(manifest.snapshot, result, entries) if before is None else []
    # Of many places the first are kept: what is said of all comes before what is said of one.
    return about_all + left


def _before(manifest: Manifest) -> OriginalSnapshot | None:
    """Return what the new snapshot is compared with; None if files of the old one are gone.

    Raises ReadError.
    """
    old = manifest.snapshot
    try:
        there = [name for _path, name in files_of(old)]
    except ReadError as error:
        if error.problem in (ReadProblem.MISSING, ReadProblem.EMPTY):
            return None
        raise
    if old.files.exclude(path__in=there).exists():
        return None
    return OriginalSnapshot(path_of(old), Replacements(manifest.replacements))


def _not_comparable(old: Snapshot) -> dict[str, object]:
    return {"why": NOT_COMPARABLE, "file": old.location}


def _may_stand(manifest: Manifest, entries: list[ManifestEntry]) -> Counter[Text]:
    """Count the records that have a text which is changed in others, and are not changed.

    The look-up has found the people of a manifest in all that have such a text.
    """
    watched = {(entry.field, entry.sha256_before) for entry in entries}
    watched |= {(entry.field, entry.sha256_after) for entry in entries}
    with_text: dict[Text, set[tuple[str, object]]] = defaultdict(set)
    for case in cases_of(manifest):
        found = case.matches.filter(snapshot=manifest.snapshot, text_sha256__isnull=False)
        for match in found.select_related("case__data_key"):
            if (text := text_of(match)) in watched:
                position = match.record if match.position is None else match.position
                with_text[text].add((match.file, position))
    changed = Counter(
        (field, sha256)
        for _place, field, sha256 in {(e.place, e.field, e.sha256_before) for e in entries}
    )
    return Counter({text: len(records) for text, records in with_text.items()}) - changed


def _not_kept(cases: list[Case], old: Snapshot) -> list[dict[str, object]]:
    """Return a line for the names in plain text that no look-up has kept for people to judge.

    Weak places are not searched for there. Of records they are, and counted.
    """
    return _number_left(
        ResidualReason.NOT_KEPT, sum(not_kept_of(case).get(old.pk, 0) for case in cases)
    )


def _rows_lost(
    old: Snapshot, new: Snapshot, entries: list[ManifestEntry]
) -> list[dict[str, object]]:
    """Compare what was counted when the snapshots were read, as there is nothing else left."""
    if old.rows is None or new.rows is None:
        return [_not_comparable(old)]
    expected = old.rows - len({entry.place for entry in entries if entry.op is Op.DELETE})
    if expected == new.rows:
        return []
    return [
        _shown(Residual(ResidualReason.RECORDS, "", None, "", expected=expected, counted=new.rows))
    ]


def _shown(place: Residual) -> dict[str, object]:
    return {name: value for name, value in asdict(place).items() if value not in ("", None)}


def _may_stay(cases: list[Case], line: list[Snapshot]) -> ExpectedHits:
    """Count the hits that were judged to be someone else's, or of which nobody was sure.

    What was judged in several versions is one hit, not several.
    """
    others = Match.objects.filter(case__in=cases, snapshot__in=line).exclude(
        verdict__in=(Match.Verdict.THEIRS, "")
    )
    is_text = line[-1].traits.holds_documents
    if is_text:  # weak ones are not looked at there, and records have other ids in each version
        others = others.filter(strength=Match.Strength.STRONG)
    in_versions: dict[int, ExpectedHits] = defaultdict(ExpectedHits)
    for match in others.select_related("case__data_key"):
        record = "" if is_text else str(match.record)
        hit = (str(match.case_id), record, Kind(match.kind))
        in_versions[match.snapshot_id][hit] += 1
    return reduce(or_, in_versions.values(), ExpectedHits())


def _line(manifest: Manifest, result: Snapshot) -> list[Snapshot]:
    """Return the versions from which the new one came, the oldest first."""
    line = lineage(result)[:-1]
    return line if manifest.snapshot in line else lineage(manifest.snapshot)


def _judged(cases: list[Case], manifest: Manifest, result: Snapshot) -> Judged:
    """Count the hits that may stand in the whole of the new snapshot.

    For each case by the last version in which it was found before; what was judged in the new one
    counts, too. Of weak ones that nobody has judged as many may stay as stood there, but for those
    that may be what was judged theirs in an older version; and those that the manifest leaves out:
    their instruction waits for a receipt by hand.
    """
    others: Counter[tuple[str | int, Kind]] = Counter()
    waiting: Counter[tuple[str | int, Kind]] = Counter()
    refs = set()
    line = _line(manifest, result)
    for case in cases:
        verdicts: dict[int, Counter[tuple[str, str]]] = defaultdict(Counter)
        found = case.matches.filter(snapshot__in=[*line, result]).order_by()
        counted = found.values_list("snapshot", "kind", "verdict").annotate(Count("pk"))
        for snapshot_id, kind, verdict, number in counted:
            verdicts[snapshot_id][kind, verdict] = number
        known = [version.pk in verdicts for version in line]
        others |= _those_of_others(case, verdicts[result.pk])
        if any(known):
            last = len(known) - known[::-1].index(True)
            refs.add(str(case.pk))
            others |= _those_of_others(case, verdicts[line[last - 1].pk])
            may_stay, _theirs = unjudged_of(case, line[:last])
            for kind, number in may_stay.items():
                waiting[str(case.pk), kind] += number
            waiting += _left_out(case, line[last - 1].pk, manifest)
    return Judged(refs, others, waiting)


def _unjudged_in_text(
    cases: list[Case], manifest: Manifest, result: Snapshot
) -> list[dict[str, object]]:
    """Return a line for the names in plain text that may be what was judged theirs before."""
    line = _line(manifest, result)
    return _number_left(
        ResidualReason.UNJUDGED, sum(unjudged_of(case, line)[1].total() for case in cases)
    )


def _number_left(why: ResidualReason, number: int) -> list[dict[str, object]]:
    """Return a line that says so of so many places, which it cannot name."""
    return [_shown(Residual(why, "", None, "", expected=0, counted=number))] if number else []


def _left_out(case: Case, snapshot_id: int, manifest: Manifest) -> Counter[tuple[str | int, Kind]]:
    """Count the weak hits of a case which a manifest names as places that it does not change."""
    names = itemgetter("file", "id", "field", "start")
    # Of those that name no start a correction is left out, for which nobody is searched.
    places = {names(place) for place in manifest.left_out or [] if "start" in place}
    theirs = case.matches.filter(
        snapshot=snapshot_id, verdict=Match.Verdict.THEIRS, strength=Match.Strength.WEAK
    )
    found: Counter[tuple[str | int, Kind]] = Counter()
    for match in theirs.select_related("case__data_key") if places else ():
        place = (match.record, match.field, match.start)
        # A match from before this was kept does not say in which file its record is meant.
        if not places.isdisjoint({(match.file, *place), ("", *place)}):
            found[str(case.pk), Kind(match.kind)] += 1
    return found


def _those_of_others(
    case: Case, verdicts: Counter[tuple[str, str]]
) -> Counter[tuple[str | int, Kind]]:
    found: Counter[tuple[str | int, Kind]] = Counter()
    for (kind, verdict), number in verdicts.items():
        if verdict not in ("", Match.Verdict.THEIRS):
            found[str(case.pk), Kind(kind)] += number
    return found


def _verify(manifest: Manifest, entries: list[ManifestEntry]) -> None:
    receipt = manifest.receipts.last()
    assert receipt is not None
    steward = Actor(STEWARDS, receipt.by)
    with transaction.atomic():
        facts = {"snapshot": manifest.result_id}
        advance(manifest, Action.VERIFY, SYSTEM, facts=facts, checked_at=timezone.now())
        for case in cases_of(manifest):
            record_tombstones(case, entries)
        enqueue_reingestion_scans(manifest)
        tell_recipients(manifest)
        mark_superseded(manifest.snapshot)
        for older in _overwritten(manifest):
            mark_purged(older, steward)
        resolve_with(manifest)
        # Those of what came back were carried out before.
        waiting = manifest.instructions.open()
        for instruction in waiting.select_related("item__case"):
            if instruction.item.case.state == State.EXECUTING and is_carried_out(instruction):
                complete(instruction, steward, applied_by_manifest(manifest))
        for case in cases_of(manifest):
            ask_for_manifests(case)


def _overwritten(manifest: Manifest) -> list[Snapshot]:
    """Return the versions that are no more, for their table was changed in place, not copied."""
    result = manifest.result
    if result is None or result.location != manifest.snapshot.location:
        return []
    there = Snapshot.objects.filter(dataset=result.dataset_id, location=result.location)
    older = there.filter(registered_at__lt=result.registered_at)
    return list(older.exclude(state=Snapshot.State.PURGED))
