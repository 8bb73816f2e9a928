"""Mailed links with which people set their own password: one account, once, for seven days.

Nobody else ever knows or sets it. An account whose invitation was not accepted is inactive and
has no password, so that no other way leads in.
"""

import base64
from datetime import timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from workflows.accounts.account_log import record
from workflows.accounts.actors import PUBLIC, SYSTEM, actor_for
from workflows.accounts.deciders import require_keeper
from workflows.accounts.errors import InvalidInvitation
from workflows.accounts.models import Invitation
from workflows.outbox.services import enqueue
from workflows.vault.blind_index import keyed_hash, keyed_hashes

MAIL = "accounts.invitation"
VALID_FOR = timedelta(days=7)
_PURPOSE = "account.invitation"
Purpose = Invitation.Purpose


def was_accepted(account: User) -> bool:
    """Return whether the owner of an account has ever set a password."""
    return account.has_usable_password()


def invite(account: User, purpose: str) -> Invitation:
    """Have a link mailed to an account's address; earlier links end. Call it in a transaction."""
    end_links(account)
    invitation = Invitation.objects.create(account=account, purpose=purpose)
    enqueue(MAIL, key=f"{MAIL}:{invitation.pk}", payload={"invitation": str(invitation.pk)})
    return invitation


def open_link(invitation: Invitation, effect_id: UUID) -> str:
    """Make the secret of a link that is being mailed, and return it; its days begin now.

    It is derived from the effect by which it is mailed, so that a mail sent again after a crash
    has the same link.
    """
    secret = keyed_hash("account.invitation.link", effect_id.bytes)
    token = base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
    now = timezone.now()
    first = invitation.token_digest is None
    invitation.token_digest = _digest(token)
    invitation.sent_at, invitation.expires_at = now, now + VALID_FOR
    invitation.save(update_fields=["token_digest", "sent_at", "expires_at"])
    if first:
        facts = {"purpose": str(invitation.purpose)}
        record("invitation.mailed", SYSTEM, invitation.account, facts)
    return token


def find_invitation(token: str) -> Invitation:
    """Return the invitation behind a mailed link while it can be used; changes nothing.

    Raises `InvalidInvitation`.
    """
    invitation = (
        Invitation.objects.select_related("account")
        .filter(
            # A new account is inactive until its owner accepts; who was locked out resets nothing.
            Q(purpose=Purpose.INVITE, account__is_active=False)
            | Q(purpose=Purpose.RESET, account__is_active=True),
            token_digest__in=keyed_hashes(_PURPOSE, token.encode()),
            used_at=None,
            revoked_at=None,
            expires_at__gt=timezone.now(),
        )
        .first()
    )
    if invitation is None or (
        invitation.purpose == Purpose.INVITE and was_accepted(invitation.account)
    ):
        raise InvalidInvitation
    return invitation


def accept(token: str, password: str) -> User:
    """Set the password of the account for which the link was mailed, once, and let it in.

    Raises `InvalidInvitation`. The password must have been validated.
    """
    with transaction.atomic():
        account = User.objects.select_for_update().get(pk=find_invitation(token).account_id)
        # Once more, now that nobody else can use or revoke it.
        invitation = find_invitation(token)
        invitation.used_at = timezone.now()
        invitation.save(update_fields=["used_at"])
        end_links(account)
        account.set_password(password)
        account.is_active = True
        account.save(update_fields=["password", "is_active"])
        accepted = invitation.purpose == Purpose.INVITE
        # Nobody is signed in: it was whoever could read the mail.
        record("invitation.accepted" if accepted else "password.reset_by_link", PUBLIC, account)
    return account


def revoke(account: User, by: User) -> None:
    """End the links that were mailed for an account. Raises `ApprovalRefused`."""
    with transaction.atomic():
        require_keeper(by, account)
        if end_links(account):
            record("invitation.revoked", actor_for(by), account)


def end_links(account: User) -> int:
    """End the links of an account that are not used yet; return how many."""
    # The account's row stands between this and somebody who uses the link at the same moment.
    User.objects.select_for_update().get(pk=account.pk)
    live = account.invitations.filter(used_at=None, revoked_at=None)
    return live.update(revoked_at=timezone.now())


def open_invitation(account: User) -> Invitation | None:
    """Return the link of an account that can be used, or is about to be mailed."""
    live = account.invitations.filter(used_at=None, revoked_at=None)
    return live.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now())).first()


def _digest(token: str) -> bytes:
    return keyed_hash(_PURPOSE, token.encode())
