"""Mail in text and HTML, in the language of its reader, within the day's limit of an address."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import connection
from django.template.loader import render_to_string
from django.utils import timezone, translation

from workflows.mail import links
from workflows.mail.addresses import canonical_address, domain_of
from workflows.mail.models import MailTally
from workflows.outbox.models import Effect
from workflows.vault.blind_index import keyed_hashes


def take_mail_quota(address: str, *, confirmed: bool) -> bool:
    """Count one mail to an address, and return whether the day's limits still allow it.

    The limit of an address holds over all cases and for all its spellings, so that nobody can
    flood a stranger by filing again and again. `confirmed` is whether whoever reads it has said
    so, or an administrator for them. To others, a domain has a limit as well: at many, every name
    leads to the same mailbox. It does not hold for providers of mail, where each mailbox is
    somebody else's and a stranger could silence them all.
    """
    canonical = canonical_address(address)
    if not _count("mail.address", canonical, settings.MAILS_PER_ADDRESS_PER_DAY):
        return False
    domain = domain_of(canonical)
    if confirmed or domain in settings.MAIL_PROVIDERS:
        return True
    return _count("mail.domain", domain, settings.MAILS_PER_DOMAIN_PER_DAY)


# Nothing comes back where the limit is reached.
_COUNT = """
    INSERT INTO mail_mailtally (address_digest, day, count)
    SELECT %(digest)s, %(day)s, 1 WHERE %(limit)s > 0
    ON CONFLICT (address_digest, day) DO UPDATE SET count = mail_mailtally.count + 1
    WHERE mail_mailtally.count < %(limit)s
"""


def _count(purpose: str, text: str, limit: int) -> bool:
    digests = keyed_hashes(purpose, text.encode(errors="surrogatepass"))
    today = timezone.now().date()
    digest = digests[0]
    if len(digests) > 1:
        # A day's limit is one, also on the day on which the index key was changed.
        begun = MailTally.objects.filter(address_digest__in=digests, day=today).order_by("pk")
        digest = bytes(begun.values_list("address_digest", flat=True).first() or digest)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"digest": digest, "day": today, "limit": limit})
        return bool(cursor.rowcount)


def next_quota_reset() -> datetime:
    """Return when the next day's limit begins to count."""
    day = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return day + timedelta(days=1)


def may_send(effect: Effect, address: str, *, confirmed: bool) -> bool:
    """Count the mail of an effect like `take_mail_quota`: once a day, however often it is tried."""
    today = timezone.now().date()
    if effect.counted_on != today:
        if not take_mail_quota(address, confirmed=confirmed):
            return False
        effect.counted_on = today
        effect.save(update_fields=["counted_on"])
    return True


def compose(
    template: str,
    to: list[str],
    language: str,
    effect: Effect,
    values: dict[str, Any],
    *,
    html: bool = True,
) -> EmailMessage:
    """Compose the mail `templates/emails/<template>/` in a language, as text and as HTML.

    The Message-ID is made from the effect, so that a mail repeated after a crash is one mail to the
    reader's program.
    """
    folder = f"emails/{template}"
    with translation.override(language):
        mail = EmailMultiAlternatives(
            subject=" ".join(render_to_string(f"{folder}/subject.txt", values).split()),
            body=render_to_string(f"{folder}/body.txt", values),
            to=to,
            headers={**headers(effect), "Content-Language": language},
        )
        if html:
            mail.attach_alternative(render_to_string(f"{folder}/body.html", values), "text/html")
    return mail


def headers(effect: Effect) -> dict[str, str]:
    """Return what a mail says about itself: the id of its effect, and that a program wrote it."""
    return {
        "Message-ID": f"<{effect.pk}@{links.mail_domain()}>",
        "Auto-Submitted": "auto-generated",
    }


def purge_tallies(now: datetime | None = None) -> int:
    """Forget the tallies of days that are over; return how many."""
    yesterday = (now or timezone.now()).date() - timedelta(days=1)
    return MailTally.objects.filter(day__lt=yesterday).delete()[0]
