"""The door to this room: regimes, deadlines and their explanation, notices of days off.

Rules come from files; only the announced working days come from the database.
"""

from collections.abc import Iterable

from workflows.regimes.calendar_store import calendar_for, load_notice, stored_notices
from workflows.regimes.deadlines import deadlines_at
from workflows.regimes.explain import explain
from workflows.regimes.registry import (
    UnknownRegimeError,
    all_regimes,
    get_regime,
    regimes_for,
)
from workflows.regimes.schema import Regime, UnknownClockError
from workflows.regimes.values import ClockEvent, Deadline

__all__ = [
    "UnknownClockError",
    "UnknownRegimeError",
    "all_regimes",
    "calendar_for",
    "compute",
    "compute_all",
    "explain",
    "get_regime",
    "load_notice",
    "regimes_for",
]


def compute(
    regime: Regime, clock_kind: str, events: Iterable[ClockEvent], residence: str
) -> Deadline:
    """Return the deadline of one clock for a person who lives at `residence`.

    Raises UnknownClockError. An unknown residence is reckoned at the default place of the regime,
    whose calendar has no day off that another place of it lacks.
    """
    return compute_all(regime, events, residence, [clock_kind])[clock_kind]


def compute_all(
    regime: Regime, events: Iterable[ClockEvent], residence: str, kinds: Iterable[str]
) -> dict[str, Deadline]:
    """Return the deadlines of several clocks by kind, with one query for all of them."""
    return deadlines_at(regime, kinds, tuple(events), residence, stored_notices)
