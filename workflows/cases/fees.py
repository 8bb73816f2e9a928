"""A fee for a request: what amount can be asked for, and how it is settled.

Whether the law of the case allows one is said by its regime, and what the fee does to the clocks
follows from their rules. Asking, and ending a case for a fee that never came, are moves with
a notice: `ask_fee` and `end_unpaid` in `workflows.notices.moves`.
"""

import re
from decimal import Decimal

from django.utils.translation import gettext as _

from workflows.cases.actors import Actor
from workflows.cases.lifecycle import Action
from workflows.cases.models import Case
from workflows.cases.transition import advance
from workflows.common.errors import InvalidInput
from workflows.common.inputs import require_text

MAX_AMOUNT = Decimal(1_000_000)
_CENTS = 2
_CURRENCY = re.compile("[A-Z]{3}")


def amount_in_words(amount: Decimal, currency: str) -> str:
    """Return an amount as the person is told it. Raises `InvalidInput`.

    `currency` is an ISO 4217 code.
    """
    exponent = amount.as_tuple().exponent
    if (
        not isinstance(exponent, int)
        or not 0 < amount <= MAX_AMOUNT
        or -exponent > _CENTS
        or not _CURRENCY.fullmatch(currency)
    ):
        raise InvalidInput(_("Enter an amount above zero and a currency such as EUR."))
    return f"{amount:.2f} {currency}"


def confirm_fee_paid(case: Case, actor: Actor, grounds: str) -> None:
    """Confirm that the fee arrived, saying by what this is known."""
    advance(case, Action.CONFIRM_FEE_PAID, actor, contents={"grounds": require_text(grounds)})


def go_on_unpaid(case: Case, actor: Actor, grounds: str) -> None:
    """Go on after the time to pay is over: what costs can then be refused, the rest is answered."""
    advance(case, Action.GO_ON_UNPAID, actor, contents={"grounds": require_text(grounds)})


def waive_fee(case: Case, actor: Actor, reasons: str) -> None:
    """Waive the fee: for the clocks it is then as if it had never been asked."""
    advance(case, Action.WAIVE_FEE, actor, contents={"reasons": require_text(reasons)})
