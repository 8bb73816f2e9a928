"""A password that is asked for anew: one page for every address, and a worker that looks it up."""

from uuid import uuid4

import allauth.account.forms
from allauth.account.adapter import get_adapter
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import translation

from workflows.mail.addresses import normalise_email
from workflows.outbox.services import enqueue
from workflows.vault.blind_index import keyed_hash, keyed_hashes

RESET_MAIL = "accounts.reset_mail"
_PURPOSE = "accounts.reset_address"


class ResetPasswordForm(allauth.account.forms.ResetPasswordForm):
    """Takes an address and looks nothing up: the page takes as long for each.

    Neither its time nor a failure of the mail server tells whether the address has an account.
    """

    def clean_email(self) -> str:
        """Return the address."""
        return str(get_adapter().clean_email(self.cleaned_data["email"]))

    def save(self, request: HttpRequest, **_kwargs: object) -> str:
        """Have a worker mail a link to the accounts of the address, if there are any."""
        email: str = self.cleaned_data["email"]
        payload = {"address": hashed_address(email), "language": translation.get_language()}
        enqueue(RESET_MAIL, key=f"{RESET_MAIL}:{uuid4()}", payload=payload)
        return email


def hashed_address(email: str) -> str:
    """Return what stands for an address in the outbox."""
    return keyed_hash(_PURPOSE, normalise_email(email).encode()).hex()


def accounts_of(address: str) -> list[User]:
    """Return the active accounts whose address has this hash."""
    accounts = User.objects.filter(is_active=True).exclude(email="").order_by("pk")
    asked = bytes.fromhex(address)
    return [
        account
        for account in accounts
        if asked in keyed_hashes(_PURPOSE, normalise_email(account.email).encode())
    ]
