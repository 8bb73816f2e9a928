"""Making manifests: from approved items and the places judged theirs to what a pipeline must do."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from workflows.cases.models import Case
from workflows.cases.transition import append_case_event
from workflows.common.errors import Refused
from workflows.corpus.edits.manifest_files import package
from workflows.corpus.edits.resolve import resolve, resolve_located
from workflows.corpus.entries import (
    JSONL,
    NOTE,
    PARQUET,
    EditRefused,
    EntryOrigin,
    Header,
    ManifestEntry,
    ManifestError,
    Op,
    RecordNotFound,
    Replacements,
    RequestedChange,
)
from workflows.corpus.formats.sql_table import changes_script
from workflows.corpus.values import ReadError
from workflows.corrections.item_changes import replacements_of
from workflows.corrections.keys import manifest_signer
from workflows.corrections.lineage import related_versions, tips
from workflows.corrections.manifests import (
    MAKE,
    OPS,
    entries_of,
    matches_to_change,
    needs_manifest,
    pending_instructions,
)
from workflows.corrections.models import Instruction, Manifest
from workflows.datasets.locations import as_table, path_of
from workflows.datasets.models import Snapshot
from workflows.outbox.long_work import advisory_lock
from workflows.vault.services import create_data_key
from workflows.vocabulary.roles import Role

logger = logging.getLogger(__name__)

Changes = dict[Instruction, list[RequestedChange]]


def build_manifest(snapshot_id: int | str) -> Manifest | None:
    """Make the manifest of all that is to be changed in a family of snapshots, in the newest first.

    While another one is under way there, the rest waits for it. Places that are no longer as they
    were found, or could be in several records, are left out: their instruction waits for a receipt
    by hand.
    """
    snapshot = Snapshot.objects.get(pk=snapshot_id)
    members = related_versions(snapshot)
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
    replaces = [one for one in changes if one.operation == Instruction.Operation.REPLACE]
    try:
        entries = _resolved(changes, target, wording, left_out)
    except (ManifestError, ReadError) as error:
        logger.warning("No manifest for snapshot %s: %s", target.pk, type(error).__name__)
        return None
    for instruction in replaces:
        if instruction not in changes and not left_out.get(instruction):
            instruction.without_wording.add(target)
    return store_manifest(target, changes, entries, wording, left_out) if entries else None


def _changes(instruction: Instruction, target: Snapshot) -> list[RequestedChange]:
    """Return a change for each place, or for each record where a wrong text is to be replaced."""
    op = OPS[Instruction.Operation(instruction.operation)]
    case = instruction.item.case
    pairs = _pairs(instruction) if op is Op.REPLACE else []
    found: dict[RequestedChange, None] = {}
    is_text = target.traits.holds_documents
    for match in matches_to_change(case, op, target):
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
) -> list[ManifestEntry]:
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
    entries: list[ManifestEntry],
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


def changes_sql(manifest: Manifest) -> bytes:
    """Return the changes of a manifest as a transaction for the table of its snapshot.

    Raises `Shredded` after one of its cases was erased, `Refused` where the table is not as it was.
    """
    entries, wording = entries_of(manifest), Replacements(manifest.replacements)
    try:
        table = as_table(manifest.snapshot)
        return changes_script(entries, table, wording, manifest=str(manifest.pk)).encode()
    except (EditRefused, ManifestError, ReadError) as error:
        raise Refused(str(error)) from error
