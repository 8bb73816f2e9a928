"""How much time is left, in words; the same on every page."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def days_left(days: int) -> str:
    """Return in words how many whole days are left; none is the last day, negative is late."""
    if days < 0:
        return ngettext("late by %(days)d day", "late by %(days)d days", -days) % {"days": -days}
    if days == 0:
        return _("last day today")
    return ngettext("%(days)d day left", "%(days)d days left", days) % {"days": days}
