"""What is done when a request is approved: for each kind whether it can be done, and how."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from workflows.accounts import access
from workflows.accounts.account_log import record
from workflows.accounts.actors import Actor
from workflows.accounts.errors import ApprovalRefused
from workflows.accounts.invitations import Purpose, invite, was_accepted
from workflows.accounts.models import ApprovalRequest, RegulatorAccount, RegulatorToken
from workflows.accounts.pipelines import approve_token as approve_pipeline_token
from workflows.accounts.pipelines import has_ended
from workflows.accounts.regulators import approve_token as approve_regulator_token
from workflows.vocabulary.roles import Role

Kind = ApprovalRequest.Kind


@dataclass(frozen=True, slots=True)
class ApprovableChange:
    """A kind of change: `check` raises `ApprovalRefused` where it cannot be done, `do` does it."""

    check: Callable[[ApprovalRequest], None]
    do: Callable[[ApprovalRequest, Actor], object]


def account_of(request: ApprovalRequest) -> User:
    """Return the account that a request is about."""
    assert request.account is not None
    return request.account


def _roles_after(request: ApprovalRequest) -> set[str]:
    return access.roles_of(account_of(request)) | set(request.terms["roles"])


def _check_roles(request: ApprovalRequest) -> None:
    access.require_compatible(_roles_after(request))


def _give_roles(request: ApprovalRequest, by: Actor) -> None:
    access.set_roles(account_of(request), _roles_after(request), by)


def _check_invite(request: ApprovalRequest) -> None:
    _check_roles(request)
    if was_accepted(account_of(request)):
        raise ApprovalRefused(_("This person has set a password already."))
    _require_address(request)


def _invite(request: ApprovalRequest, by: Actor) -> None:
    _give_roles(request, by)
    invite(account_of(request), Purpose.INVITE)


def _check_activate(request: ApprovalRequest) -> None:
    account = account_of(request)
    if account.is_active:
        raise ApprovalRefused(_("This account is active."))
    if not was_accepted(account):
        raise ApprovalRefused(_("This person has never set a password: invite them once more."))


def _check_address(request: ApprovalRequest) -> None:
    access.require_free_address(request.terms["email"], account_of(request))


def _check_password(request: ApprovalRequest) -> None:
    account = account_of(request)
    if not account.is_active:
        raise ApprovalRefused(_("This account is not active."))
    if not was_accepted(account):
        raise ApprovalRefused(_("This person has never set a password: invite them once more."))
    _require_address(request)


def _mail_reset_link(request: ApprovalRequest, _by: Actor) -> None:
    invite(account_of(request), Purpose.RESET)


def _check_nothing(_request: ApprovalRequest) -> None:
    """A second factor that is not there can be removed as well."""


def _require_address(request: ApprovalRequest) -> None:
    if not account_of(request).email:
        raise ApprovalRefused(_("This account has no e-mail address to which a link could go."))


def _check_admission(request: ApprovalRequest) -> None:
    if Role.REGULATOR not in access.roles_of(account_of(request)):
        raise ApprovalRefused(_("This account does not have the role of a regulator."))


def _admit(request: ApprovalRequest, by: Actor) -> None:
    terms = request.terms
    RegulatorAccount.objects.update_or_create(
        user=account_of(request),
        defaults={
            "regime": terms["regime"],
            "authority": terms["authority"],
            "expires_at": datetime.fromisoformat(terms["until"]),
        },
    )
    facts = {"regime": terms["regime"], "until": terms["until"][: len("2026-01-31")]}
    record("regulator.admitted", by, account_of(request), facts)


def _regulator_token(request: ApprovalRequest) -> RegulatorToken:
    assert request.regulator_token is not None
    return request.regulator_token


def _check_regulator_token(request: ApprovalRequest) -> None:
    if _regulator_token(request).has_ended:
        raise ApprovalRefused(_("This token was revoked, or has expired."))


def _approve_regulator_token(request: ApprovalRequest, by: Actor) -> None:
    approve_regulator_token(_regulator_token(request))
    record("token.approved", by, account_of(request))


def _check_pipeline_token(request: ApprovalRequest) -> None:
    pipeline = request.pipeline
    assert pipeline is not None
    if has_ended(pipeline) or pipeline.waiting_digest is None:
        raise ApprovalRefused(_("This token was revoked, or has expired."))


def _approve_pipeline_token(request: ApprovalRequest, by: Actor) -> None:
    assert request.pipeline is not None
    terms = request.terms
    until = datetime.fromisoformat(terms["until"])
    approve_pipeline_token(request.pipeline, by, scopes=terms["scopes"], until=until)


CARRY_OUT: dict[str, ApprovableChange] = {
    Kind.INVITE: ApprovableChange(_check_invite, _invite),
    Kind.ROLES: ApprovableChange(_check_roles, _give_roles),
    Kind.ACTIVATE: ApprovableChange(
        _check_activate, lambda request, by: access.let_in(account_of(request), by)
    ),
    Kind.ADDRESS: ApprovableChange(
        _check_address,
        lambda request, by: access.set_address(account_of(request), request.terms["email"], by),
    ),
    Kind.PASSWORD: ApprovableChange(_check_password, _mail_reset_link),
    Kind.SECOND_FACTOR: ApprovableChange(
        _check_nothing,
        lambda request, by: access.remove_second_factor(account_of(request), by),
    ),
    Kind.ADMISSION: ApprovableChange(_check_admission, _admit),
    Kind.REGULATOR_TOKEN: ApprovableChange(_check_regulator_token, _approve_regulator_token),
    Kind.PIPELINE_TOKEN: ApprovableChange(_check_pipeline_token, _approve_pipeline_token),
}
