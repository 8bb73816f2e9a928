"""Who a regulator is and what they may see: the one place that ties an account to its regime.

Every query for a regulator takes a `RegulatorScope`, and only `scope_of` makes one, from a live
account: its day has not come, and its user is active and has the role of a regulator. A case
belongs to a regime when the regime is among the case's regimes.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Union

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.accounts.actors import Actor
from workflows.accounts.models import RegulatorAccount, RegulatorToken, StaffIdentity
from workflows.common.errors import DomainError
from workflows.vault.blind_index import keyed_hash, keyed_hashes
from workflows.vocabulary.roles import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

TOKEN_LASTS = timedelta(days=365)
# That a token was used is written at most once in this time, to spare its row.
USE_NOTED_EVERY = timedelta(minutes=1)
_DIGEST_PURPOSE = "regulator.token"


class NoRegulatorAccess(DomainError):
    """This person or token may not see the cases of any regime, or not any more."""

    def __init__(self) -> None:
        super().__init__(
            _("This area is for regulators. Your account is not one, or it has expired.")
        )


@dataclass(frozen=True, slots=True)
class RegulatorScope:
    """What one regulator may see: the cases of `regime`. `actor` is who the log will name."""

    regime: str
    actor: Actor
    account: RegulatorAccount


def live_accounts() -> QuerySet[RegulatorAccount]:
    """Return the accounts that may be used now, with their users."""
    return RegulatorAccount.objects.select_related("user").filter(
        user__is_active=True,
        user__groups__name=Role.REGULATOR,
        expires_at__gt=timezone.now(),
    )


def regulator_for(user: Union["User", "AnonymousUser"]) -> RegulatorAccount:
    """Return the live account of a signed-in user. Raises `NoRegulatorAccess`."""
    if not user.is_authenticated:
        raise NoRegulatorAccess
    account = live_accounts().filter(user=user).first()
    if account is None:
        raise NoRegulatorAccess
    return account


def scope_of(account: RegulatorAccount) -> RegulatorScope:
    """Return what an account may see. Raises `NoRegulatorAccess` when it is not live any more.

    Costs one query for that, and one for the pseudonym, which is made at first need.
    """
    if not live_accounts().filter(pk=account.pk).exists():
        raise NoRegulatorAccess
    identity, _created = StaffIdentity.objects.get_or_create(user=account.user)
    return RegulatorScope(
        regime=account.regime,
        actor=Actor(frozenset({Role.REGULATOR}), identity.pseudonym),
        account=account,
    )


def make_token(account: RegulatorAccount, name: str) -> tuple[RegulatorToken, str]:
    """Make a token (256 bits) that opens nothing until it is approved; return it and its secret.

    It ends with the account, and after a year at the latest.
    """
    secret = secrets.token_urlsafe(32)
    latest = timezone.now() + TOKEN_LASTS
    token = RegulatorToken.objects.create(
        account=account,
        name=name,
        token_digest=keyed_hash(_DIGEST_PURPOSE, secret.encode()),
        expires_at=min(latest, account.expires_at or latest),
    )
    return token, secret


def approve_token(token: RegulatorToken) -> None:
    """Let a token be used from now on."""
    token.approved_at = timezone.now()
    token.save(update_fields=["approved_at"])


def revoke_token(token: RegulatorToken) -> None:
    """End a token now."""
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])


def live_tokens() -> QuerySet[RegulatorToken]:
    """Return the tokens that can be used now, if their accounts can."""
    return RegulatorToken.objects.filter(
        approved_at__isnull=False, revoked_at=None, expires_at__gt=timezone.now()
    )


def account_for_token(token: str) -> RegulatorAccount:
    """Return the live account to which an approved API token belongs, and note that it was used.

    Raises `NoRegulatorAccess`.
    """
    now = timezone.now()
    digests = keyed_hashes(_DIGEST_PURPOSE, token.encode())
    found = live_tokens().filter(token_digest__in=digests).first()
    account = live_accounts().filter(pk=found.account_id).first() if found else None
    if found is None or account is None:
        raise NoRegulatorAccess
    if found.last_used_at is None or now - found.last_used_at > USE_NOTED_EVERY:
        RegulatorToken.objects.filter(pk=found.pk).update(last_used_at=now)
    return account
