"""Accounts of staff and regulators: nobody signs up, an administrator invites."""

import base64
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from ipaddress import IPv6Address
from types import SimpleNamespace
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlencode

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.account.decorators import reauthentication_required
from allauth.account.forms import default_token_generator
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import user_pk_to_url_str
from allauth.core import context
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from requests_portal.sign_in.own_sessions import end_other_sign_ins
from workflows.mail.outbound import take_mail_quota
from workflows.vault.blind_index import keyed_hash, keyed_hashes
from workflows.vault.crypto import DecryptionFailed, decrypt, encrypt
from workflows.vocabulary.roles import Role

P = ParamSpec("P")
R = TypeVar("R")
_SECRET_PLACE = b"second factor"
_KEY_PURPOSE = "mfa.secrets"

logger = logging.getLogger(__name__)


class ClosedSignupAdapter(DefaultAccountAdapter):
    """Refuses open sign-up: the public needs no account and staff are invited."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False always."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Return the first page of the area that the account is for."""
        if request.user.is_staff:
            return reverse("admin:index")
        if request.user.groups.filter(name=Role.REGULATOR).exists():
            return reverse("regulators:overview")
        return str(super().get_login_redirect_url(request))

    def get_reauthentication_methods(self, user: User | AnonymousUser) -> list[dict[str, Any]]:
        """Return how somebody may prove again that it is them: by a factor, where they have one.

        allauth also takes the password, so that a password alone would remove the factor.
        """
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [method for method in methods if method["id"] != "reauthenticate"] or methods

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Return True; raise at once where only a password was given again beside a factor.

        allauth would ask when that was, and not how. It was before the account had a factor.
        """
        user = context.request.user
        records = get_authentication_records(context.request, user)
        given = [record["method"] for record in records if record.get("reauthenticated")]
        if given and given[-1] != "mfa" and is_mfa_enabled(user):
            raise ReauthenticationRequired
        return True

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail unless the day's limit of the address is reached."""
        if not take_mail_quota(email, confirmed=True):
            logger.warning("Mail limit of an address reached; %s not sent", template_prefix)
            return
        self.compose_mail(template_prefix, email, context).send()

    def compose_mail(
        self, template_prefix: str, email: str, context: dict[str, Any]
    ) -> EmailMessage:
        """Compose a mail of allauth's.

        How the site is called comes from the settings; allauth would take it from a Host header.
        """
        site = SimpleNamespace(name=settings.PROVIDER_NAME, domain=settings.PUBLIC_BASE_URL)
        values = {"email": email, "current_site": site, **context}
        mail: EmailMessage = self.render_mail(template_prefix, email, values)
        return mail

    def reset_mail(self, user: User) -> EmailMessage:
        """Compose the mail with a link by which the password of an account can be set anew."""
        values = {
            "uidb36": user_pk_to_url_str(user),
            "key": default_token_generator.make_token(user),
        }
        path = reverse("account_reset_password_from_key", kwargs=values)
        context = {
            "user": user,
            "username": user.get_username(),
            "password_reset_url": f"{settings.PUBLIC_BASE_URL}{path}",
        }
        return self.compose_mail("account/email/password_reset_key", user.email, context)


class SealingMFAAdapter(DefaultMFAAdapter):
    """Keeps the secrets of authenticator apps and recovery codes encrypted at rest.

    Under a key derived from `INDEX_KEY`; what a former one has encrypted is still read, until
    `manage.py rotate_index_key` has encrypted it anew.
    """

    def encrypt(self, text: str) -> str:
        """Return `text` encrypted, as base64."""
        key = keyed_hash(_KEY_PURPOSE, b"")
        return base64.b64encode(encrypt(key, text.encode(), _SECRET_PLACE)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Undo `encrypt`; raise `DecryptionFailed` when it is not from us."""
        sealed = base64.b64decode(encrypted_text)
        current, *former = keyed_hashes(_KEY_PURPOSE, b"")
        for key in former:
            with suppress(DecryptionFailed):
                return decrypt(key, sealed, _SECRET_PLACE).decode()
        return decrypt(current, sealed, _SECRET_PLACE).decode()

    def encrypt_anew(self, encrypted_text: str) -> str:
        """Return what a former key has encrypted under the current one, and the rest as it is.

        Raises `DecryptionFailed` when no key opens it.
        """
        try:
            key = keyed_hash(_KEY_PURPOSE, b"")
            decrypt(key, base64.b64decode(encrypted_text), _SECRET_PLACE)
        except DecryptionFailed:
            return self.encrypt(self.decrypt(encrypted_text))
        return encrypted_text


def used_second_factor(request: HttpRequest) -> bool:
    """Return whether this session was opened, or confirmed since, with a second factor."""
    records = get_authentication_records(request, request.user)
    return any(record["method"] == "mfa" for record in records)


def record_added_factor(
    request: HttpRequest, user: User, authenticator: Authenticator, **_signal: object
) -> None:
    """Take that somebody set up a factor for a proof of it: they have just used it.

    What else is open was opened without it, and ends.
    """
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        end_other_sign_ins(request)
        extra = {"id": authenticator.pk, "type": authenticator.type, "reauthenticated": True}
        record_authentication(request, user, "mfa", **extra)


def hidden_address(request: HttpRequest) -> str | None:
    """Return what stands for the visitor's network address where axes counts wrong passwords.

    It is stored, and the portal stores no network address: it is a keyed hash that looks like one.
    """
    try:
        address = get_adapter().get_client_ip(request)
    except PermissionDenied:
        return None
    return str(IPv6Address(keyed_hash("sign_in.address", address.encode())[:16]))


def fresh_sign_in_required(
    view: Callable[Concatenate[HttpRequest, P], R],
) -> Callable[Concatenate[HttpRequest, P], R | HttpResponseRedirect]:
    """Let a view run only for someone who has proved a moment ago that it is still them.

    Anyone else is asked for their second factor, or for their password where they have no factor,
    and comes back to the same address. A form
    that was sent is not kept meanwhile, for it would lie in the session in the clear; forms are
    only reached past the same question, so that it hardly ever happens.
    """
    checked: Callable[Concatenate[HttpRequest, P], R] = reauthentication_required(view)

    @wraps(view)
    def asking(
        request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> R | HttpResponseRedirect:
        try:
            return checked(request, *args, **kwargs)
        except ReauthenticationRequired:
            methods = get_adapter().get_reauthentication_methods(request.user)
            address = methods[0]["url"] if methods else reverse("account_login")
            query = urlencode({"next": request.get_full_path()})
            return HttpResponseRedirect(f"{address}?{query}")

    return asking


def factor_required_where_there_is_one(
    view: Callable[Concatenate[HttpRequest, P], R],
) -> Callable[Concatenate[HttpRequest, P], R | HttpResponseRedirect]:
    """Ask accounts with a second factor for it before a view that asks for the password itself."""
    checked = fresh_sign_in_required(view)

    @wraps(view)
    def asking(
        request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> R | HttpResponseRedirect:
        if request.user.is_authenticated and is_mfa_enabled(request.user):
            return checked(request, *args, **kwargs)
        return view(request, *args, **kwargs)

    return asking
