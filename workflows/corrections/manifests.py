"""Manifests: which are needed, what stands in them, and what their re-scan came to.

What reads or writes data is done by `manifest_builder`, `manifest_application` and
`manifest_verification`, in the background.
"""

import json
from collections.abc import Callable, Iterable, Sequence

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from workflows.accounts.actors import SYSTEM, Actor
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.corpus.entries import ManifestEntry, Op, Text
from workflows.corpus.values import RecordId
from workflows.corrections.lifecycle import Action, Situation
from workflows.corrections.lineage import line_of, related_versions, tips
from workflows.corrections.models import Instruction, Manifest
from workflows.corrections.places import text_of
from workflows.corrections.receipts import CHECK
from workflows.corrections.transition import advance, lock_manifest
from workflows.datasets.models import Snapshot
from workflows.lookups.models import Match
from workflows.outbox.long_work import enqueue_task, lock_or_retry
from workflows.vault.crypto import Shredded

MAKE = "corrections.make_manifest"

OPS = {
    Instruction.Operation.DELETE: Op.DELETE,
    Instruction.Operation.ANONYMISE: Op.REDACT,
    Instruction.Operation.REPLACE: Op.REPLACE,
}

# Why nothing is known of a place of the new snapshot.
UNREADABLE, GAVE_UP, NOT_COMPARABLE = "unreadable", "gave_up", "not_comparable"
# The most places that are kept for staff to look at.
_SHOWN = 200


def ask_for_manifests(case: Case) -> None:
    """Have manifests made for every snapshot in which something was found to be the person's.

    Call inside the transaction that issues the instructions.
    """
    _ask_for_manifests([case])


def _ask_for_manifests(cases: Iterable[Case]) -> int:
    """Ask once for each family of snapshots in which one of these cases was found."""
    found = Snapshot.objects.filter(
        matches__case__in=cases, matches__verdict=Match.Verdict.THEIRS
    ).distinct()
    oldest = {related_versions(snapshot)[0].pk for snapshot in found}
    for pk in oldest:
        enqueue_task(MAKE, str(pk), about=f"{pk}:{timezone.now().timestamp()}")
    return len(oldest)


def pending_instructions(members: Sequence[Snapshot], target: Snapshot) -> list[Instruction]:
    """Return what is still to be carried out in a family of snapshots and is in no manifest yet.

    `target` is one of its `tips`: what was judged there, or carried over from older ones, is
    changed, unless it came out of a verified manifest for the same.
    """
    manifests = Manifest.objects.filter(snapshot__in=members)
    found = (
        Instruction.objects.open()
        .filter(
            item__case__state=State.EXECUTING,
            item__case__matches__snapshot=target,
            item__case__matches__verdict=Match.Verdict.THEIRS,
        )
        .exclude(manifests__in=manifests.filter(state__in=Manifest.LIVE))
        .exclude(manifests__in=manifests.filter(verified_for(target)))
    )
    return list(found.select_related("item__case__data_key").distinct().order_by("issued_at", "pk"))


def verified_for(snapshot: Snapshot) -> Q:
    """Return which manifests were verified for a snapshot: made for it, or it came out of them."""
    made = Q(snapshot=snapshot) | Q(result__in=line_of(snapshot))
    return Q(state=Manifest.State.VERIFIED) & made


def needs_manifest(snapshot_id: int | str) -> bool:
    """Return whether a manifest is still to be made, and can be, for the family of a snapshot."""
    snapshot = Snapshot.objects.get(pk=snapshot_id)
    members = related_versions(snapshot)
    live = Manifest.objects.filter(snapshot__in=members, state__in=Manifest.LIVE).exists()
    return not live and any(pending_instructions(members, target) for target in tips(members))


def targets_of(case: Case) -> list[Snapshot]:
    """Return the newest versions of all data in which something was judged theirs."""
    theirs = Q(matches__case=case, matches__verdict=Match.Verdict.THEIRS)
    found = map(related_versions, Snapshot.objects.filter(theirs).distinct())
    families = {members[0].pk: members for members in found}
    return [tip for members in families.values() for tip in tips(members)]


def matches_to_change(case: Case, op: Op, target: Snapshot) -> list[Match]:
    """Return the places of a case in a snapshot of which an operation asks for a change."""
    own = case.matches.filter(verdict=Match.Verdict.THEIRS, snapshot=target)
    matches = list(own.select_related("case__data_key"))
    if op is Op.DELETE and not target.traits.holds_documents:
        # What a former manifest has corrected stays.
        return not_corrected(case, matches, target)
    return matches


def not_corrected(case: Case, matches: list[Match], snapshot: Snapshot) -> list[Match]:
    """Leave out the matches in records that stay, because the same case has corrected them."""
    texts = corrected_for(case, related_versions(snapshot))
    corrected = {_record_of(match) for match in matches if text_of(match) in texts}
    return [match for match in matches if _record_of(match) not in corrected]


def corrected_for(case: Case, members: Sequence[Snapshot]) -> set[Text]:
    """Return the texts in which a case stands on purpose: it has corrected them and no more.

    By a decision that was not taken back.
    """
    corrects = Q(operation=Instruction.Operation.REPLACE, retired_at=None)
    if not Instruction.objects.filter(corrects, item__case=case).exists():
        return set()
    taken_back = Instruction.objects.filter(item__case=case).exclude(retired_at=None)
    retired = tuple(f"{pk}-" for pk in taken_back.values_list("pk", flat=True))

    def corrections(entries: list[ManifestEntry]) -> list[ManifestEntry]:
        own = [entry for entry in entries if entry.case_pseudonym == str(case.pseudonym)]
        emptied = {entry.place for entry in own if entry.op is not Op.REPLACE}
        return [
            entry
            for entry in own
            if entry.place not in emptied and not entry.replacement_ref.startswith(retired)
        ]

    return texts_after(corrections, members)


def texts_after(
    meant: Callable[[list[ManifestEntry]], list[ManifestEntry]],
    members: Sequence[Snapshot],
    known: Iterable[Text] = (),
) -> set[Text]:
    """Return what the manifests of a family made of texts: of those known, and of some entries."""
    texts = set(known)
    changed = Manifest.objects.filter(snapshot__in=members, state__in=Manifest.HAS_RESULT)
    for manifest in changed.select_related("data_key").order_by("made_at"):
        try:
            entries = entries_of(manifest)
        except Shredded:  # another of its cases was erased
            continue
        after = [entry for entry in entries if (entry.field, entry.sha256_before) in texts]
        after += meant(entries)
        texts |= {(entry.field, entry.sha256_after) for entry in after if entry.sha256_after}
    return texts


def _record_of(match: Match) -> tuple[str, RecordId, int | None]:
    return match.file, match.record, match.position


def entries_of(manifest: Manifest) -> list[ManifestEntry]:
    """Return the entries of a manifest. Raises `Shredded` after one of its cases was erased."""
    lines = manifest.jsonl.splitlines()
    return [ManifestEntry.from_dict(json.loads(line), number) for number, line in enumerate(lines)]


def sweep_manifests() -> int:
    """Ask for manifests for all that waits: after another one has ended, or a new look-up.

    Returns for how many families of snapshots.
    """
    waiting = Instruction.objects.open().filter(item__case__state=State.EXECUTING)
    with transaction.atomic():
        return _ask_for_manifests(Case.objects.filter(items__instructions__in=waiting))


def abandon_verification(manifest_id: str) -> None:
    """Send a manifest back whose re-scan never came to an end; it can be asked for again."""
    lock_or_retry(CHECK, manifest_id)
    applied = Manifest.objects.filter(pk=manifest_id, state=Manifest.State.APPLIED)
    manifest = applied.select_related("data_key", "result").first()
    if manifest is None or manifest.result is None:
        return
    why = UNREADABLE if manifest.result.state == Snapshot.State.UNREADABLE else GAVE_UP
    send_back(manifest, [{"why": why, "file": manifest.result.location}])


def was_rescanned(manifest: Manifest) -> bool:
    """Return whether the re-scan of a manifest that was sent back came to its end."""
    return _whys(manifest).isdisjoint({UNREADABLE, GAVE_UP})


def was_compared(manifest: Manifest) -> bool:
    """Return whether enough of the old snapshot was there to compare the new one with."""
    return NOT_COMPARABLE not in _whys(manifest)


def _whys(manifest: Manifest) -> set[object]:
    try:
        return {place["why"] for place in manifest.left}
    except Shredded:
        return set()


def can_be_checked_again(manifest: Manifest) -> bool:
    """Return whether another re-scan may come to something else without another manifest."""
    ended = was_rescanned(manifest) and was_compared(manifest)
    return manifest.state == Manifest.State.LEFT and not ended


def enqueue_verification(manifest: Manifest, actor: Actor) -> None:
    """Have a snapshot re-scanned again that could not be, or not be compared, in the background.

    Raises `ManifestRefused`.
    """
    with transaction.atomic():
        locked = lock_manifest(manifest)
        live = Manifest.objects.filter(
            snapshot__in=related_versions(locked.snapshot), state__in=Manifest.LIVE
        )
        advance(
            locked,
            Action.SEARCH_AGAIN,
            actor,
            situation=Situation(
                search_ended=not can_be_checked_again(locked), other_is_live=live.exists()
            ),
            facts={"snapshot": locked.result_id},
            checked_at=None,
            left_count=0,
            left=[],
        )
        enqueue_task(CHECK, str(locked.pk), about=f"{locked.pk}:{timezone.now().timestamp()}")


def send_back(manifest: Manifest, left: list[dict[str, object]]) -> None:
    """Say what the re-scan has left, or why there was none; it is no proof then.

    Raises `ManifestRefused`.
    """
    advance(
        manifest,
        Action.SEND_BACK,
        SYSTEM,
        facts={"snapshot": manifest.result_id, "places": len(left)},
        checked_at=timezone.now(),
        left_count=len(left),
        left=left[:_SHOWN],
    )
