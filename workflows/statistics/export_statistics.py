"""Counts the rows of an export for its summary. Pure: what it says is what the tables say.

What a case counts as, `counting` says, as it does for the statistics.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from workflows.cases.decision_rules import ground_under
from workflows.cases.lifecycle import State
from workflows.statistics.counting import ABUSE, DECIDED, CountsAs, counts_as, days_between
from workflows.statistics.counts import mean_days, median_days
from workflows.vocabulary.outcomes import Outcome

FIGURES = (
    "received",
    "answered",
    "whole",
    "part",
    "denied",
    "nothing_held",
    "ended",
    "open",
    "late",
)


class ExportStatistics:
    """Figures of cases: in all, by month of receipt; items by kind; refusals by ground."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self.figures: Counter[str] = Counter()
        self.months: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.kinds: Counter[str] = Counter()
        self.grounds: Counter[str] = Counter()
        self._days: Counter[int] = Counter()

    def add(self, row: Mapping[str, Any], *, late: bool) -> None:
        """Count one row of `cases.jsonl`; `late` says whether a leading clock of it is."""
        counted = _counts_as(row)
        figures = ["received", counted, *["answered"] * (counted in DECIDED), *["late"] * late]
        received = datetime.fromisoformat(row["received_at"])
        self.figures.update(figures)
        self.months[f"{received.astimezone(self._zone):%Y-%m}"].update(figures)
        self.kinds.update(row["items"])
        if counted not in DECIDED:
            return
        answered = datetime.fromisoformat(row["responded_at"])
        self._days[days_between(received, answered, self._zone)] += 1
        if row["state"] == State.REJECTED_AS_ABUSE:
            self.grounds[ABUSE] += 1
        refused = [o for o in row["outcomes"] if o["outcome"] == Outcome.REFUSED]
        self.grounds.update(ground_under(outcome, row["regime"]) or "" for outcome in refused)

    @property
    def mean_days(self) -> float | None:
        """Days from receipt to the latest answer, on average."""
        return mean_days(self._days)

    @property
    def median_days(self) -> float | None:
        """Days from receipt to the latest answer, of the case in the middle."""
        return median_days(self._days)


def _counts_as(row: Mapping[str, Any]) -> CountsAs:
    outcomes = {outcome["outcome"] for outcome in row["outcomes"]}
    # A rejection as abuse, after which a case can be taken up again, says nothing of its items.
    return counts_as(row["state"], answered=bool(outcomes), outcomes=outcomes)
