"""Changes of accounts as events in the log, so that nobody gets a role unseen."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest

from requests_portal.staff.people import actor_of
from workflows.cases.actors import actor_for
from workflows.ledger.services import append


def record_account_event(
    request: HttpRequest, name: str, account: User, facts: Mapping[str, Any] | None = None
) -> None:
    """Append that whoever makes this request did something to an account.

    Both stand in the log by their pseudonyms.
    """
    actor = actor_of(request)
    with transaction.atomic():
        append(
            name=name,
            role=actor.role,
            actor=actor.pseudonym,
            facts={"account": actor_for(account).pseudonym, **(facts or {})},
        )


def record_roles(
    request: HttpRequest, account: User, before: Iterable[str], after: Iterable[str]
) -> None:
    """Append which roles an account got and lost, if any."""
    gained, lost = sorted(set(after) - set(before)), sorted(set(before) - set(after))
    if gained or lost:
        record_account_event(request, "roles.changed", account, {"gained": gained, "lost": lost})
