"""What follows a commit for accounts: the mail with which a password is set anew."""

from allauth.account.adapter import get_adapter
from django.utils import translation

from requests_portal.password_reset import RESET_MAIL, accounts_of
from workflows.outbox.models import Effect
from workflows.outbox.services import effect_handler


@effect_handler(RESET_MAIL)
def mail_reset_link(effect: Effect) -> None:
    """Mail a link to each account of the address that was typed, then forget its hash."""
    with translation.override(effect.payload["language"]):
        for account in accounts_of(effect.payload["address"]):
            get_adapter().mail_reset_link(account)
    effect.payload = {}
    effect.save(update_fields=["payload"])
