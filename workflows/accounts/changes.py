"""What an administrator changes about other people's accounts.

What takes access away takes effect at once, for nobody should wait for it; what gives access is
asked for and waits for a second person.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.accounts import access
from workflows.accounts.account_log import record
from workflows.accounts.actors import actor_for
from workflows.accounts.approvals import request_approval
from workflows.accounts.deciders import may_keep_accounts, require_keeper, rule_has_begun
from workflows.accounts.errors import ApprovalRefused
from workflows.accounts.models import ApprovalRequest, RegulatorAccount

Kind = ApprovalRequest.Kind


@dataclass(frozen=True, slots=True)
class DesiredAccount:
    """What an account is to be like."""

    first_name: str
    last_name: str
    email: str
    is_active: bool
    roles: frozenset[str]


def invite_person(account: User, roles: Iterable[str], by: User) -> ApprovalRequest:
    """Make an account that nobody can use, and ask for approval of inviting its owner.

    `account` is a row that was not saved yet. Raises `ApprovalRefused`.
    """
    names = sorted(set(roles))
    with transaction.atomic():
        if not may_keep_accounts(by):
            raise ApprovalRefused(_("Your role does not allow you to change this account."))
        access.require_free_address(account.email)
        account.is_active = account.is_staff = account.is_superuser = False
        account.set_unusable_password()
        account.save(force_insert=True)
        return _ask(Kind.INVITE, account, by, {"roles": names})


def invite_again(account: User, roles: Iterable[str], by: User) -> ApprovalRequest:
    """Ask for another link to an account that was never used. Raises `ApprovalRefused`."""
    return _ask(Kind.INVITE, account, by, {"roles": sorted(set(roles))})


def reset_password(account: User, by: User) -> ApprovalRequest:
    """Ask that a link for a new password is mailed. Raises `ApprovalRefused`."""
    return _ask(Kind.PASSWORD, account, by)


def remove_second_factor(account: User, by: User) -> ApprovalRequest:
    """Ask that somebody's second factor is removed. Raises `ApprovalRefused`."""
    return _ask(Kind.SECOND_FACTOR, account, by)


def change_account(account: User, wanted: DesiredAccount, by: User) -> list[ApprovalRequest]:
    """Take away at once what `wanted` takes away, ask for what it gives; return what was asked.

    All or nothing. Raises `ApprovalRefused`.
    """
    with transaction.atomic():
        rule_has_begun()
        if not may_keep_accounts(by):
            raise ApprovalRefused(_("Your role does not allow you to change this account."))
        account = User.objects.select_for_update().get(pk=account.pk)
        _rename(account, wanted, by)
        before = access.roles_of(account)
        if wanted.roles == before and (wanted.email, wanted.is_active) == (
            account.email,
            account.is_active,
        ):
            return []
        require_keeper(by, account)
        access.require_compatible(wanted.roles)
        access.set_roles(account, before & wanted.roles, actor_for(by), tell=True)
        if account.is_active and not wanted.is_active:
            access.lock_out(account, actor_for(by))
        asked = []
        if wanted.roles - before:
            asked.append(_ask(Kind.ROLES, account, by, {"roles": sorted(wanted.roles - before)}))
        if wanted.is_active and not account.is_active:
            asked.append(_ask(Kind.ACTIVATE, account, by))
        if wanted.email != account.email:
            asked.append(_ask(Kind.ADDRESS, account, by, {"email": wanted.email}))
    return asked


def admit_regulator(wanted: RegulatorAccount, by: User) -> ApprovalRequest | None:
    """Set which regime a regulator sees and until when; return what now waits for approval.

    `wanted` is a row with the values that it is to have; a new one is saved as one that sees
    nothing yet. Only an earlier end takes effect at once, and returns None.
    """
    assert wanted.expires_at is not None
    with transaction.atomic():
        require_keeper(by, wanted.user)
        before = RegulatorAccount.objects.filter(pk=wanted.pk).first()
        if before is not None and _only_shortened(before, wanted):
            wanted.save(update_fields=["expires_at"])
            facts = {"regime": wanted.regime, "until": _day(wanted.expires_at)}
            record("regulator.admitted", actor_for(by), wanted.user, facts, tell=True)
            return None
        terms: dict[str, object] = {
            "regime": wanted.regime,
            "authority": wanted.authority,
            "until": wanted.expires_at.isoformat(),
        }
        if before is None:
            wanted.expires_at = None
            wanted.save(force_insert=True)
        return _ask(Kind.ADMISSION, wanted.user, by, terms)


def _ask(
    kind: str, account: User, by: User, terms: dict[str, object] | None = None
) -> ApprovalRequest:
    return request_approval(
        ApprovalRequest(
            kind=kind,
            account=account,
            requested_by=by,
            terms=terms or {},
            requested_at=timezone.now(),
        )
    )


def _rename(account: User, wanted: DesiredAccount, by: User) -> None:
    if (account.first_name, account.last_name) != (wanted.first_name, wanted.last_name):
        account.first_name, account.last_name = wanted.first_name, wanted.last_name
        account.save(update_fields=["first_name", "last_name"])
        record("account.renamed", actor_for(by), account)


def _only_shortened(before: RegulatorAccount, wanted: RegulatorAccount) -> bool:
    same = (before.regime, before.authority) == (wanted.regime, wanted.authority)
    if before.expires_at is None or wanted.expires_at is None:
        return False
    return same and wanted.expires_at <= before.expires_at


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
