"""Small tables around the case: staff pseudonyms, tallies and throttles, idempotency keys."""

import secrets

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.cases.models.case import Case


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


class MailTally(models.Model):
    """How many mails went to one address on one day, or to contacts at one domain.

    Personal data: a keyed hash of the address or domain, deleted after two days.
    """

    address_digest = models.BinaryField(max_length=32)
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["address_digest", "day"], name="one_tally_a_day"),
        ]


class AccessThrottle(models.Model):
    """When the next wrong receipt may be tried for one case number, or for all of them.

    Each wrong try moves `free_at` on by one interval; how far it may lie ahead is the burst.
    Personal data: none, the typed number stands as a keyed hash; deleted after a day.
    """

    key_digest = models.BinaryField(max_length=32, unique=True)
    free_at = models.DateTimeField(db_index=True)


class IdempotencyKey(models.Model):
    """Remembers which case one attempt to file has made, so that a repeat makes no second one.

    Personal data: none; the caller's key and the body are stored as keyed hashes. The receipt is
    derived from both, so a repeat can be given it again although it is stored nowhere.
    """

    digest = models.BinaryField(max_length=32, unique=True)
    body_digest = models.BinaryField(max_length=32)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
