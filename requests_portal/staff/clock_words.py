"""How much time a case has left, as words, a tone and a sign. Never by colour alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from requests_portal.time_words import days_left
from workflows.cases.lifecycle import FINAL, State

DAY = timedelta(days=1)
SOON = 3 * DAY

# The sign that stands beside the words for each tone; the style sheet adds the colour.
SIGNS = {"late": "▲", "soon": "◆", "good": "●", "paused": "‖", "done": "✓", "none": "○"}


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
    tone = "late" if days < 0 else "soon" if left <= SOON else "good"
    return ClockWords(tone, days_left(days))
