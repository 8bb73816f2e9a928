"""The tables of the log: events, their order, the tree's tiles, the signed checkpoints.

None of these rows holds personal data: people appear as pseudonyms, contents as commitments.
Models with `append_only = True` are read and added to, never changed: the runtime role lacks the
right, and triggers refuse everyone else (`migrations/sql/append_only.sql`, which also says which
old checkpoints may go). Beside it lie the check that an event is whole, and the function by which
one is appended (`append.sql`, also why there are no foreign keys into the event table).
"""

from typing import cast

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workflows.ledger.canonical import Json, new_uid, parse_canonical

NAME_LENGTH = 100
ROLE_LENGTH = 64
ACTOR_LENGTH = 128
REGISTER_LENGTH = 32
VKEY_LENGTH = 300
ADDRESS_LENGTH = 500


class Event(models.Model):
    """One step, as it entered the log. `leaf` is the evidence; the other columns repeat it.

    `case` is a random pseudonym, not the case number; `step` counts 1, 2, 3 … within the case;
    `register_number` counts the cases of one regime. `actor` is a pseudonym kept as a snapshot, so
    that the event outlives the user. Personal data: none.
    """

    append_only = True

    uid = models.UUIDField(default=new_uid, unique=True)
    case = models.UUIDField(null=True)
    step = models.IntegerField(null=True)
    register = models.CharField(max_length=REGISTER_LENGTH, null=True)
    register_number = models.BigIntegerField(null=True)
    name = models.CharField(max_length=NAME_LENGTH)
    role = models.CharField(max_length=ROLE_LENGTH)
    actor = models.CharField(max_length=ACTOR_LENGTH, blank=True)
    at = models.DateTimeField()
    leaf = models.BinaryField()
    leaf_hash = models.BinaryField()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [
            models.UniqueConstraint(fields=["case", "step"], name="ledger_event_step_once"),
            models.UniqueConstraint(
                fields=["register", "register_number"],
                name="ledger_event_register_number_once",
                condition=Q(register__isnull=False),
            ),
        ]

    @property
    def body(self) -> dict[str, Json]:
        """The leaf as a JSON object."""
        return cast("dict[str, Json]", parse_canonical(bytes(self.leaf)))

    @property
    def facts(self) -> dict[str, Json]:
        """What happened, without personal data."""
        return cast("dict[str, Json]", self.body["facts"])

    @property
    def commitments(self) -> dict[str, str]:
        """Commitments to personal contents that lie elsewhere, by what they are of."""
        return cast("dict[str, str]", self.body["commitments"])


class InboxEntry(models.Model):
    """An event that still waits for its place in the log. Personal data: none."""

    event = models.OneToOneField(
        Event,
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="inbox_entry",
        db_constraint=False,
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "ledger_inbox"
        verbose_name = _("event to be sequenced")
        verbose_name_plural = _("events to be sequenced")


class Leaf(models.Model):
    """The place of an event in the log, counted from 0 without gaps. Personal data: none."""

    append_only = True

    index = models.PositiveBigIntegerField(primary_key=True)
    event = models.OneToOneField(
        Event, on_delete=models.PROTECT, related_name="place", db_constraint=False
    )

    class Meta:
        verbose_name = _("place in the log")
        verbose_name_plural = _("places in the log")


class LeafHash(models.Model):
    """The hash of each leaf by its place: a view, for hashes are public and entries are not.

    Personal data: none.
    """

    index = models.PositiveBigIntegerField(primary_key=True)
    hash = models.BinaryField()

    class Meta:
        managed = False
        db_table = "ledger_leafhash"
        verbose_name = _("leaf hash")
        verbose_name_plural = _("leaf hashes")


class Tile(models.Model):
    """A full hash tile: 256 hashes of one level, and their root. Personal data: none.

    Level 0 repeats the leaf hashes of 256 events; the hashes of level L + 1 are the roots of the
    full tiles of level L. Partial tiles are not stored: they follow from the leaves, or from the
    roots one level down.
    """

    append_only = True

    level = models.PositiveSmallIntegerField()
    index = models.PositiveBigIntegerField()
    hashes = models.BinaryField()
    root = models.BinaryField()

    class Meta:
        verbose_name = _("tile")
        verbose_name_plural = _("tiles")
        constraints = [
            models.UniqueConstraint(fields=["level", "index"], name="ledger_tile_once"),
        ]


class Checkpoint(models.Model):
    """A signed tree head, stored before anybody sees it; one per size. Personal data: none.

    After 30 days those go that a later one of their day covers, and nobody else has signed.
    """

    append_only = True

    size = models.PositiveBigIntegerField(primary_key=True)
    root = models.BinaryField()
    note = models.TextField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")
        indexes = [models.Index(fields=["at"], name="ledger_checkpoint_at")]


class Cosignature(models.Model):
    """A witness's signature over a checkpoint, with the time that it says. Personal data: none.

    `witness` is its vkey; `line` the signature line of the note, with its newline.
    """

    append_only = True

    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.PROTECT, related_name="cosignatures", db_constraint=False
    )
    witness = models.CharField(max_length=VKEY_LENGTH)
    line = models.TextField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("cosignature")
        verbose_name_plural = _("cosignatures")
        constraints = [
            models.UniqueConstraint(
                fields=["checkpoint", "witness"], name="ledger_cosignature_once"
            ),
        ]
        indexes = [
            models.Index(fields=["at"], name="ledger_cosignature_at"),
            models.Index(fields=["witness", "checkpoint"], name="ledger_cosignature_of_witness"),
        ]


class Timestamp(models.Model):
    """What a timestamping authority says of a checkpoint's note (RFC 3161). Personal data: none.

    `response` is the answer in DER; it holds the signer's certificate and the time `at`.
    """

    append_only = True

    checkpoint = models.OneToOneField(
        Checkpoint, on_delete=models.PROTECT, related_name="timestamp", db_constraint=False
    )
    authority = models.CharField(max_length=ADDRESS_LENGTH)
    response = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("timestamp")
        verbose_name_plural = _("timestamps")


class CaseCounter(models.Model):
    """The last step number given within a case. Personal data: none."""

    case = models.UUIDField(primary_key=True)
    last = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("step counter")
        verbose_name_plural = _("step counters")


class RegisterCounter(models.Model):
    """The last register number given within a regime. Personal data: none."""

    register = models.CharField(max_length=REGISTER_LENGTH, primary_key=True)
    last = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = _("register counter")
        verbose_name_plural = _("register counters")
