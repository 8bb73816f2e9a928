"""The story of a case for staff: steps, clocks in words, where each stands in the log."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from requests_portal.presentation.deadlines import ItemDay, days_left, item_days
from workflows.cases.lifecycle import FINAL, State
from workflows.cases.models import BaseClock, Case, Clock
from workflows.cases.names import STATE_NAMES
from workflows.cases.timeline import TimelineEntry, staff_timeline
from workflows.ledger.models import Checkpoint, Leaf
from workflows.ledger.selectors import latest_checkpoint
from workflows.regimes.deadlines.values import Deadline
from workflows.regimes.explain import explain, warnings
from workflows.vocabulary.roles import ROLE_NAMES, Role

_LETTERS = frozenset(
    {
        "message.sent",
        "message.received",
        "identity.asked",
        "information.asked",
        "information.given",
        "fee.asked",
        "answer.sent",
        "case.contested",
        "complaint.received",
        "complaint.acknowledged",
        "complaint.progress_told",
        "complaint.answered",
        "note.written",
    }
)
VIEWS = "case.viewed"
# What each filter of the timeline shows; views are many, so they are shown when asked for.
FILTERS: dict[str, Any] = {
    "steps": gettext_lazy("Steps"),
    "letters": gettext_lazy("Messages"),
    "views": gettext_lazy("Who looked"),
    "all": gettext_lazy("Everything"),
}


DAY = timedelta(days=1)
# From so many days on a case stands out, and is found as due soon.
SOON = 7 * DAY
# The sign that stands beside the words for each tone; the style sheet adds the colour.
SIGNS = {"late": "▲", "soon": "◆", "good": "●", "paused": "‖", "done": "✓", "none": "○"}
STOPPED_TONES: dict[str, str] = {Clock.State.MISSED: "late", Clock.State.MET: "done"}


@dataclass(frozen=True, slots=True)
class StepView:
    """One step with the name of who took it and its place in the log, None until it has one."""

    entry: TimelineEntry
    who: str
    moved_to: str
    place: int | None


@dataclass(frozen=True, slots=True)
class LedgerState:
    """How the steps of a case stand in the log."""

    steps: int
    sequenced: int
    checkpoint: Checkpoint | None


def matches_filter(chosen: str, name: str) -> bool:
    """Return whether a filter shows events of this name."""
    match chosen:
        case "letters":
            return name in _LETTERS
        case "views":
            return name == VIEWS
        case "all":
            return True
    return name != VIEWS


def step_views(
    entries: list[TimelineEntry], places: dict[int, int], names: dict[str, str], chosen: str
) -> list[StepView]:
    """Return the steps that the filter shows, newest first."""
    return [
        StepView(
            entry=entry,
            who=names.get(entry.actor, entry.actor) or str(ROLE_NAMES[Role(entry.role)]),
            moved_to=_moved_to(entry),
            place=places.get(entry.event.pk),
        )
        for entry in reversed(entries)
        if matches_filter(chosen, entry.name)
    ]


def _moved_to(entry: TimelineEntry) -> str:
    target = entry.facts.get("to")
    return str(STATE_NAMES[target]) if target and target != entry.facts.get("from") else ""


def read_timeline(case: Case) -> tuple[list[TimelineEntry], dict[int, int], LedgerState]:
    """Return the steps, their places in the log by event, and how they stand. Three queries."""
    entries = staff_timeline(case)
    places = dict(Leaf.objects.filter(event__case=case.pseudonym).values_list("event_id", "index"))
    sequenced = sum(entry.event.pk in places for entry in entries)
    return entries, places, LedgerState(len(entries), sequenced, latest_checkpoint())


@dataclass(frozen=True, slots=True)
class ClockWords:
    """A tone of `SIGNS` and the words."""

    tone: str
    text: str

    @property
    def sign(self) -> str:
        """Return the sign of the tone."""
        return SIGNS[self.tone]


def clock_words(
    state: str, due_at: datetime | None, now: datetime, *, paused: bool = False
) -> ClockWords:
    """Say how long a case in `state` has until `due_at`, the first instant at which it is late.

    A case that was answered or has ended has no clock any more.
    """
    if state == State.ANSWERED or state in FINAL:
        return ClockWords("done", _("Answered") if state == State.ANSWERED else _("Ended"))
    if due_at is None:
        return ClockWords("none", _("No date in law"))
    left = due_at - now
    if paused:
        return ClockWords("paused", _("Paused"))
    # Up to the last instant of the last day nothing is late; from the next one on a day is.
    days = left // DAY if left > timedelta() else -(-left // DAY + 1)
    tone = "late" if days < 0 else "soon" if days <= SOON.days else "good"
    return ClockWords(tone, days_left(days))


@dataclass(frozen=True, slots=True)
class ClockView:
    """One clock.

    `latest_arguable` is for staff only: a generous reading that drives nothing. So is `rationale`,
    why the rule is read as it is. `warnings` tell of questions that were put late.
    """

    clock: BaseClock
    name: str
    regime: str
    words: ClockWords
    sentences: list[str]
    latest_arguable: date | None
    item_days: list[ItemDay]
    rationale: str
    warnings: list[str]


def clock_views(case: Case, now: datetime) -> list[ClockView]:
    """Return the clocks of a case, the leading ones first."""
    ordered = sorted(case.clocks.all(), key=lambda clock: not clock.leads)
    return [clock_view(case, clock, case.state, now) for clock in ordered]


def clock_view(case: Case, clock: BaseClock, state: str, now: datetime) -> ClockView:
    """Return one clock of a case; `state` is that of what it counts for."""
    language = get_language() or "en"
    regime = case.regime_of(clock.regime)
    rule = regime.clock(clock.kind)
    deadline = Deadline.from_dict(clock.deadline)
    return ClockView(
        clock=clock,
        name=rule.name.in_language(language),
        regime=regime.name.in_language(language),
        words=_words(state, clock, now),
        sentences=explain(deadline, rule, language),
        latest_arguable=clock.latest_arguable,
        item_days=item_days(deadline),
        rationale=rule.rationale.in_language(language) if rule.rationale else "",
        warnings=warnings(deadline, language),
    )


def _words(state: str, clock: BaseClock, now: datetime) -> ClockWords:
    if clock.stopped_at is not None or clock.state == Clock.State.UNLIMITED:
        tone = STOPPED_TONES.get(clock.state, "none")
        return ClockWords(tone, clock.get_state_display())
    return clock_words(state, clock.due_at, now, paused=clock.state == Clock.State.PAUSED)


def lead_words(case: Case, now: datetime) -> ClockWords:
    """Return the words of the clock that sets the date of the case."""
    paused = any(
        clock.leads and clock.due_at == case.due_at and clock.state == Clock.State.PAUSED
        for clock in case.clocks.all()
    )
    return clock_words(case.state, case.due_at, now, paused=paused)
