"""Moves of staff that tell the person something which the law prescribes: move and notice at once.

Either both happen or, when the notice lacks something, neither. Each raises `InvalidInput`,
`MoveRefused` or `ElementMissing`.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from workflows.accounts.actors import Actor
from workflows.cases import change_of_law, staff_actions
from workflows.cases.clocks import day_to_promise, extendable_clock
from workflows.cases.decision_rules import require_facts
from workflows.cases.lifecycle import Action
from workflows.cases.models import Case, Message
from workflows.cases.staff_actions import ItemProposal, amount_in_words
from workflows.cases.transition import advance, last_day_to_pay, local_date, response_due_if_unpaid
from workflows.common.errors import InvalidInput
from workflows.common.inputs import require_text
from workflows.ledger.models import Event
from workflows.notices.answers import compose_answer
from workflows.notices.composing import ComposedNotice, compose
from workflows.notices.facts import (
    ChangedLaw,
    Clarification,
    Extension,
    Fee,
    IdentityRequest,
    Refused,
)
from workflows.notices.services import send_composed
from workflows.regimes.rules.elements import FeeRule, Ground


def ask_identity(case: Case, actor: Actor, doubt: str, accepted: str = "") -> Message:
    """Ask for proof of identity: which doubt there is, and what in particular would settle it."""
    facts = IdentityRequest(require_text(doubt), accepted.strip() and require_text(accepted))
    contents = {"text": facts.doubt, **({"accepted": facts.accepted} if facts.accepted else {})}
    return _tell(
        case,
        Action.ASK_IDENTITY,
        actor,
        contents,
        lambda: compose(case, "identity_request", facts),
    )


def ask_information(case: Case, actor: Actor, question: str) -> Message:
    """Ask the person to make the request clearer."""
    question = require_text(question)
    return _tell(
        case,
        Action.ASK_INFORMATION,
        actor,
        {"text": question},
        lambda: compose(case, "clarification", Clarification(question)),
    )


def extend(case: Case, actor: Actor, reasons: str) -> Message:
    """Extend the time once, as far as the regime allows, and tell the person why."""
    reasons = require_text(reasons)

    def composed() -> ComposedNotice:
        # After the move, so that the new day is one that the extended clock now allows.
        clock = extendable_clock(case)
        new_date = day_to_promise(case, clock.regime, clock.due_on) if clock else None
        return compose(case, "extension", Extension(reasons, new_date))

    return _tell(case, Action.EXTEND, actor, {"text": reasons}, composed)


def ask_fee(case: Case, actor: Actor, amount: Decimal, currency: str, reasons: str) -> Message:
    """Ask for a fee and tell the person why, before anything is charged.

    `currency` is an ISO 4217 code. Until when it can be paid, `transition.last_day_to_pay` says.
    Refused where the law of the case allows no fee for what is asked.
    """
    told, reasons = amount_in_words(amount, currency), require_text(reasons)

    def composed() -> ComposedNotice:
        # After the move, which says whether the time to answer waits for the fee.
        case.fee_due_on = last_day_to_pay(local_date(case), response_due_if_unpaid(case))
        case.save(update_fields=["fee_due_on"])
        return compose(case, "fee", Fee(told, reasons, case.fee_due_on))

    return _tell(
        case,
        Action.ASK_FEE,
        actor,
        {"text": reasons},
        composed,
        amount=f"{amount:.2f}",
        currency=currency,
    )


def end_unpaid(case: Case, actor: Actor, reasons: str) -> Message:
    """Refuse a request whose fee was not paid in time, and tell that it can be made again.

    Somebody else than who asked for the fee looks whether it arrived: payments are made outside
    of the portal.
    """
    reasons = require_text(reasons)
    items = tuple(case.items.all())
    rules = {law.code: law.fee for law in case.laws}
    return _tell(
        case,
        Action.END_UNPAID,
        actor,
        {"text": reasons},
        lambda: compose(case, "refusal", Refused(items, reasons, rules, unpaid_by=case.fee_due_on)),
    )


def reject_as_abuse(
    case: Case,
    actor: Actor,
    reasons: str,
    ground: str = "",
    other_grounds: Mapping[str, str] | None = None,
) -> Message:
    """Refuse the whole of a request that somebody else reported as abuse, and tell why.

    `ground` is a code of the leading regime, `other_grounds` are those of the other laws of the
    case, by regime. One is left out only where that law has none for it.
    """
    reasons = require_text(reasons)
    chosen = {**(other_grounds or {}), case.regime: ground}
    grounds: dict[str, Ground | FeeRule] = {}
    for law in case.laws:
        fitting = {each.code: each for each in law.abuse_grounds(case.kinds)}
        code = chosen.get(law.code, "")
        if code not in fitting and (code or fitting):
            raise InvalidInput(
                _("Choose a ground that %(law)s has for rejecting a request as an abuse.")
                % {"law": law.name.in_language(get_language() or "en")}
            )
        if code:
            grounds[law.code] = fitting[code]
    require_facts(reasons, list(grounds.values()))
    facts = Refused(tuple(case.items.all()), reasons, grounds)
    return _tell(
        case,
        Action.REJECT_AS_ABUSE,
        actor,
        {"text": reasons},
        lambda: compose(case, "refusal", facts),
        **({"ground": ground} if ground else {}),
        **({"grounds": {code: chosen[code] for code in grounds}} if len(grounds) > 1 else {}),
    )


def change_law(case: Case, actor: Actor, reasons: str) -> Message:
    """Put a case under the laws that apply to it, and tell the person which and why."""
    reasons, before, message_id = require_text(reasons), case.laws, uuid4()
    with transaction.atomic():
        event = change_of_law.change_law(case, actor, reasons, message=message_id)
        composed = compose(case, "change_of_law", ChangedLaw(reasons, before, case.laws))
        return _send(case, actor, composed, event, message_id)


def propose_decision(case: Case, actor: Actor, proposals: Sequence[ItemProposal]) -> None:
    """Propose an outcome for each item, if an answer could be given that says what it must.

    What an answer would lack can still be mended now, and no more once it is approved.
    """
    with transaction.atomic():
        staff_actions.propose_decision(case, actor, proposals)
        compose_answer(case).check()


def answer(case: Case, actor: Actor) -> Message:
    """Send the answer: item by item, with reasons and the ways to complain, in the law's words."""
    outcomes = staff_actions.outcomes_of(case)
    return _tell(
        case,
        Action.ANSWER,
        actor,
        {},
        lambda: compose_answer(case),
        outcomes=outcomes,
    )


def _tell(
    case: Case,
    action: Action,
    actor: Actor,
    contents: dict[str, str],
    composed: Callable[[], ComposedNotice],
    **facts: object,
) -> Message:
    """Take a move, then send the notice that belongs to it. The move has the mail sent."""
    message_id = uuid4()
    with transaction.atomic():
        event = advance(
            case, action, actor, facts={"message": str(message_id), **facts}, contents=contents
        )
        return _send(case, actor, composed(), event, message_id)


def _send(
    case: Case, actor: Actor, composed: ComposedNotice, event: Event, message_id: UUID
) -> Message:
    """Send the notice of a move that was taken and has named its message."""
    notice = send_composed(
        case,
        composed,
        key=f"{event.name}:{event.uid}",
        actor=actor,
        message_id=message_id,
        at=event.at,
    )
    assert notice.message is not None
    return notice.message
