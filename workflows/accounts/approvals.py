"""What gives access takes effect when a second person has approved it, and not before.

Somebody asks, somebody else decides (`deciders` says who) within a week; who asked can withdraw.
Each is a step of the log, and is mailed to the privacy officers. One exemption is kept: until
there were two people who can approve, a superuser sets up the first accounts alone.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.accounts.account_log import record
from workflows.accounts.actors import SYSTEM, Actor, actor_for
from workflows.accounts.carrying_out import CARRY_OUT
from workflows.accounts.deciders import require_requester, rule_has_begun, why_not_decide
from workflows.accounts.errors import ApprovalRefused
from workflows.accounts.models import ApprovalRequest, PipelineToken
from workflows.ledger.canonical import Json

VALID_FOR = timedelta(days=7)
State, Exemption = ApprovalRequest.State, ApprovalRequest.Exemption


def waiting() -> QuerySet[ApprovalRequest]:
    """Return what waits for a decision and has not expired."""
    return ApprovalRequest.objects.filter(state=State.WAITING, expires_at__gt=timezone.now())


def request_approval(request: ApprovalRequest) -> ApprovalRequest:
    """Ask for approval of `request`: a row that was not saved yet. Raises `ApprovalRefused`.

    While a superuser sets up the first accounts it is carried out at once.
    """
    with transaction.atomic():
        begun = rule_has_begun()
        _lock_subject(request)
        require_requester(request)
        CARRY_OUT[request.kind].check(request)
        _expire()
        if _waits_already(request):
            raise ApprovalRefused(
                _("The same waits for approval already. It must be decided or withdrawn first.")
            )
        request.expires_at = request.requested_at + VALID_FOR
        request.save(force_insert=True)
        actor = actor_for(request.requested_by)
        alone = request.requested_by.is_superuser and not begun
        _record("approval.requested", request, actor, {"until": request.expires_at.isoformat()})
        if alone:
            request.exemption = Exemption.FIRST_ACCOUNTS
            _grant(request, actor)
    return request


def approve(request_id: UUID, by: User) -> ApprovalRequest:
    """Approve what somebody else asked for, and carry it out. Raises `ApprovalRefused`."""
    with transaction.atomic():
        rule_has_begun()
        request = _lock(request_id)
        _require_decider(request, by)
        # Who has lost the role since would otherwise leave behind what still takes effect.
        require_requester(request)
        request.decided_by = by
        _grant(request, actor_for(by))
    return request


def approve_by_command(request_id: UUID) -> ApprovalRequest:
    """Approve by a command on the server, where nobody is left who could. The log says so.

    Raises `ApprovalRefused`.
    """
    with transaction.atomic():
        request = _lock(request_id)
        request.exemption = Exemption.COMMAND
        _grant(request, SYSTEM)
    return request


def reject(request_id: UUID, by: User) -> ApprovalRequest:
    """Reject what somebody else asked for. Raises `ApprovalRefused`."""
    with transaction.atomic():
        request = _lock(request_id)
        _require_decider(request, by)
        request.decided_by = by
        _close(request, State.REJECTED)
        _record("approval.rejected", request, actor_for(by))
    return request


def withdraw(request_id: UUID, by: User) -> ApprovalRequest:
    """Withdraw what one has asked for oneself. Raises `ApprovalRefused`."""
    with transaction.atomic():
        request = _lock(request_id)
        if request.requested_by_id != by.pk:
            raise ApprovalRefused(_("Only who asked for this can withdraw it."))
        _close(request, State.WITHDRAWN)
        _record("approval.withdrawn", request, actor_for(by), tell=False)
    return request


def withdraw_superseded(request: ApprovalRequest, by: Actor) -> None:
    """Withdraw what waits and was overtaken, by whoever did so."""
    with transaction.atomic():
        request = _lock(request.pk)
        _close(request, State.WITHDRAWN)
        _record("approval.withdrawn", request, by, tell=False)


def _lock_subject(request: ApprovalRequest) -> None:
    """Let one of two equal requests wait for the other, as after a double click."""
    if request.account_id is not None:
        User.objects.select_for_update(no_key=True).get(pk=request.account_id)
    if request.pipeline_id is not None:
        PipelineToken.objects.select_for_update(no_key=True).get(pk=request.pipeline_id)


def _lock(request_id: UUID) -> ApprovalRequest:
    requests = ApprovalRequest.objects.select_for_update(of=("self",))
    request = requests.select_related("requested_by", "account").get(pk=request_id)
    if request.state_now != State.WAITING:
        raise ApprovalRefused(_("This does not wait for a decision any more."))
    return request


def _require_decider(request: ApprovalRequest, by: User) -> None:
    reason = why_not_decide(request, by)
    if reason:
        raise ApprovalRefused(reason)


def _grant(request: ApprovalRequest, actor: Actor) -> None:
    CARRY_OUT[request.kind].check(request)
    _record("approval.granted", request, actor, {"exemption": request.exemption or None})
    CARRY_OUT[request.kind].do(request, actor)
    _close(request, State.APPROVED)


def _close(request: ApprovalRequest, state: ApprovalRequest.State) -> None:
    request.state, request.decided_at = state, timezone.now()
    # The address stands at the account now, or was not wanted.
    request.terms = {name: term for name, term in request.terms.items() if name != "email"}
    request.save()


def _expire() -> None:
    """Mark as expired what nobody decided in time, for it would stand in the way of the next."""
    old = ApprovalRequest.objects.filter(state=State.WAITING, expires_at__lte=timezone.now())
    old.filter(kind=ApprovalRequest.Kind.ADDRESS).update(terms={})
    old.update(state=State.EXPIRED)


def _waits_already(request: ApprovalRequest) -> bool:
    same = waiting().filter(kind=request.kind)
    if request.pipeline:
        return same.filter(pipeline=request.pipeline).exists()
    return same.filter(account=request.account).exists()


def _record(
    name: str,
    request: ApprovalRequest,
    actor: Actor,
    more: Mapping[str, Json] | None = None,
    *,
    tell: bool = True,
) -> None:
    facts: dict[str, Any] = {"approval": str(request.pk), "kind": str(request.kind)}
    facts |= {
        term: request.terms[term] for term in ("roles", "regime", "scopes") if term in request.terms
    }
    if request.pipeline:
        facts["pipeline"] = request.pipeline.pseudonym
    facts |= {key: value for key, value in (more or {}).items() if value is not None}
    record(name, actor, request.account, facts, tell=tell)
