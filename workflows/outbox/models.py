"""The table of effects: what a committed change still has to cause."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from workflows.outbox import queues


class Effect(models.Model):
    """Something that must be done after a commit: a mail, a look-up, a routing.

    It happens at least once, and once only as far as its handler's database work goes.
    Personal data: none. The payload holds ids, `last_error` the class name of an exception and the
    code of a mail server, `correlation_id` the random id of the request that caused the effect.
    """

    class State(models.TextChoices):
        """How far the effect is. `dead` ones wait for a person to look at them."""

        PENDING = "pending", _("pending")
        DONE = "done", _("done")
        DEAD = "dead", _("dead")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.TextField()
    key = models.TextField(unique=True)
    payload = models.JSONField(default=dict)
    # Whose workers run it: `outbox.queues`.
    queue = models.TextField(db_default=queues.DEFAULT)
    # These times are by the clock of the database: those of web and workers may differ.
    created_at = models.DateTimeField(db_default=Now())
    # When it may run. An attempt moves this to the time of the next one before it begins.
    due_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    state = models.TextField(choices=State.choices, default=State.PENDING)
    last_error = models.TextField(blank=True, default="")
    # Until then the effect counts as handed to the broker and is not published again.
    claimed_until = models.DateTimeField(null=True)
    # Of a mail: when the mail server took it, and the last day on which it was counted for the
    # limit of its address.
    sent_at = models.DateTimeField(null=True)
    counted_on = models.DateField(null=True)
    # Under which its log lines are found together with those of the request: `outbox.correlation`.
    correlation_id = models.TextField(null=True, editable=False)

    class Meta:
        indexes = [
            models.Index(
                fields=["queue", "due_at"],
                name="outbox_pending",
                condition=models.Q(state="pending"),
            ),
            models.Index(
                fields=["due_at"],
                name="outbox_done",
                condition=models.Q(state="done"),
            ),
            models.Index(
                fields=["created_at"],
                name="outbox_dead",
                condition=models.Q(state="dead"),
            ),
        ]


class Canary(models.Model):
    """When a message last went into a queue of the broker, and when one last came out of it.

    Personal data: none.
    """

    # Of a queue, or `beat`, which sends its own.
    name = models.TextField(primary_key=True)
    sent_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    # When a worker of the queue was last seen at work while more waited.
    busy_at = models.DateTimeField(null=True)
