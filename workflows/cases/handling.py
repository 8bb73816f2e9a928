"""Moves of staff that carry no text: triage, identity, information, abuse, closing."""

from django.db import transaction
from django.utils.translation import gettext as _

from workflows.cases.actors import SYSTEM, Actor
from workflows.cases.clocks import recompute
from workflows.cases.lifecycle import MOVES, Action
from workflows.cases.models import Case
from workflows.cases.record import record_event
from workflows.cases.transition import advance
from workflows.common.errors import InvalidInput
from workflows.common.inputs import require_text
from workflows.ledger.selectors import events_of_case
from workflows.vocabulary.people import Assurance


def accept_identity(case: Case, actor: Actor, assurance: str, grounds: str) -> None:
    """Accept proof of identity at one level of assurance, saying on what it rests."""
    if assurance not in Assurance.values or assurance == Assurance.NONE:
        raise InvalidInput(_("Choose how well the person is now known."))
    grounds = require_text(grounds)
    with transaction.atomic():
        advance(
            case,
            Action.ACCEPT_IDENTITY,
            actor,
            facts={"assurance": assurance},
            contents={"grounds": grounds},
        )
        case.assurance = assurance
        case.save(update_fields=["assurance"])


def reject_identity(case: Case, actor: Actor, grounds: str) -> None:
    """Go on although identity was not proved: what needs it can then only be refused.

    For the clocks it is as if the proof had never been asked for.
    """
    advance(case, Action.REJECT_IDENTITY, actor, contents={"grounds": require_text(grounds)})


def confirm_identity(case: Case, actor: Actor, grounds: str) -> None:
    """Confirm, as a second person, how well the first one found the person to be known."""
    advance(
        case,
        Action.CONFIRM_IDENTITY,
        actor,
        facts={"assurance": case.assurance},
        contents={"grounds": require_text(grounds)},
    )


def grounds_of_identity(case: Case) -> list[str]:
    """Return on what the proof of identity was accepted, the last grounds alone."""
    accepted = MOVES[Action.ACCEPT_IDENTITY].event
    event = events_of_case(case.pseudonym).filter(name=accepted).order_by("step").last()
    opened = case.contents.filter(event=event.uid, name="grounds").first() if event else None
    return [str(opened.opening["content"])] if opened else []


def doubt_identity(case: Case, actor: Actor, grounds: str) -> None:
    """Take back that the person is known: what remains is whether the contact was confirmed."""
    advance(case, Action.DOUBT_IDENTITY, actor, contents={"grounds": require_text(grounds)})


def go_on_without_information(case: Case, actor: Actor, grounds: str) -> None:
    """Go on although a question was not answered; for the clocks it was then never asked."""
    grounds = require_text(grounds)
    advance(case, Action.GO_ON_WITHOUT_INFORMATION, actor, contents={"grounds": grounds})


def reinstate(case: Case, actor: Actor, reasons: str) -> None:
    """Reopen a case that was rejected or let go of, after a complaint about that was upheld.

    Its time has run all along. Raises `InvalidInput`, `MoveRefused`.
    """
    reasons = require_text(reasons)
    with transaction.atomic():
        advance(case, Action.REINSTATE, actor, contents={"reasons": reasons})
        recompute(case)


def report_abuse(case: Case, actor: Actor, reasons: str) -> None:
    """Report that a request is an abuse; somebody else decides."""
    advance(case, Action.REPORT_ABUSE, actor, contents={"reasons": require_text(reasons)})


def receive_without_contact(case: Case) -> None:
    """Receive a request whose sender named no address to confirm."""
    advance(case, Action.RECEIVE, SYSTEM)


def record_view(case: Case, actor: Actor, *, what: str) -> None:
    """Record that a member of staff or a regulator looked at personal data of a case."""
    with transaction.atomic():
        record_event(
            case,
            "case.viewed",
            role=actor.role,
            pseudonym=actor.pseudonym,
            facts={"what": what},
        )
