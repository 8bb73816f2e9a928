"""Making manifests: from approved items and the places judged theirs to what a pipeline must do."""

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from uuid import uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.cases.transition import append_case_event
from workflows.corpus.edits.census import Text
from workflows.corpus.edits.manifest_files import package
from workflows.corpus.edits.resolve import resolve, resolve_located
from workflows.corpus.entries import (
    JSONL,
    NOTE,
    PARQUET,
    Entry,
    EntryOrigin,
    Header,
    ManifestError,
    Op,
    RecordNotFound,
    Replacements,
    RequestedChange,
)
from workflows.corpus.values import ReadError, RecordId
from workflows.corrections.families import as_table, family, line_of, tips
from workflows.corrections.item_changes import replacements_of
from workflows.corrections.keys import manifest_signer
from workflows.corrections.models import Instruction, Manifest
from workflows.corrections.places import text_of
from workflows.datasets.models import Snapshot
from workflows.datasets.sources import path_of
from workflows.lookups.models import Match
from workflows.outbox.long_work import advisory_lock, enqueue_task
from workflows.vault.crypto import Shredded
from workflows.vault.services import create_data_key
from workflows.vocabulary.roles import Role

MAKE = "corrections.make_manifest"

OPS = {
    Instruction.Operation.DELETE: Op.DELETE,
    Instruction.Operation.ANONYMISE: Op.REDACT,
    Instruction.Operation.REPLACE: Op.REPLACE,
}

logger = logging.getLogger(__name__)

Changes = dict[Instruction, list[RequestedChange]]


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
    oldest = {family(snapshot)[0].pk for snapshot in found}
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
    members = family(snapshot)
    live = Manifest.objects.filter(snapshot__in=members, state__in=Manifest.LIVE).exists()
    return not live and any(pending_instructions(members, target) for target in tips(members))


def build_manifest(snapshot_id: int | str) -> Manifest | None:
    """Make the manifest of all that is to be changed in a family of snapshots, in the newest first.

    While another one is under way there, the rest waits for it. Places that are no longer as they
    were found, or could be in several records, are left out: their instruction waits for a receipt
    by hand.
    """
    snapshot = Snapshot.objects.get(pk=snapshot_id)
    members = family(snapshot)
    with advisory_lock(MAKE, str(members[0].pk)) as free:
        if not free or not needs_manifest(snapshot_id):
            return None
        made = (_make(members, target) for target in tips(members))
        return next((manifest for manifest in made if manifest is not None), None)


def _make(members: Sequence[Snapshot], target: Snapshot) -> Manifest | None:
    changes = {one: _changes(one, target) for one in pending_instructions(members, target)}
    changes = {instruction: of_one for instruction, of_one in changes.items() if of_one}
    wording = Replacements({ref: right for one in changes for ref, _, right in _pairs(one)})
    left_out: Changes = defaultdict(list)
    try:
        entries = _resolved(changes, target, wording, left_out)
    except (ManifestError, ReadError) as error:
        logger.warning("No manifest for snapshot %s: %s", target.pk, type(error).__name__)
        return None
    return store_manifest(target, changes, entries, wording, left_out) if entries else None


def _changes(instruction: Instruction, target: Snapshot) -> list[RequestedChange]:
    """Return a change for each place, or for each record where a wrong text is to be replaced."""
    op = OPS[Instruction.Operation(instruction.operation)]
    case = instruction.item.case
    pairs = _pairs(instruction) if op is Op.REPLACE else []
    found: dict[RequestedChange, None] = {}
    is_text = target.traits.holds_documents
    own = case.matches.filter(verdict=Match.Verdict.THEIRS, snapshot=target)
    matches = list(own.select_related("case__data_key"))
    if op is Op.DELETE and not is_text:  # what a former manifest has corrected stays
        matches = not_corrected(case, matches, target)
    for match in matches:
        place = RequestedChange(
            op, "", match.record, match.field, case_pseudonym=str(case.pseudonym)
        )
        if match.text_sha256 or is_text:  # text is read only where the file is named
            place = replace(
                place,
                file=match.file,
                position=match.position,
                text_sha256=match.text_sha256 or "",
            )
        if is_text:  # a record of it is a stretch of some pages, which are about others, too
            place = replace(place, start=match.start, end=match.end)
        if op is not Op.REPLACE:
            written = match.excerpt["hit"]
            found[replace(place, start=match.start, end=match.end, written=written)] = None
        for ref, wrong, _right in pairs:
            found[replace(place, written=wrong, replacement_ref=ref, anywhere=True)] = None
    return list(found)


def not_corrected(case: Case, matches: list[Match], snapshot: Snapshot) -> list[Match]:
    """Leave out the matches in records that stay, because the same case has corrected them."""
    texts = corrected_for(case, family(snapshot))
    corrected = {_record(match) for match in matches if text_of(match) in texts}
    return [match for match in matches if _record(match) not in corrected]


def corrected_for(case: Case, members: Sequence[Snapshot]) -> set[Text]:
    """Return the texts in which a case stands on purpose: it has corrected them and no more.

    By a decision that was not taken back.
    """
    corrects = Q(operation=Instruction.Operation.REPLACE, retired_at=None)
    if not Instruction.objects.filter(corrects, item__case=case).exists():
        return set()
    taken_back = Instruction.objects.filter(item__case=case).exclude(retired_at=None)
    retired = tuple(f"{pk}-" for pk in taken_back.values_list("pk", flat=True))

    def corrections(entries: list[Entry]) -> list[Entry]:
        own = [entry for entry in entries if entry.case_pseudonym == str(case.pseudonym)]
        emptied = {entry.place for entry in own if entry.op is not Op.REPLACE}
        return [
            entry
            for entry in own
            if entry.place not in emptied and not entry.replacement_ref.startswith(retired)
        ]

    return texts_after(corrections, members)


def texts_after(
    meant: Callable[[list[Entry]], list[Entry]],
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


def _record(match: Match) -> tuple[str, RecordId, int | None]:
    return match.file, match.record, match.position


def _pairs(instruction: Instruction) -> list[tuple[str, str, str]]:
    """Return a name, the wrong and the right text for each replacement of an instruction."""
    if instruction.operation != Instruction.Operation.REPLACE:
        return []
    return [
        (f"{instruction.pk}-{number}", wrong, right)
        for number, (wrong, right) in enumerate(replacements_of(instruction.item))
    ]


def _resolved(
    changes: Changes, target: Snapshot, wording: Replacements, left_out: Changes
) -> list[Entry]:
    """Return the entries, and take out of `changes` what cannot be made.

    What is not simply done with goes into `left_out`.
    """
    schema = target.schema
    origin = EntryOrigin(target.dataset.name, target.version, schema.id_field, schema.source_field)
    while changes:
        wanted = [change for of_one in changes.values() for change in of_one]
        try:
            if not target.traits.has_files:
                rows = as_table(target).located({str(change.id) for change in wanted})
                return list(resolve_located(dict.fromkeys(wanted), rows, origin, wording))
            return list(resolve(dict.fromkeys(wanted), path_of(target), origin, wording))
        except RecordNotFound as error:
            for instruction, of_one in list(changes.items()):
                fitting = [change for change in of_one if change not in error.changes]
                unmade = error.changes - error.done
                left_out[instruction] += [change for change in of_one if change in unmade]
                if fitting:
                    changes[instruction] = fitting
                else:
                    del changes[instruction]
    return []


def store_manifest(
    target: Snapshot,
    instructions: Iterable[Instruction],
    entries: list[Entry],
    wording: Replacements,
    left_out: Mapping[Instruction, Sequence[RequestedChange]] = MappingProxyType({}),
) -> Manifest:
    """Write and sign a manifest of a snapshot for some instructions, and tell the log.

    `left_out` are changes of these instructions which it does not make.
    """
    pk = uuid4()
    made = timezone.now()
    header = Header(
        str(pk), target.dataset.name, target.version, made.isoformat(timespec="seconds")
    )
    files = package(header, entries, manifest_signer())
    used = {entry.replacement_ref for entry in entries}
    instructions = list(instructions)
    incomplete = [one for one in instructions if left_out.get(one)]
    by_case: dict[Case, list[Instruction]] = defaultdict(list)
    for instruction in instructions:
        by_case[instruction.item.case].append(instruction)
    with transaction.atomic():
        manifest = Manifest.objects.create(
            id=pk,
            data_key=create_data_key(),
            snapshot=target,
            records=len({entry.place for entry in entries}),
            note=files[NOTE].decode(),
            jsonl=files[JSONL],
            parquet=files[PARQUET],
            replacements={r: text for r, text in wording.replacements.items() if r in used},
            left_out=[_named(change) for one in incomplete for change in left_out[one]],
        )
        manifest.instructions.set(instructions)
        manifest.incomplete.set(incomplete)
        for case, own in by_case.items():
            append_case_event(
                case,
                "manifest.made",
                role=Role.SYSTEM,
                facts={
                    "manifest": str(pk),
                    "snapshot": target.pk,
                    "instructions": [str(instruction.pk) for instruction in own],
                },
            )
    return manifest


def _named(change: RequestedChange) -> dict[str, object]:
    """Return what names a place to staff."""
    named: dict[str, object] = {"file": change.file, "id": change.id, "field": change.field}
    return named if change.anywhere else {**named, "start": change.start, "end": change.end}


def entries_of(manifest: Manifest) -> list[Entry]:
    """Return the entries of a manifest. Raises `Shredded` after one of its cases was erased."""
    lines = manifest.jsonl.splitlines()
    return [Entry.from_dict(json.loads(line), number) for number, line in enumerate(lines)]


def sweep_manifests() -> int:
    """Ask for manifests for all that waits: after another one has ended, or a new look-up.

    Returns for how many families of snapshots.
    """
    waiting = Instruction.objects.open().filter(item__case__state=State.EXECUTING)
    with transaction.atomic():
        return _ask_for_manifests(Case.objects.filter(items__instructions__in=waiting))
