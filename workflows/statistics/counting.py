"""What a case or an item counts as in figures: one rule, which all of them use. Pure.

Each counts once, by how it stands now. An answer counts while it stands: a case that was contested
is open until it is answered anew or the person is told that the answer stands. A case that ended
without an answer counts as ended, and so does one that was withdrawn, merged or not paid for after
an earlier answer. A rejection as abuse is an answer, and denies all that was asked for. Which
outcomes grant something, `vocabulary.outcomes` says. The database keeps it with each fact
(`facts.sql` of `oversight`), and a test holds both equal.
"""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from workflows.cases.lifecycle import OPEN, State
from workflows.vocabulary.outcomes import Outcome, grants

# Where the latest answer stands.
ANSWERED = frozenset({State.ANSWERED, State.CLOSED})
ENDED = frozenset({State.WITHDRAWN, State.EXPIRED, State.MERGED})
# Among the grounds of refusal it stands for a rejection as abuse.
ABUSE = "abuse"


class CountsAs(StrEnum):
    """What became of a case or an item."""

    WHOLE = "whole"
    PART = "part"
    DENIED = "denied"
    NOTHING_HELD = "nothing_held"
    ENDED = "ended"
    OPEN = "open"


DECIDED = frozenset({CountsAs.WHOLE, CountsAs.PART, CountsAs.DENIED, CountsAs.NOTHING_HELD})


def counts_as(state: str, *, answered: bool, outcomes: Collection[str]) -> CountsAs:
    """Return what a case counts as: its state, whether it has an answer, what that says of items.

    For a single item, `outcomes` is its own alone.
    """
    if state in OPEN:
        return CountsAs.OPEN
    if state == State.REJECTED_AS_ABUSE:
        return CountsAs.DENIED
    if state in ENDED or not answered:
        return CountsAs.ENDED
    refused = Outcome.REFUSED in outcomes
    if any(map(grants, outcomes)):
        return CountsAs.PART if refused else CountsAs.WHOLE
    return CountsAs.DENIED if refused else CountsAs.NOTHING_HELD


def is_late(state: str, due_at: datetime | None, now: datetime) -> bool:
    """Return whether what a clock waits for is late: it missed its time, or is missing it now.

    `due_at` is the first instant at which it is late. `selectors.late` says the same in SQL.
    """
    return state == "missed" or (state == "running" and due_at is not None and due_at <= now)


def days_between(received: datetime, answered: datetime, zone: ZoneInfo) -> int:
    """Return how many days after that of receipt the answer came, in the zone of the law."""
    return (answered.astimezone(zone).date() - received.astimezone(zone).date()).days
