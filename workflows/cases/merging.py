"""Merging a duplicate into the case that goes on, and taking it out again.

One person may merge two cases that share a confirmed address; else one proposes and another
approves. What the duplicate asks for, and by what its subject can be found, is carried over. The
person is told, and their word is enough to take the case out again.
"""

from collections.abc import Iterator
from uuid import UUID

from django.db import transaction
from django.db.models import Max, ProtectedError
from django.utils.translation import gettext as _

from workflows.accounts.actors import PUBLIC, Actor
from workflows.cases import clocks
from workflows.cases.lifecycle import MERGE_TARGETS, Action, State
from workflows.cases.models import Case, Identifier, Item
from workflows.cases.transition import advance, append_case_event, lock_case
from workflows.common.errors import InvalidInput
from workflows.common.inputs import require_text
from workflows.outbox.services import enqueue
from workflows.vocabulary.item_kinds import ItemKind

# Where the look-up at the beginning of the review lies behind the case that goes on.
_LOOKED_UP = frozenset({State.IN_REVIEW, State.INFORMATION_NEEDED, State.FEE_NEEDED})


def merge_duplicate(case: Case, actor: Actor, into: Case) -> None:
    """Merge a duplicate into the case that goes on, which was filed first: its date stays.

    Raises `MoveRefused` where the two share no confirmed address, `InvalidInput` where what the
    duplicate is owed would be lost.
    """
    with transaction.atomic():
        _choose(case, into)
        advance(case, Action.MERGE, actor, facts={"into": str(into.pseudonym)})
        _join(case, into, actor)


def propose_merge(case: Case, actor: Actor, into: Case, reasons: str) -> None:
    """Propose to merge a case into another, saying why; somebody else decides.

    Raises as `merge` does, but needs no confirmed address in common.
    """
    reasons = require_text(reasons)
    with transaction.atomic():
        _choose(case, into)
        advance(
            case,
            Action.PROPOSE_MERGE,
            actor,
            facts={"into": str(into.pseudonym)},
            contents={"reasons": reasons},
        )


def approve_merge(case: Case, actor: Actor) -> None:
    """Merge a case as somebody else proposed. Raises as `propose_merge` does."""
    with transaction.atomic():
        into = Case.objects.get(pk=case.pk).merge_proposed_into
        if into is None:
            advance(case, Action.APPROVE_MERGE, actor)  # says what is missing
            return
        _choose(case, into)
        advance(case, Action.APPROVE_MERGE, actor, facts={"into": str(into.pseudonym)})
        _join(case, into, actor)


def decline_merge(case: Case, actor: Actor, reasons: str) -> None:
    """Say why a case is not merged as was proposed."""
    advance(case, Action.DECLINE_MERGE, actor, contents={"reasons": require_text(reasons)})


def unmerge(case: Case, actor: Actor = PUBLIC, reasons: str = "") -> None:
    """Take a case out of the one into which it was merged; its time has run all along.

    What was carried over is taken out again, unless the other case has been decided meanwhile.
    Raises `MoveRefused`.
    """
    reasons = require_text(reasons) if reasons.strip() else ""
    while not _unmerge(case, actor, reasons):
        pass


def _unmerge(case: Case, actor: Actor, reasons: str) -> bool:
    """Take a case out, unless a merge that was committed before the locks has changed the chain.

    No case is locked after the others: that would break the one order of `_lock`. So a chain that
    has changed gives all locks back, and the caller reads it anew.
    """
    chain = list(_goes_on_as(case))
    with transaction.atomic():
        others = _lock(case, *chain)[1:]
        if list(_goes_on_as(case)) != chain:
            transaction.set_rollback(True)
            return False
        advance(case, Action.UNMERGE, actor, contents={"reasons": reasons} if reasons else None)
        clocks.recompute(case)
        carried = case.items.exclude(carried_from=None)
        origins = {case.pk, *carried.values_list("carried_from", flat=True)}
        for other in others:
            _take_out(case, other, actor, origins)
    return True


def _goes_on_as(case: Case) -> Iterator[Case]:
    """Yield the case into which a case was merged, the one into which that was, and so on."""
    other = Case.objects.get(pk=case.pk).merged_into
    while other is not None:
        yield other
        other = other.merged_into


def _lock(*cases: Case) -> list[Case]:
    """Lock cases in one order, so that two merges across each other do not wait for each other."""
    locked = {one.pk: lock_case(one) for one in sorted(cases, key=lambda one: one.pk)}
    return [locked[one.pk] for one in cases]


def _choose(case: Case, into: Case) -> None:
    """Lock both cases, refuse what would lose the person something, and keep the choice."""
    if into.pk == case.pk:
        raise InvalidInput(_("A case cannot be merged into itself."))
    if into.filed_at > case.filed_at:
        raise InvalidInput(
            _(
                "The other case was filed after this one. Merge the later case into the earlier,"
                " so that the date of the earlier stays."
            )
        )
    this, other = _lock(case, into)
    if not set(this.applicable_regimes) <= set(other.applicable_regimes):
        raise InvalidInput(_("The other case is under another law; each keeps its own time."))
    if this.due_at and other.due_at and other.due_at > this.due_at:
        raise InvalidInput(
            _("The other case is due later than this one, whose date would be lost by merging.")
        )
    Case.objects.filter(pk=case.pk).update(merge_proposed_into=into)


def _join(case: Case, into: Case, actor: Actor) -> None:
    """Carry over what a case asks for to the one into which it was merged; put it on record."""
    into = lock_case(into)
    identifiers, items = _carry_identifiers(case, into), _carry_items(case, into)
    event = append_case_event(
        into,
        "case.joined",
        role=actor.role,
        pseudonym=actor.pseudonym,
        facts={"other": str(case.pseudonym), "items": items, "identifiers": identifiers},
    )
    _renew(into)
    if into.state in _LOOKED_UP:
        effect = "lookups.look_up"
        enqueue(effect, key=f"{effect}:{event.uid}", payload={"case": str(into.pk)})


def _carry_identifiers(case: Case, into: Case) -> int:
    known = {(each.kind, each.value) for each in into.identifiers.all()}
    carried = [
        Identifier(case=into, kind=each.kind, value=each.value, carried_from_id=_origin(each))
        for each in case.identifiers.all()
        if (each.kind, each.value) not in known
    ]
    return len(Identifier.objects.bulk_create(carried))


def _carry_items(case: Case, into: Case) -> int:
    """Copy the items that the other case does not have word for word; complaints stay by theirs."""
    known = [(each.kind, each.details) for each in into.items.all()]
    wanted = [
        each
        for each in case.items.all()
        if each.kind != ItemKind.COMPLAINT and (each.kind, each.details) not in known
    ]
    last = into.items.aggregate(last=Max("position"))["last"] or 0
    carried = [
        Item(
            case=into,
            position=position,
            kind=each.kind,
            details=each.details,
            carried_from_id=_origin(each),
        )
        for position, each in enumerate(wanted, start=last + 1)
    ]
    return len(Item.objects.bulk_create(carried))


def _origin(row: Item | Identifier) -> UUID:
    return row.carried_from_id or row.case_id


def _take_out(case: Case, other: Case, actor: Actor, origins: set[UUID]) -> None:
    """Take out of another case what was carried into it, while that case is not decided."""
    taken = 0
    if other.state in MERGE_TARGETS | {State.MERGED}:
        other.identifiers.filter(carried_from__in=origins).delete()
        for item in other.items.filter(carried_from__in=origins):
            try:
                item.delete()
            except ProtectedError:  # something was done for it already, which stays on record
                continue
            taken += 1
        _renew(other)
    append_case_event(
        other,
        "case.left",
        role=actor.role,
        pseudonym=actor.pseudonym,
        facts={"other": str(case.pseudonym), "items": taken},
    )


def _renew(case: Case) -> None:
    """Bring the kinds of a case, and the clocks that follow from them, up to its items."""
    case.kinds = list(case.items.order_by("position").values_list("kind", flat=True))
    case.save(update_fields=["kinds"])
    if case.state != State.MERGED:
        clocks.recompute(case)
