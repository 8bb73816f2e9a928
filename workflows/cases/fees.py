"""A fee for a request: asked for with its amount and reason, then paid or waived.

Whether the law of the case allows one is said by its regime, and what the fee does to the clocks
follows from their rules. The person is told before anything is charged, and may withdraw.
"""

import re
from decimal import Decimal

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from workflows.cases.actors import Actor
from workflows.cases.correspondence import require_text, send_with_move
from workflows.cases.errors import InvalidInput
from workflows.cases.lifecycle import Action
from workflows.cases.models import Case, Message
from workflows.cases.transition import advance

MAX_AMOUNT = Decimal(1_000_000)
_CENTS = 2
_CURRENCY = re.compile("[A-Z]{3}")


def ask_fee(case: Case, actor: Actor, amount: Decimal, currency: str, reasons: str) -> Message:
    """Ask for a fee and tell the person why, and how to pay or withdraw.

    `currency` is an ISO 4217 code. Raises `InvalidInput`, or `MoveRefused` where the law of the
    case allows no fee for what is asked.
    """
    reasons = require_text(reasons)
    exponent = amount.as_tuple().exponent
    if (
        not isinstance(exponent, int)
        or not 0 < amount <= MAX_AMOUNT
        or -exponent > _CENTS
        or not _CURRENCY.fullmatch(currency)
    ):
        raise InvalidInput(_("Enter an amount above zero and a currency such as EUR."))
    told = f"{amount.normalize():f}"
    with translation.override(case.language):
        body = render_to_string(
            "emails/fee_text.txt", {"amount": told, "currency": currency, "reasons": reasons}
        ).strip()
    return send_with_move(
        case,
        Action.ASK_FEE,
        actor,
        body,
        Message.Kind.FEE,
        facts={"amount": told, "currency": currency},
    )


def confirm_fee_paid(case: Case, actor: Actor, grounds: str) -> None:
    """Confirm that the fee arrived, saying by what this is known."""
    advance(case, Action.CONFIRM_FEE_PAID, actor, contents={"grounds": require_text(grounds)})


def waive_fee(case: Case, actor: Actor, reasons: str) -> None:
    """Waive the fee: for the clocks it is then as if it had never been asked."""
    advance(case, Action.WAIVE_FEE, actor, contents={"reasons": require_text(reasons)})
