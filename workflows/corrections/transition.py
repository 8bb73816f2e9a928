"""The one writer of a manifest's state: `advance`; beside it what an erasure ends."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from workflows.accounts.actors import Actor
from workflows.cases.models import Case
from workflows.cases.transition import append_case_event
from workflows.common import state_machine
from workflows.common.errors import Refused
from workflows.common.state_machine import Refusal
from workflows.corrections.lifecycle import MOVES, Action, Situation, State
from workflows.corrections.models import Manifest

_HAS_RECEIPT = _("This manifest has its receipt already.")
_IS_SEARCHED = _("The new snapshot is being searched, or was.")
_RECEIPTS_BY_STEWARDS = _("Only data stewards and pipelines give receipts.")
_WRONG_ROLE = _("Your role may not do this.")
# Why a move is refused, as a sentence for the person who tried: by state and role …
REFUSAL_TEXTS = {
    Action.ACKNOWLEDGE: (_HAS_RECEIPT, _RECEIPTS_BY_STEWARDS),
    Action.REFUSE: (_HAS_RECEIPT, _RECEIPTS_BY_STEWARDS),
    Action.WITHDRAW: (_HAS_RECEIPT, _WRONG_ROLE),
    Action.VERIFY: (_IS_SEARCHED, _WRONG_ROLE),
    Action.SEND_BACK: (_IS_SEARCHED, _WRONG_ROLE),
    Action.SEARCH_AGAIN: (
        _IS_SEARCHED,
        _("Only data stewards have snapshots searched again."),
    ),
    Action.END_ERASED: (_HAS_RECEIPT, _WRONG_ROLE),
}
_WITHDRAWN = _(
    "This manifest was withdrawn, so nothing was to be changed by it. If it was applied all the "
    "same, tell the privacy officer."
)
# … and by what else must be true.
GUARD_TEXTS = {
    "result_or_refusal": _("Say which snapshot came out, unless it was refused."),
    "nothing_taken_back": _("Nothing of this manifest was taken back."),
    "search_ended": _IS_SEARCHED,
    "other_is_live": _("Another manifest for this snapshot is under way. Wait until it is done."),
}


class ManifestRefused(Refused):
    """The lifecycle does not allow this action now. `reason` is a code."""

    def __init__(self, action: Action, reason: str, state: State) -> None:
        self.action = action
        self.reason = reason
        wrong_state, wrong_role = REFUSAL_TEXTS[action]
        if state is State.WITHDRAWN:
            wrong_state = _WITHDRAWN
        texts = {Refusal.WRONG_STATE: wrong_state, Refusal.WRONG_ROLE: wrong_role, **GUARD_TEXTS}
        super().__init__(str(texts[reason]))


def cases_of(manifest: Manifest) -> list[Case]:
    """Return the cases for which something stands in a manifest."""
    cases = Case.objects.filter(items__instructions__manifests=manifest)
    return list(cases.select_related("data_key").distinct().order_by("filed_at"))


def lock_manifest(manifest: Manifest) -> Manifest:
    """Return the manifest as it stands now, locked until the transaction ends."""
    return Manifest.objects.select_for_update(of=("self",)).get(pk=manifest.pk)


def require_allowed(
    manifest: Manifest, action: Action, actor: Actor, situation: Situation | None = None
) -> None:
    """Raise `ManifestRefused` unless this move of a manifest, which is locked, is allowed."""
    state = State(manifest.state)
    reason = state_machine.refusal(
        MOVES[action], state, actor.roles, lambda: situation or Situation()
    )
    if reason:
        raise ManifestRefused(action, reason, state)


def advance(
    manifest: Manifest,
    action: Action,
    actor: Actor,
    *,
    situation: Situation | None = None,
    facts: Mapping[str, Any] | None = None,
    **columns: Any,
) -> None:
    """Take one move of the table, or refuse it and leave no trace.

    Locks the manifest, checks state, role and guard, changes the state and the `columns` that
    belong to the move, and appends the event to the steps of each case, in one transaction.
    `manifest` is brought up to date in place. Raises `ManifestRefused` with the reason.
    """
    with transaction.atomic():
        move = MOVES[action]
        require_allowed(lock_manifest(manifest), action, actor, situation)
        for column, value in {"state": move.target, **columns}.items():
            setattr(manifest, column, value)
        manifest.save(update_fields=["state", *columns])
        for case in cases_of(manifest):
            append_case_event(
                case,
                move.event,
                role=actor.role_for(move.roles),
                pseudonym=actor.pseudonym,
                facts={"manifest": str(manifest.pk), **(facts or {})},
            )


def end_erased(manifest: Manifest) -> None:
    """End what waits of a manifest one of whose cases is being erased, which the log is told."""
    move = MOVES[Action.END_ERASED]
    Manifest.objects.filter(pk=manifest.pk, state__in=move.sources).update(state=move.target)
