"""A dataset: where it came from, on what ground it is used, who approved it, who got it."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workflows.accounts.models import PSEUDONYM_LENGTH
from workflows.vocabulary.outcomes import Scope
from workflows.vocabulary.places import is_place


class Dataset(models.Model):
    """A collection of data used for training. Its contents stand in its snapshots.

    Personal data: none; who registered and who approved stand by their pseudonyms.
    """

    class Approval(models.TextChoices):
        """Whether the source is approved as lawful. Only an approved one may be trained on."""

        UNAPPROVED = "unapproved", _("Not approved")
        APPROVED = "approved", _("Approved")
        WITHDRAWN = "withdrawn", _("Approval withdrawn")

    name = models.CharField(_("name"), max_length=120, unique=True)
    description = models.TextField(_("description"), blank=True)
    scope = models.CharField(
        _("scope"), max_length=20, choices=Scope.choices, default=Scope.TRAINING_SNAPSHOT
    )
    origin = models.TextField(
        _("origin"), help_text=_("Where the data come from, and how and when they were collected.")
    )
    legal_basis = models.TextField(
        _("legal basis"), help_text=_("On what ground they are processed.")
    )
    purposes = models.TextField(
        _("purposes"), blank=True, help_text=_("What the data are used for, one a line.")
    )
    disclosed_to = models.TextField(
        _("who receives the data"),
        blank=True,
        help_text=_(
            "Processors and other recipients, beside those in the list of recipients; or that "
            "nobody does."
        ),
    )
    transfers = models.TextField(
        _("transfers and safeguards"),
        blank=True,
        help_text=_(
            "To which other countries the data go, and what protects them there; or that they go to"
            " none."
        ),
    )
    # What people are told, in further languages: {language: {field of TOLD: text}}. A text that is
    # not there is told as it stands in the columns.
    translations = models.JSONField(_("translations"), default=dict, blank=True)
    licence = models.CharField(_("licence"), max_length=200, blank=True)
    types = models.CharField(
        _("types of data"), max_length=200, blank=True, help_text=_("For example: forum posts.")
    )
    scale = models.CharField(
        _("scale"), max_length=200, blank=True, help_text=_("For example: 3 million posts.")
    )
    labelling_rules = models.TextField(_("labelling rules"), blank=True)
    retention = models.CharField(
        _("retention"), max_length=200, blank=True, help_text=_("How long the data are kept.")
    )
    keep_replaced_days = models.PositiveSmallIntegerField(
        _("days that a replaced snapshot is kept"),
        default=30,
        help_text=_(
            "From when its replacement was searched and nothing was left. Then the old data, which "
            "still hold what was taken out, are to be deleted."
        ),
    )
    approval = models.CharField(
        _("approval"), max_length=12, choices=Approval.choices, default=Approval.UNAPPROVED
    )
    # Who last approved or withdrew, when, and on what ground. The log holds a commitment to each
    # ground; the last one is opened with the nonce.
    approval_by = models.CharField(_("decided by"), max_length=PSEUDONYM_LENGTH, blank=True)
    approval_at = models.DateTimeField(_("decided"), null=True, blank=True)
    approval_ground = models.TextField(_("ground"), blank=True)
    approval_nonce = models.BinaryField(max_length=32, null=True, editable=False)
    registered_by = models.CharField(_("registered by"), max_length=PSEUDONYM_LENGTH, blank=True)
    registered_at = models.DateTimeField(_("registered"), auto_now_add=True)

    # The columns of which people are told, in an answer or in a notice.
    TOLD = (
        "origin",
        "types",
        "purposes",
        "legal_basis",
        "disclosed_to",
        "transfers",
        "retention",
    )

    class Meta:
        verbose_name = _("dataset")
        verbose_name_plural = _("datasets")
        ordering = ["name"]
        permissions = [("approve_dataset", "Can approve datasets and withdraw approval")]
        constraints = [
            models.CheckConstraint(
                name="dataset_approval_has_a_ground",
                condition=Q(approval="unapproved")
                | (Q(approval_at__isnull=False) & ~Q(approval_ground="") & ~Q(approval_by="")),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse translations of what is not told, and in a language that is not offered."""
        super().clean()
        offered = {code for code, _name in settings.LANGUAGES}
        for language, texts in self.translations.items():
            if language not in offered or not set(texts) <= set(self.TOLD):
                raise ValidationError({"translations": _("There is no such language or field.")})

    @classmethod
    def column_name(cls, field: str) -> str:
        """Return what a column is called, in the active language."""
        return str(getattr(cls._meta.get_field(field), "verbose_name", field))

    def told(self, field: str, language: str) -> str:
        """Return what people are told of a field of `TOLD`, in a language where it has that."""
        translated = self.translations.get(language, {}).get(field, "")
        return str(translated or getattr(self, field)).strip()

    @property
    def is_approved(self) -> bool:
        """Whether the source is approved as lawful now."""
        return self.approval == self.Approval.APPROVED


class Recipient(models.Model):
    """One who was given a dataset, or one snapshot of it.

    Personal data: perhaps the name of the contact at another organisation, as in an address book.
    """

    dataset = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, related_name="recipients", verbose_name=_("dataset")
    )
    snapshot = models.ForeignKey(
        "Snapshot",
        on_delete=models.PROTECT,
        related_name="recipients",
        null=True,
        blank=True,
        verbose_name=_("snapshot"),
        help_text=_("Left empty: the whole dataset."),
    )
    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(
        _("e-mail"), blank=True, help_text=_("Notices of corrections and deletions go here.")
    )
    contact = models.CharField(_("other contact"), max_length=300, blank=True)
    purpose = models.CharField(_("purpose"), max_length=300, blank=True)
    country = models.CharField(
        _("country"),
        max_length=10,
        blank=True,
        help_text=_("Where the recipient holds the data, such as DE or US-CA."),
    )
    safeguard = models.CharField(
        _("safeguard"),
        max_length=300,
        blank=True,
        help_text=_("What protects the data in another country, such as standard clauses."),
    )
    given_on = models.DateField(_("given on"))
    registered_at = models.DateTimeField(_("registered"), auto_now_add=True)

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        ordering = ["name", "-given_on", "pk"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a snapshot of another dataset, and a place that there is not."""
        if self.country and not is_place(self.country):
            raise ValidationError({"country": _("There is no such place. Write DE or US-CA.")})
        if self.snapshot is not None and self.snapshot.dataset_id != self.dataset_id:
            raise ValidationError({"snapshot": _("This snapshot is of another dataset.")})
