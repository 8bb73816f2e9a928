"""A complaint about a case, and its clocks."""

import uuid
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.cases.models import BaseClock, Case, Message
from workflows.complaints.lifecycle import OPEN, State
from workflows.complaints.names import STATE_NAMES
from workflows.regimes.deadlines.values import ClockEvent as RuleEvent


class Complaint(models.Model):
    """What somebody complains about, how it stands and what became of it.

    Personal data: none of its own. The words of both sides are messages of the case, sealed with
    the key of the case and deleted at its erasure.
    """

    class About(models.TextChoices):
        """What is complained about."""

        ANSWER = "answer", _("The answer")
        HANDLING = "handling", _("How the request is handled")
        REQUEST = "request", _("What the request itself says")

    class Finding(models.TextChoices):
        """What became of the complaint."""

        UPHELD = "upheld", _("Upheld")
        PARTLY_UPHELD = "partly_upheld", _("Upheld in part")
        NOT_UPHELD = "not_upheld", _("Not upheld")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="complaints")
    about = models.CharField(_("about"), max_length=10, choices=About.choices)
    state = models.CharField(
        _("state"),
        max_length=20,
        choices=[(state.value, name) for state, name in STATE_NAMES.items()],
        default=State.RECEIVED.value,
    )
    finding = models.CharField(_("finding"), max_length=20, choices=Finding.choices, blank=True)
    # Stable pseudonym of the member of staff who took it up.
    handler = models.CharField(_("handled by"), max_length=32, blank=True)
    statement = models.OneToOneField(
        Message, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    letters = models.ManyToManyField(Message, related_name="+")
    received_at = models.DateTimeField(_("received"))
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True)
    answered_at = models.DateTimeField(_("answered"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)

    class Meta:
        verbose_name = _("complaint")
        verbose_name_plural = _("complaints")
        ordering = ["received_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                name="one_open_complaint",
                condition=models.Q(state__in=sorted(state.value for state in OPEN)),
            ),
            models.UniqueConstraint(
                fields=["case"],
                name="one_complaint_of_request",
                condition=models.Q(about="request"),
            ),
        ]

    @property
    def is_open(self) -> bool:
        """Return whether the complaint still waits for its answer."""
        return self.state in OPEN

    @property
    def ended_at(self) -> datetime | None:
        """Return when it was answered or withdrawn, whichever it was."""
        return self.answered_at or self.closed_at


class ComplaintClock(BaseClock):
    """One time limit for a complaint; the one for its outcome leads. Personal data: none."""

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="clocks")

    class Meta(BaseClock.Meta):
        verbose_name = _("clock of a complaint")
        verbose_name_plural = _("clocks of complaints")
        constraints = [
            models.UniqueConstraint(
                fields=["complaint", "regime", "kind"], name="one_complaint_clock_a_kind"
            ),
        ]

    def rule_events(self) -> list[RuleEvent]:
        """Return the one event from which a complaint is counted: that it was received."""
        return [RuleEvent("received", self.complaint.received_at)]
