"""Who may ask for a change of an account, and who may approve it: never one person alone."""

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from workflows.accounts.account_log import RULE_BEGAN, record
from workflows.accounts.actors import SYSTEM, actor_for
from workflows.accounts.errors import ApprovalRefused
from workflows.accounts.models import ApprovalRequest
from workflows.accounts.regulators import live_accounts
from workflows.ledger.models import Event
from workflows.vocabulary.roles import Role

Kind = ApprovalRequest.Kind

# An administrator alone sees no case, and a privacy officer alone makes no account.
DECIDERS = frozenset({Role.ADMINISTRATOR, Role.PRIVACY_OFFICER})
# A token opens personal data to a program, of which administrators know nothing.
TOKEN_DECIDERS = frozenset({Role.PRIVACY_OFFICER})
TOKEN_KINDS = frozenset({Kind.REGULATOR_TOKEN, Kind.PIPELINE_TOKEN})
TWO = 2


def deciders_of(kind: str) -> frozenset[Role]:
    """Return the roles that may approve or reject this kind of request."""
    return TOKEN_DECIDERS if kind in TOKEN_KINDS else DECIDERS


def why_not_decide(request: ApprovalRequest, user: User) -> str | None:
    """Return the sentence why this person may not decide on a request, or None when they may."""
    if request.requested_by_id == user.pk:
        return _("You asked for this yourself: somebody else has to approve it.")
    if request.account_id == user.pk:
        return _("This is about your own account: somebody else has to approve it.")
    if not user.is_active or not actor_for(user).roles & deciders_of(request.kind):
        return _("Your role does not allow you to decide on this.")
    return None


def decidable_by(user: User) -> QuerySet[ApprovalRequest]:
    """Return what may be decided by this person, whether it still waits or not."""
    roles = actor_for(user).roles
    kinds = [kind for kind in Kind if roles & deciders_of(kind)]
    requests = ApprovalRequest.objects.filter(kind__in=kinds).exclude(requested_by=user)
    return requests.exclude(account=user)


def may_keep_accounts(user: User) -> bool:
    """Return whether this person may ask for changes of accounts, now."""
    return user.is_active and (user.is_superuser or Role.ADMINISTRATOR in actor_for(user).roles)


def require_keeper(by: User, account: User) -> None:
    """Raise `ApprovalRefused` unless `by` may ask for changes of, or lock, this account."""
    if by.pk == account.pk:
        raise ApprovalRefused(_("Nobody changes roles or access of their own account."))
    if not may_keep_accounts(by) or (account.is_superuser and not by.is_superuser):
        raise ApprovalRefused(_("Your role does not allow you to change this account."))


def require_requester(request: ApprovalRequest) -> None:
    """Raise `ApprovalRefused` unless who asked may ask for it, now."""
    by = request.requested_by
    if request.kind == Kind.PIPELINE_TOKEN:
        allowed = by.is_active and Role.DATA_STEWARD in actor_for(by).roles
    elif request.kind == Kind.REGULATOR_TOKEN:
        allowed = live_accounts().filter(user=by, tokens=request.regulator_token).exists()
    else:
        assert request.account is not None
        require_keeper(by, request.account)
        return
    if not allowed:
        raise ApprovalRefused(_("Who asked for this may not have it, or not any more."))


def rule_has_begun() -> bool:
    """Return whether there were ever two people who can approve; from then on two are needed.

    What is known by counting is put into the log at the first chance, so that locking one of the
    two does not end the rule.
    """
    if Event.objects.filter(name=RULE_BEGAN).exists():
        return True
    people = User.objects.filter(is_active=True, groups__name__in=DECIDERS)
    signing_in = people.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    if signing_in.distinct().count() < TWO:
        return False
    record(RULE_BEGAN, SYSTEM)
    return True
