"""How many mails went where."""

from django.db import models


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
