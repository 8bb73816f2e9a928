"""What people do to their own accounts as events in the log: from the signals of allauth."""

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.contrib.auth.models import User
from django.http import HttpRequest

from requests_portal.sign_in.people import actor_of
from workflows.accounts.account_log import record
from workflows.accounts.actors import PUBLIC


def connect() -> None:
    """Listen to what people do to their own accounts."""
    password_changed.connect(_record_own_password)
    password_set.connect(_record_own_password)
    password_reset.connect(_record_reset_by_mail)
    authenticator_added.connect(_record_added_factor)
    authenticator_removed.connect(_record_removed_factor)


def _record_own_password(request: HttpRequest, user: User, **_signal: object) -> None:
    record("password.changed", actor_of(request), user)


def _record_reset_by_mail(user: User, **_signal: object) -> None:
    # Nobody is signed in: it was whoever could read the mail.
    record("password.reset_by_mail", PUBLIC, user)


def _record_added_factor(
    request: HttpRequest, user: User, authenticator: Authenticator, **_signal: object
) -> None:
    record("second_factor.added", actor_of(request), user, {"type": authenticator.type})


def _record_removed_factor(
    request: HttpRequest, user: User, authenticator: Authenticator, **_signal: object
) -> None:
    record("second_factor.removed", actor_of(request), user, {"type": authenticator.type})
