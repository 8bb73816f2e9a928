"""What follows a commit for accounts: the mail with which a password is set anew."""

import logging

from allauth.account.adapter import get_adapter
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.utils import translation

from requests_portal.sign_in.password_reset import RESET_MAIL, accounts_of
from workflows.mail.outbound import headers, may_send
from workflows.outbox.models import Effect
from workflows.outbox.periodic import periodic
from workflows.outbox.services import effect_handler, enqueue, mail_handler

_LINK = "mail.password_reset"

logger = logging.getLogger(__name__)


@effect_handler(RESET_MAIL)
def mail_reset_links(effect: Effect) -> None:
    """Have a link mailed to each account of the address that was typed, then forget its hash."""
    language = effect.payload["language"]
    for account in accounts_of(effect.payload["address"]):
        payload = {"account": account.pk, "language": language}
        enqueue(_LINK, key=f"{_LINK}:{effect.pk}:{account.pk}", payload=payload)
    effect.payload = {}
    effect.save(update_fields=["payload"])


@mail_handler(_LINK)
def reset_mail(effect: Effect) -> EmailMessage | None:
    """Compose the mail with a link, if the account is still active and has an address."""
    account = User.objects.filter(pk=effect.payload["account"], is_active=True).first()
    if account is None or not account.email:
        return None
    if not may_send(effect, account.email, confirmed=True):
        logger.warning("Mail limit of an address reached; %s not sent", effect.kind)
        return None
    with translation.override(effect.payload["language"]):
        mail: EmailMessage = get_adapter().reset_mail(account)
    mail.extra_headers.update(headers(effect))
    return mail


# Of Django, and of the foundations, which know no outbox.
for _name, _path in {
    "sessions": "requests_portal.effects.clear_sessions",
    "checkpoints": "workflows.ledger.thinning.thin_checkpoints",
    "files": "workflows.vault.files.sweep_orphans",
    "cache entries": "workflows.vault.cache.purge_cache",
}.items():
    periodic("purge", _name, _path)


def clear_sessions() -> None:
    """Forget the sessions that have ended."""
    call_command("clearsessions")
