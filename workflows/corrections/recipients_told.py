"""Whom the data of a person were passed on to, and that these were told of the change."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from workflows.cases.models import Case
from workflows.corrections.models import RecipientNotice
from workflows.notices.document import Bullets, Paragraph


def notices_about(case: Case) -> list[RecipientNotice]:
    """Return which recipients are told of changes for a case, by name. One query."""
    notices = RecipientNotice.objects.filter(manifest__instructions__item__case=case)
    return list(
        notices.select_related("recipient", "manifest__snapshot__dataset")
        .distinct()
        .order_by("recipient__name", "made_at")
    )


def lines_about(case: Case) -> tuple[str, ...]:
    """Return a line for each recipient: whether it was told, and has confirmed."""
    return tuple(dict.fromkeys(_line(notice) for notice in notices_about(case)))


def recipients_informed(case: Case) -> tuple[Paragraph | Bullets, ...]:
    """Return whom the answer names as told of the change, in the active language."""
    lines = lines_about(case)
    if not lines:
        return ()
    return (Paragraph(_("They were passed on to:")), Bullets(lines))


def _line(notice: RecipientNotice) -> str:
    named = {"recipient": notice.recipient.name, "dataset": notice.manifest.snapshot.dataset.name}
    if notice.confirmed_at:
        named["day"] = _day(notice.confirmed_at)
        return _("%(recipient)s (%(dataset)s), who confirmed on %(day)s the same change") % named
    if notice.told_at:
        named["day"] = _day(notice.told_at)
        return _("%(recipient)s (%(dataset)s), who was told of the change on %(day)s") % named
    return _("%(recipient)s (%(dataset)s), who is being told of the change") % named


def _day(moment: datetime) -> str:
    return date_format(localdate(moment), "DATE_FORMAT")
