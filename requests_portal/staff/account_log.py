"""Changes of accounts as events in the log, so that nobody gets a role, or another's, unseen.

What people do to their own accounts comes from the signals of allauth; `connect` listens to them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest

from requests_portal.staff.people import actor_of
from workflows.cases.actors import PUBLIC, actor_for
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


def record_access(request: HttpRequest, account: User, changed: Iterable[str]) -> None:
    """Append that an account was let in or out, or that its password is mailed elsewhere now.

    `changed` names the fields; an address does not stand in the log.
    """
    if "is_active" in changed:
        name = "account.activated" if account.is_active else "account.deactivated"
        record_account_event(request, name, account)
    if "email" in changed:
        record_account_event(request, "account.address_changed", account)


def connect() -> None:
    """Listen to what people do to their own accounts."""
    password_changed.connect(_record_own_password)
    password_set.connect(_record_own_password)
    password_reset.connect(_record_reset_by_mail)
    authenticator_added.connect(_record_added_factor)
    authenticator_removed.connect(_record_removed_factor)


def _record_own_password(request: HttpRequest, user: User, **_signal: object) -> None:
    record_account_event(request, "password.changed", user)


def _record_reset_by_mail(user: User, **_signal: object) -> None:
    # Nobody is signed in: it was whoever could read the mail.
    with transaction.atomic():
        facts = {"account": actor_for(user).pseudonym}
        append(name="password.reset_by_mail", role=PUBLIC.role, facts=facts)


def _record_added_factor(
    request: HttpRequest, user: User, authenticator: Authenticator, **_signal: object
) -> None:
    record_account_event(request, "second_factor.added", user, {"type": authenticator.type})


def _record_removed_factor(
    request: HttpRequest, user: User, authenticator: Authenticator, **_signal: object
) -> None:
    record_account_event(request, "second_factor.removed", user, {"type": authenticator.type})
