"""Complaining, and what staff do with a complaint: one function for each step."""

from datetime import datetime
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.accounts.actors import PUBLIC, SYSTEM, Actor
from workflows.cases import correspondence
from workflows.cases.errors import MoveRefused
from workflows.cases.lifecycle import FINAL, IN_PROGRESS
from workflows.cases.lifecycle import Action as CaseAction
from workflows.cases.lifecycle import State as CaseState
from workflows.cases.models import Case, Message
from workflows.cases.transition import advance as advance_case
from workflows.cases.transition import append_case_event, complaint_check, lock_case
from workflows.common.errors import InvalidInput
from workflows.common.inputs import require_text
from workflows.complaints.letters import (
    acknowledgement_of,
    outcome_of,
    send_letter,
    send_notice,
)
from workflows.complaints.lifecycle import OPEN, Action
from workflows.complaints.models import Complaint
from workflows.complaints.transition import ComplaintOpen, advance, has_clock, start_clocks
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.roles import Role

About, Finding = Complaint.About, Complaint.Finding


def complain(case: Case, text: str) -> Complaint:
    """Let the person complain about how the case is handled, in any state that it is in.

    Raises `ComplaintOpen` while an earlier complaint waits, `MoveRefused` for an erased case.
    """
    text = require_text(text)
    with transaction.atomic():
        locked = lock_case(case)
        if locked.erased_at is not None:
            raise MoveRefused("complain", "erased")
        # The complaint in the request itself came first, also while no worker has opened it yet.
        open_from_request(locked)
        if has_open(locked):
            raise ComplaintOpen
        statement = Message.objects.create(
            case=locked,
            kind=Message.Kind.COMPLAINT,
            from_person=True,
            body=text,
            sent_at=timezone.now(),
        )
        return _open(locked, About.HANDLING, statement, statement.sent_at)


def contest_answer(case: Case, reasons: str) -> Complaint | None:
    """Let the person contest the answer; where the law gives complaints a time, open one.

    Returns the complaint, None where there is no clock for it or one is open already.
    """
    with transaction.atomic():
        statement = correspondence.contest(case, reasons)
        if not has_clock(case) or has_open(case):
            return None
        complaint = _open(case, About.ANSWER, statement, statement.sent_at)
    case.refresh_from_db()
    return complaint


def open_from_request(case: Case) -> Complaint | None:
    """Open the complaint that the request itself makes; its time began with the request.

    Does nothing when it is open already or the request makes none. All items that complain are
    one complaint, in the words of the items.
    """
    with transaction.atomic():
        locked = lock_case(case)
        known = locked.complaints.filter(about=About.REQUEST).exists() or has_open(locked)
        items = [item for item in locked.items.all() if item.kind == ItemKind.COMPLAINT]
        # Who has withdrawn the request has withdrawn the complaint in it; but a complaint stays by
        # its own case when all else of it goes on in another.
        if known or not items or locked.state in FINAL - {CaseState.MERGED}:
            return None
        texts = [str(item.details.get("statement", "")).strip() for item in items]
        statement = Message.objects.create(
            case=locked,
            kind=Message.Kind.COMPLAINT,
            from_person=True,
            body="\n\n".join(filter(None, texts)),
            sent_at=locked.filed_at,
        )
        return _open(locked, About.REQUEST, statement, locked.filed_at)


@complaint_check
def has_open(case: Case) -> bool:
    """Return whether a complaint about the case waits for its outcome."""
    return case.complaints.filter(state__in=OPEN).exists()


def _open(case: Case, about: Complaint.About, statement: Message, at: datetime) -> Complaint:
    """Write a complaint with its clocks and the event, inside the caller's transaction."""
    complaint = Complaint.objects.create(
        case=case, about=about, statement=statement, received_at=at
    )
    start_clocks(complaint)
    append_case_event(
        case,
        "complaint.received",
        role=Role.PUBLIC,
        facts={
            "complaint": str(complaint.pk),
            "about": str(about),
            "received_at": at.isoformat(),
        },
        contents={"text": statement.body},
    )
    return complaint


def acknowledge(complaint: Complaint, actor: Actor, text: str = "") -> Message:
    """Send the notice that the complaint has come in, and what staff want to add to it.

    Raises `ElementMissing` when the notice lacks what the law prescribes.
    """
    text = require_text(text) if text.strip() else ""
    letter_id = uuid4()
    with transaction.atomic():
        event = advance(
            complaint,
            Action.ACKNOWLEDGE,
            actor,
            facts={"message": str(letter_id)},
            contents={"text": text} if text else {},
        )
        notice = send_notice(
            complaint,
            "complaint_acknowledgement",
            acknowledgement_of(complaint),
            actor=actor,
            message_id=letter_id,
            at=event.at,
        )
        if text:
            send_letter(complaint, actor, text)
    return notice


def take_up(complaint: Complaint, actor: Actor) -> None:
    """Take a complaint up, as somebody who had no part in what it is about."""
    advance(complaint, Action.TAKE_UP, actor)


def tell_progress(complaint: Complaint, actor: Actor, text: str) -> Message:
    """Tell the person how far their complaint is."""
    text = require_text(text)
    letter_id = uuid4()
    with transaction.atomic():
        advance(
            complaint,
            Action.TELL_PROGRESS,
            actor,
            facts={"message": str(letter_id)},
            contents={"text": text},
        )
        return send_letter(complaint, actor, text, letter_id)


def answer(
    complaint: Complaint, actor: Actor, finding: str, reasons: str, redress: str = ""
) -> Message:
    """Tell the person the outcome: the finding, its reasons, and what is done about it.

    An answer that was contested and is found right stands again; otherwise the contested case is
    taken up anew. Raises `InvalidInput` when the finding is unknown, or when something is upheld
    and nothing is said to be done about it, and `ElementMissing` as the notice does.
    """
    if finding not in Finding.values:
        raise InvalidInput(_("Choose whether the complaint is upheld."))
    if finding == Finding.NOT_UPHELD and _is_reviewed_again(complaint):
        raise InvalidInput(
            _(
                "The contested case is under review again, so it cannot be said that the answer"
                " stands. Answer the case first, or uphold the complaint."
            )
        )
    reasons = require_text(reasons)
    if redress.strip():
        redress = require_text(redress)
    elif finding != Finding.NOT_UPHELD:
        raise InvalidInput(_("Say what is done about it."))
    letter_id = uuid4()
    with transaction.atomic():
        event = advance(
            complaint,
            Action.ANSWER,
            actor,
            facts={"message": str(letter_id), "finding": finding},
            contents={"reasons": reasons, "redress": redress},
        )
        letter = send_notice(
            complaint,
            "complaint_outcome",
            outcome_of(complaint, reasons, redress),
            actor=actor,
            message_id=letter_id,
            at=event.at,
        )
        if complaint.about == About.ANSWER and finding == Finding.NOT_UPHELD:
            _let_stand(complaint)
    return letter


def close(complaint: Complaint, actor: Actor) -> None:
    """Close a complaint that was answered."""
    advance(complaint, Action.CLOSE, actor)


def withdraw(complaint: Complaint) -> None:
    """Let the person withdraw the complaint; no reason is needed.

    An answer that was contested stands then, unless somebody has taken the case up again.
    """
    with transaction.atomic():
        advance(complaint, Action.WITHDRAW, PUBLIC)
        if complaint.about == About.ANSWER:
            _let_stand(complaint)


def _let_stand(complaint: Complaint) -> None:
    """Let the answer to a case stand that is still contested, and end the time for another one."""
    case = complaint.case
    if lock_case(case).state == CaseState.CONTESTED:
        facts = {"complaint": str(complaint.pk), "withdrawn": complaint.answered_at is None}
        advance_case(case, CaseAction.LET_STAND, SYSTEM, facts=facts)


def _is_reviewed_again(complaint: Complaint) -> bool:
    """Return whether the answer that is complained about is being made anew already."""
    return complaint.about == About.ANSWER and complaint.case.state in IN_PROGRESS


def end_with_erasure(case: Case) -> None:
    """End the complaint that is open about a case whose words are being erased."""
    for complaint in case.complaints.filter(state__in=OPEN):
        advance(complaint, Action.END_ERASED, SYSTEM)


def withdraw_open(case: Case) -> None:
    """Let the person withdraw the complaint that is open; does nothing where none is."""
    complaint = case.complaints.filter(state__in=OPEN).first()
    if complaint is not None:
        withdraw(complaint)
