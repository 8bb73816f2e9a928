"""The table of effects: what a committed change still has to cause."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Effect(models.Model):
    """Something that must be done after a commit: a mail, a look-up, a routing.

    It happens at least once, and once only as far as its handler's database work goes.
    Personal data: none. The payload holds ids, `last_error` the class name of an exception,
    `correlation_id` the random id of the request that caused the effect.
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
    created_at = models.DateTimeField(default=timezone.now)
    # When it may run. An attempt moves this to the time of the next one before it begins.
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    state = models.TextField(choices=State.choices, default=State.PENDING)
    last_error = models.TextField(blank=True, default="")
    # Until then the effect counts as handed to the broker and is not published again.
    claimed_until = models.DateTimeField(null=True)
    # Under which its log lines are found together with those of the request: `outbox.correlation`.
    correlation_id = models.TextField(null=True, editable=False)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                name="outbox_pending_due",
                condition=models.Q(state="pending"),
            ),
            models.Index(
                fields=["created_at"],
                name="outbox_dead",
                condition=models.Q(state="dead"),
            ),
        ]
