"""A snapshot: one version of a dataset that never changes, and the files it is made of."""

from collections.abc import Iterator

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workflows.accounts.models import PSEUDONYM_LENGTH
from workflows.corpus.values import FORMATS, FormatTraits, Schema
from workflows.datasets.models.dataset import Dataset


def default_text_fields() -> list[str]:
    """Return the names of the fields that usually hold the text."""
    return ["text"]


class Snapshot(models.Model):
    """One version of a dataset. It is read once when it is registered: counted, hashed, checked.

    Personal data: none; the data themselves stay where they lie.
    """

    class Format(models.TextChoices):
        """How the records are kept. Compressed and plain JSONL may lie in one folder."""

        JSONL = "jsonl", _("JSONL (also .gz, .zst)")
        PARQUET = "parquet", _("Parquet")
        TEXT = "text", _("Plain text")
        POSTGRESQL = "postgresql", _("PostgreSQL table")

    class State(models.TextChoices):
        """Whether a person can be looked up in it."""

        WAITING = "waiting", _("Waiting to be read")
        READING = "reading", _("Being read")
        READABLE = "readable", _("Readable")
        UNREADABLE = "unreadable", _("Cannot be read")
        PURGED = "purged", _("Deleted")

    dataset = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, related_name="snapshots", verbose_name=_("dataset")
    )
    version = models.CharField(_("version"), max_length=80)
    # The snapshot that a manifest was applied to, from which this one came out.
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        related_name="children",
        null=True,
        blank=True,
        verbose_name=_("made from"),
    )
    format = models.CharField(_("format"), max_length=12, choices=Format.choices)
    location = models.CharField(
        _("location"),
        max_length=500,
        help_text=_(
            "A file or folder on this server. For a table: the name of its database in the "
            "settings and its own name, as in archive/public.posts."
        ),
    )
    id_field = models.CharField(
        _("field with the id"),
        max_length=100,
        default="id",
        blank=True,
        help_text=_("Left empty for plain text, and for records without an id."),
    )
    text_fields = ArrayField(
        models.CharField(max_length=100),
        verbose_name=_("fields with text"),
        default=default_text_fields,
        help_text=_("With commas between them."),
    )
    source_field = models.CharField(_("field with the source or URL"), max_length=100, blank=True)
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.WAITING
    )
    # Why it cannot be read: a code of `read_errors.SENTENCES`, and the file or field it is about.
    problem = models.CharField(_("problem"), max_length=40, blank=True)
    problem_about = models.CharField(max_length=500, blank=True)
    rows = models.PositiveBigIntegerField(_("records"), null=True, blank=True)
    bytes = models.PositiveBigIntegerField(_("size in bytes"), null=True, blank=True)
    # How far it has been read, and how far there is to go, while it is being read.
    bytes_done = models.PositiveBigIntegerField(default=0)
    bytes_total = models.PositiveBigIntegerField(default=0)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    # When the re-scan of a snapshot that was made from it had found nothing.
    replaced_at = models.DateTimeField(_("replaced"), null=True, blank=True)
    purged_at = models.DateTimeField(_("deleted"), null=True, blank=True)
    registered_by = models.CharField(_("registered by"), max_length=PSEUDONYM_LENGTH, blank=True)
    registered_at = models.DateTimeField(_("registered"), auto_now_add=True)

    class Meta:
        verbose_name = _("snapshot")
        verbose_name_plural = _("snapshots")
        ordering = ["dataset", "-registered_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "version"],
                name="snapshot_version_once",
                violation_error_message=_("The dataset has a snapshot of this version already."),
            ),
            models.CheckConstraint(
                name="unreadable_snapshot_says_why",
                condition=Q(state="unreadable") ^ Q(problem=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dataset} · {self.version}"

    def clean(self) -> None:
        """Refuse what makes no line of snapshots; what is stored already may stay.

        Raises `ValidationError` for a parent of another dataset, and for one that was made from
        this snapshot itself.
        """
        super().clean()
        same = Snapshot.objects.filter(pk=self.pk, parent=self.parent_id, dataset=self.dataset_id)
        if self.dataset_id is None or same.exists():
            return
        if self.pk and self.children.exclude(dataset=self.dataset_id).exists():
            raise ValidationError(
                {"dataset": _("A snapshot that was made from this one is of another dataset.")}
            )
        if self.parent is None:
            return
        if self.parent.dataset_id != self.dataset_id:
            raise ValidationError({"parent": _("A snapshot is made from one of the same dataset.")})
        if self in (self.parent, *self.parent.ancestors()):
            raise ValidationError(
                {"parent": _("The snapshot named here was itself made from this one.")}
            )

    def ancestors(self) -> Iterator["Snapshot"]:
        """Yield the snapshots of its dataset that it was made from, the nearest first, each once.

        Entries from before such a thing was refused may stand in a circle.
        """
        seen, older = {self.pk}, self.parent_id
        while older is not None and older not in seen:
            seen.add(older)
            found = Snapshot.objects.filter(pk=older, dataset=self.dataset_id).first()
            if found is None:
                return
            yield found
            older = found.parent_id

    @property
    def schema(self) -> Schema:
        """The fields of its records, as the look-up reads them."""
        if self.traits.holds_documents:
            return Schema()
        return Schema(self.id_field, tuple(self.text_fields), self.source_field)

    @property
    def traits(self) -> FormatTraits:
        """What its format is like and what can be done with it here."""
        return FORMATS[self.format]

    @property
    def is_readable(self) -> bool:
        """Whether a person can be looked up in it."""
        return self.state == self.State.READABLE


class SnapshotFile(models.Model):
    """One file of a snapshot, as it was when it was registered. A table has none.

    Personal data: none.
    """

    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(_("path"), max_length=500)
    bytes = models.PositiveBigIntegerField(_("size in bytes"))
    rows = models.PositiveBigIntegerField(_("records"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ["path"]
        constraints = [
            models.UniqueConstraint(fields=["snapshot", "path"], name="snapshot_file_once"),
        ]

    def __str__(self) -> str:
        return self.path
