"""What follows a commit for accounts: the mail with which a password is set anew."""

from allauth.account.adapter import get_adapter
from django.contrib.auth.models import User
from django.utils import translation

from requests_portal.accounts import RESET_MAIL
from workflows.outbox.models import Effect
from workflows.outbox.services import effect_handler


@effect_handler(RESET_MAIL)
def mail_reset_link(effect: Effect) -> None:
    """Mail the link that was asked for, if the account is still active and has an address."""
    account = User.objects.filter(pk=effect.payload["account"], is_active=True).first()
    if account is not None and account.email:
        with translation.override(effect.payload["language"]):
            get_adapter().mail_reset_link(account)
