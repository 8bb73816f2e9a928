"""The texts of notices in their versions, and the notices that were made from them."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.cases.models import Attachment, Case, Message
from workflows.vocabulary.notices import NoticeKind


class NoticeText(models.Model):
    """One version of the text of one kind of notice. Never changed; published by a row of its own.

    `regime` is empty for a text of all regimes that have none of their own. `digest` is the hex
    SHA-256 of the body. `author` is a pseudonym, empty for the text that came with the software.
    Personal data: none.
    """

    append_only = True

    regime = models.CharField(_("regime"), max_length=10, blank=True)
    kind = models.CharField(_("notice"), max_length=30)
    language = models.CharField(_("language"), max_length=10)
    number = models.PositiveIntegerField(_("version"))
    body = models.TextField(_("text"))
    digest = models.CharField(max_length=64)
    author = models.CharField(_("author"), max_length=32, blank=True)
    reason = models.CharField(_("why"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("written"), auto_now_add=True)

    class Meta:
        verbose_name = _("text of a notice")
        verbose_name_plural = _("texts of notices")
        ordering = ["kind", "regime", "language", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["regime", "kind", "language", "number"], name="one_text_a_number"
            ),
            models.UniqueConstraint(
                fields=["regime", "kind", "language", "digest"],
                condition=models.Q(author=""),
                name="a_shipped_text_is_kept_once",
            ),
        ]

    def __str__(self) -> str:
        regime = self.regime or _("all regimes")
        return f"{self.kind_label} · {regime} · {self.language} · {self.number}"

    @property
    def kind_label(self) -> str:
        """Return what its kind is called, in the active language."""
        return str(NoticeKind(self.kind).label)


class Publication(models.Model):
    """That a version became the text in use, until another is published. Never changed.

    Personal data: none.
    """

    append_only = True

    text = models.OneToOneField(NoticeText, on_delete=models.PROTECT, related_name="publication")
    by = models.CharField(_("published by"), max_length=32)
    at = models.DateTimeField(_("published"), auto_now_add=True)

    class Meta:
        verbose_name = _("publication")
        verbose_name_plural = _("publications")
        ordering = ["at", "id"]


class ClauseAttestation(models.Model):
    """That counsel attests a clause in these words; the latest row of a clause holds.

    Never changed. `version` is the hex SHA-256 of the words in all languages, `own_words` are those
    that are not the shipped ones. `office` is the one that answers for it. Personal data: none;
    `attested_by` is a pseudonym of staff.
    """

    append_only = True

    clause = models.CharField(_("clause"), max_length=40)
    version = models.CharField(_("version"), max_length=64)
    own_words = models.JSONField(_("own words"), default=dict)
    office = models.CharField(_("office"), max_length=200)
    attested_on = models.DateField(_("attested on"))
    attested_by = models.CharField(_("attested by"), max_length=32)
    recorded_at = models.DateTimeField(_("recorded"), auto_now_add=True)
    withdrawn = models.BooleanField(_("withdrawn"), default=False)

    class Meta:
        verbose_name = _("attestation of a clause")
        verbose_name_plural = _("attestations of clauses")
        ordering = ["clause", "-id"]

    def __str__(self) -> str:
        return f"{self.clause} · {self.attested_on}"


class Notice(models.Model):
    """A notice that was sent, with the versions it was made from and the files it consists of.

    `elements` are what the law calls for and the notice contains. Personal data: none here; the
    message and the files hold them, sealed, and are deleted when the case is erased.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notices")
    # What makes sending it twice impossible.
    key = models.CharField(max_length=200, unique=True, editable=False)
    kind = models.CharField(_("notice"), max_length=30)
    regime = models.CharField(_("regime"), max_length=10)
    language = models.CharField(_("language"), max_length=10)
    elements = ArrayField(models.CharField(max_length=30), verbose_name=_("elements"))
    texts = models.ManyToManyField(NoticeText, related_name="notices", verbose_name=_("texts"))
    message = models.OneToOneField(
        Message, on_delete=models.SET_NULL, null=True, related_name="notice"
    )
    files = models.ManyToManyField(Attachment, related_name="notices", verbose_name=_("files"))
    sent_at = models.DateTimeField(_("sent"))

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["sent_at", "id"]

    @property
    def kind_label(self) -> str:
        """Return what its kind is called, in the active language."""
        return str(NoticeKind(self.kind).label)
