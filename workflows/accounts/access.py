"""What an account may do, written: roles, in or out, address. Who may decide so is not asked here.

Only `approvals` and `changes` call this.
"""

from collections.abc import Iterable
from importlib import import_module

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.utils.translation import gettext as _

from workflows.accounts.account_log import record
from workflows.accounts.actors import STAFF_ROLES, Actor
from workflows.accounts.errors import ApprovalRefused
from workflows.accounts.invitations import end_links
from workflows.vocabulary.roles import Role

STAFF = frozenset(role.value for role in STAFF_ROLES)
ROLES = frozenset({*STAFF, Role.REGULATOR.value})


def roles_of(account: User) -> set[str]:
    """Return the names of the roles that an account holds."""
    return set(account.groups.filter(name__in=ROLES).values_list("name", flat=True))


def require_compatible(names: Iterable[str]) -> None:
    """Raise `ApprovalRefused` when one person would be staff and regulator at once."""
    roles = set(names)
    if Role.REGULATOR in roles and roles & STAFF:
        raise ApprovalRefused(_("A regulator cannot be a member of staff as well."))


def require_free_address(email: str, account: User | None = None) -> None:
    """Raise `ApprovalRefused` when another account has this address."""
    others = User.objects.exclude(pk=account.pk) if account and account.pk else User.objects.all()
    if others.filter(email__iexact=email).exists():
        raise ApprovalRefused(_("Another account has this address."))


def set_roles(account: User, names: Iterable[str], by: Actor, *, tell: bool = False) -> None:
    """Give an account exactly these roles, let staff into the staff's pages, and log it.

    Raises `ApprovalRefused`.
    """
    before, after = roles_of(account), set(names)
    require_compatible(after)
    if before == after:
        return
    facts = {"gained": sorted(after - before), "lost": sorted(before - after)}
    record("roles.changed", by, account, facts, tell=tell)
    account.groups.set(Group.objects.filter(name__in=after))
    account.is_staff = account.is_superuser or bool(after & STAFF)
    account.save(update_fields=["is_staff"])


def let_in(account: User, by: Actor) -> None:
    """Let an account sign in again."""
    account.is_active = True
    account.save(update_fields=["is_active"])
    record("account.activated", by, account)


def lock_out(account: User, by: Actor) -> None:
    """End the access of an account, its sessions and the links mailed for it, at once."""
    record("account.deactivated", by, account, tell=True)
    account.is_active = False
    account.save(update_fields=["is_active"])
    # Who is let in again must not find a session open that somebody else may sit in.
    end_sessions(account)
    end_links(account)


def set_address(account: User, email: str, by: Actor) -> None:
    """Have an account's mail go elsewhere. An address does not stand in the log."""
    require_free_address(email, account)
    account.email = email
    account.save(update_fields=["email"])
    # What the old address confirmed is no way in any more, nor are links that went there.
    EmailAddress.objects.filter(user=account).delete()
    end_links(account)
    record("account.address_changed", by, account)


def remove_second_factor(account: User, by: Actor) -> None:
    """Let somebody who lost their second factor set up another one, once they signed in anew.

    Whoever else sits in a session of theirs could set up one of their own: all sessions end.
    """
    Authenticator.objects.filter(user=account).delete()
    end_sessions(account)
    record("second_factor.removed", by, account)


def end_sessions(account: User) -> None:
    """End every session in which an account is signed in, at once."""
    sessions = import_module(settings.SESSION_ENGINE).SessionStore.get_model_class()
    sessions.objects.filter(account=account).delete()
