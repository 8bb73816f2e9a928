"""Who is let in while more comes in than usual, and which proofs of work were used."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.cases.models.correspondence import Draft


class Purpose(models.TextChoices):
    """What a draft is let in for."""

    BEGIN = "begin", _("Begin a request")
    FILES = "files", _("Add files")
    SEND = "send", _("Send a request")


class Admission(models.Model):
    """The time in which a draft may do something, earned by a proof of work or by waiting in line.

    Personal data: none; it goes with its draft.
    """

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="admissions")
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["draft", "purpose"], name="one_admission_a_purpose"),
        ]


class SpentProof(models.Model):
    """A proof of work that was used, kept until it would have expired anyhow.

    Personal data: none; a keyed hash of the signature that we made ourselves.
    """

    digest = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField(db_index=True)
