"""Clocks: what the law counts, from which events, and when it ends."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.cases.models.case import Case
from workflows.regimes.deadlines.values import ClockEvent as RuleEvent
from workflows.regimes.deadlines.values import EventName

# Begins a round of clocks of its own. All other names are those of `regimes.deadlines.values`.
CONTESTED = "contested"


class ClockEvent(models.Model):
    """Something that starts, pauses, extends or stops the clocks of a case. Never changed.

    Personal data: none.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="clock_events")
    name = models.CharField(_("event"), max_length=30)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("clock event")
        verbose_name_plural = _("clock events")
        ordering = ["at", "id"]


class BaseClock(models.Model):
    """One time limit of one regime about a case, derived from events, looked at by the sweep.

    `deadline` holds the arithmetic as the calculator gave it. Personal data: none.
    """

    class State(models.TextChoices):
        """How the clock stands."""

        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")
        MET = "met", _("met")
        MISSED = "missed", _("missed")
        STOPPED = "stopped", _("stopped")
        UNLIMITED = "unlimited", _("no date in law")

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="%(class)ss")
    regime = models.CharField(_("regime"), max_length=10)
    kind = models.CharField(_("kind"), max_length=30)
    leads = models.BooleanField(_("leads"), default=False)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.RUNNING
    )
    started_at = models.DateTimeField(_("started"))
    due_on = models.DateField(_("due on"), null=True)
    # The first instant at which it would be late.
    due_at = models.DateTimeField(_("late from"), null=True)
    latest_arguable = models.DateField(_("latest arguable"), null=True)
    provisional = models.BooleanField(_("provisional"), default=False)
    deadline = models.JSONField(_("arithmetic"), default=dict)
    stopped_at = models.DateTimeField(_("stopped"), null=True)
    # Whether it stopped because what it waited for was done, in time or late.
    answered = models.BooleanField(default=False)
    # The next instant at which the sweep must look: 50 %, 80 % of the time, then the end.
    check_at = models.DateTimeField(null=True)
    reminders = models.PositiveSmallIntegerField(default=0)

    class Meta:
        abstract = True
        ordering = [models.F("due_at").asc(nulls_last=True), "id"]
        indexes = [
            models.Index(
                fields=["check_at"],
                name="%(class)s_to_check",
                condition=models.Q(check_at__isnull=False),
            ),
        ]

    def rule_events(self) -> list[RuleEvent]:
        """Return the events from which the deadline is derived, as the calculator takes them."""
        raise NotImplementedError


class Clock(BaseClock):
    """One time limit for the request of a case. Personal data: none.

    `round` tells for which answer: 0 is the first one, and each time an answer is contested the
    time to answer runs anew, in clocks of the next round.
    """

    round = models.PositiveSmallIntegerField(default=0)

    class Meta(BaseClock.Meta):
        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "regime", "kind", "round"], name="one_clock_a_kind_and_round"
            ),
        ]
        indexes = [
            *BaseClock.Meta.indexes,
            # The few by which a case of the queue does not become late.
            models.Index(
                fields=["case", "due_at"],
                name="clock_paused",
                condition=models.Q(leads=True, state="paused"),
            ),
        ]

    def rule_events(self) -> list[RuleEvent]:
        """Return the clock events of the case in its current round."""
        return rule_events(self.case)


@dataclass(frozen=True, slots=True)
class Round:
    """One time of waiting for an answer: its number, 0 for the first, its start, its events."""

    number: int
    began_at: datetime
    events: tuple[ClockEvent, ...]


def current_round(case: Case) -> Round:
    """Return the round of a case that runs; it begins with the receipt or with a contest."""
    events = tuple(case.clock_events.all())
    starts = [position for position, event in enumerate(events) if event.name == CONTESTED]
    if not starts:
        return Round(0, case.filed_at, events)
    return Round(len(starts), events[starts[-1]].at, events[starts[-1] :])


def rule_events(case: Case, current: Round | None = None) -> list[RuleEvent]:
    """Return the events of the current round, as the calculator takes them.

    Who contests an answer asks anew: the time counts from that day. Which of them move the time
    for an item is for the law to say.
    """
    return [
        RuleEvent(
            "received" if event.name == CONTESTED else cast("EventName", event.name), event.at
        )
        for event in (current or current_round(case)).events
    ]
