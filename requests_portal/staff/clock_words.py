"""How much time a case has left, as words, a tone and a sign. Never by colour alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

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
    if left <= timedelta():
        days = -left // DAY + 1
        return ClockWords(
            "late",
            ngettext("late by %(days)d day", "late by %(days)d days", days) % {"days": days},
        )
    days = left // DAY
    tone = "soon" if left <= SOON else "good"
    if days == 0:
        return ClockWords(tone, _("last day today"))
    return ClockWords(
        tone, ngettext("%(days)d day left", "%(days)d days left", days) % {"days": days}
    )
