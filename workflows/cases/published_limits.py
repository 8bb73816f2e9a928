"""A time limit is published: kept as a version, and written into the log."""

from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.cases.actors import Actor
from workflows.common.errors import InvalidInput
from workflows.ledger.append import append
from workflows.regimes.limits import InvalidLimit, check_limit, day_at, store_limit
from workflows.regimes.rules.regime import UnknownClockError
from workflows.regimes.services import get_regime
from workflows.vocabulary.roles import Role


def publish_limit(
    actor: Actor, *, regime: str, kind: str, unit: str, amount: int, valid_from: date
) -> None:
    """Publish a limit for the cases that are filed from `valid_from` on.

    Earlier cases keep the version of the rules they were filed under. Raises `InvalidInput` for
    a limit that is longer than the law's own, or a day that is over.
    """
    rules = get_regime(regime)
    if valid_from < day_at(rules, timezone.now()):
        raise InvalidInput(_("A limit holds from today at the earliest: the past does not move."))
    try:
        check_limit(rules, kind, unit, amount)
    except (InvalidLimit, UnknownClockError) as refused:
        raise InvalidInput(str(refused)) from refused
    with transaction.atomic():
        store_limit(
            regime=regime,
            kind=kind,
            unit=unit,
            amount=amount,
            valid_from=valid_from,
            published_by=actor.pseudonym,
        )
        append(
            name="limit.published",
            role=Role.PRIVACY_OFFICER,
            actor=actor.pseudonym,
            facts={
                "regime": regime,
                "clock": kind,
                "unit": unit,
                "amount": amount,
                "valid_from": valid_from.isoformat(),
            },
        )
