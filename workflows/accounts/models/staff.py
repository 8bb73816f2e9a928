"""The pseudonyms of staff."""

import secrets

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


def _new_pseudonym() -> str:
    return f"staff-{secrets.token_hex(6)}"


class StaffIdentity(models.Model):
    """The stable pseudonym under which a member of staff stands in the log.

    Personal data: the link between an account and its pseudonym.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="staff_identity"
    )
    pseudonym = models.CharField(
        _("pseudonym"), max_length=32, unique=True, default=_new_pseudonym, editable=False
    )


PSEUDONYM_LENGTH = 32
