"""The clocks of a case as its page shows them: the date, the words, and the arithmetic."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import get_language

from requests_portal.staff.clock_words import ClockWords, clock_words
from workflows.cases.models import BaseClock, Case, Clock
from workflows.regimes.deadlines.values import Deadline
from workflows.regimes.services import explain

STOPPED_TONES: dict[str, str] = {Clock.State.MISSED: "late", Clock.State.MET: "done"}


@dataclass(frozen=True, slots=True)
class ClockView:
    """One clock. `latest_arguable` is for staff only: a generous reading that drives nothing."""

    clock: BaseClock
    name: str
    regime: str
    words: ClockWords
    sentences: list[str]
    latest_arguable: date | None


def clock_views(case: Case, now: datetime) -> list[ClockView]:
    """Return the clocks of a case, the leading ones first."""
    ordered = sorted(case.clocks.all(), key=lambda clock: not clock.leads)
    return [clock_view(case, clock, case.state, now) for clock in ordered]


def clock_view(case: Case, clock: BaseClock, state: str, now: datetime) -> ClockView:
    """Return one clock of a case; `state` is that of what it counts for."""
    language = get_language() or "en"
    regime = case.regime_of(clock.regime)
    rule = regime.clock(clock.kind)
    return ClockView(
        clock=clock,
        name=rule.name.in_language(language),
        regime=regime.name.in_language(language),
        words=_words(state, clock, now),
        sentences=explain(Deadline.from_dict(clock.deadline), rule, language),
        latest_arguable=clock.latest_arguable,
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
