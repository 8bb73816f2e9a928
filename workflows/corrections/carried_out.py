"""When an instruction counts as carried out: in every version that is in use, and proved there."""

import logging

from workflows.accounts.actors import Actor
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.common.errors import DomainError
from workflows.corrections.instructions import complete
from workflows.corrections.lineage import is_searched, line_of, lineage, related_versions, tips
from workflows.corrections.manifests import verified_for
from workflows.corrections.models import Instruction, Manifest
from workflows.corrections.receipt_texts import applied_by_manifest
from workflows.corrections.receipts import STEWARDS
from workflows.corrections.unjudged import unjudged_of
from workflows.datasets.models import Snapshot
from workflows.lookups.findings import not_kept_of
from workflows.lookups.models import Match

logger = logging.getLogger(__name__)


def is_carried_out(instruction: Instruction) -> bool:
    """Return whether every snapshot in which the person was found has a verified manifest.

    Made for it, or for one that was made from it, or it came out of one. Not where one of them
    leaves places out, and not while another version was made meanwhile in which nobody has looked
    for the person, or has judged what may be theirs, or places were counted and not kept.
    """
    case = instruction.item.case
    done = Manifest.objects.filter(instructions=instruction, state=Manifest.State.VERIFIED)
    if done.filter(incomplete=instruction).exists():
        return False
    replaced: set[int] = set()
    for manifest in done.select_related("snapshot", "result"):
        replaced.update(line_of(manifest.snapshot))
        if manifest.result is not None:
            replaced.update(line_of(manifest.result))

    def is_settled(snapshot: Snapshot) -> bool:
        return snapshot.pk in replaced or done.filter(verified_for(snapshot)).exists()

    found = Snapshot.objects.filter(
        matches__case=case, matches__verdict=Match.Verdict.THEIRS
    ).exclude(state=Snapshot.State.PURGED)
    theirs = {snapshot.pk: snapshot for snapshot in found.distinct()}
    if not all(map(is_settled, theirs.values())):
        return False
    families = {members[0].pk: members for members in map(related_versions, theirs.values())}
    meanwhile = [
        tip
        for members in families.values()
        for tip in tips(members)
        if tip.pk not in theirs and theirs.keys() & set(line_of(tip)) and not is_settled(tip)
    ]
    not_kept = not_kept_of(case)
    return all(
        tip.pk not in not_kept and is_searched(case, tip) and not _may_be_theirs(case, tip)
        for tip in meanwhile
    )


def _may_be_theirs(case: Case, snapshot: Snapshot) -> bool:
    """Return whether something that nobody has judged may be what was judged theirs before."""
    strong = case.matches.filter(snapshot=snapshot, verdict="", strength=Match.Strength.STRONG)
    return strong.exists() or bool(unjudged_of(case, lineage(snapshot))[1])


def complete_verified() -> int:
    """Complete the instructions that were not carried out yet when their manifest was verified.

    Another version held them up, in which nothing is left by now, or which exists no more. Returns
    how many that were.
    """
    waiting = Instruction.objects.open().filter(
        item__case__state=State.EXECUTING, manifests__state=Manifest.State.VERIFIED
    )
    done = 0
    for instruction in waiting.select_related("item__case__data_key").distinct():
        verified = instruction.manifests.filter(state=Manifest.State.VERIFIED)
        manifest = verified.latest("checked_at")
        receipt = manifest.receipts.last()
        if receipt is not None and is_carried_out(instruction):
            try:
                complete(instruction, Actor(STEWARDS, receipt.by), applied_by_manifest(manifest))
            except DomainError as error:  # the case has moved on meanwhile
                logger.warning("Instruction %s: %s", instruction.pk, type(error).__name__)
                continue
            done += 1
    return done
