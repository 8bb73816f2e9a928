"""Counts the rows of an export for its summary. Pure: what it says is what the tables say.

The words are those of `statistics`: complied with in whole when something was granted and nothing
refused, in part when both; denied when something was refused and nothing granted, or when it was
rejected as abuse; nothing held when neither was.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from statistics import fmean, median
from typing import Any
from zoneinfo import ZoneInfo

from workflows.cases.lifecycle import OPEN, State
from workflows.cases.vocabulary import WITHOUT_GRANT, Outcome

ABUSE = "abuse"
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
_ENDED = {State.WITHDRAWN, State.EXPIRED, State.MERGED}


class Tally:
    """Figures of cases: in all, by month of receipt; items by kind; refusals by ground."""

    def __init__(self, zone: str, now: datetime) -> None:
        self._zone = ZoneInfo(zone)
        self._today = now.astimezone(self._zone).date().isoformat()
        self.figures: Counter[str] = Counter()
        self.months: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.kinds: Counter[str] = Counter()
        self.grounds: Counter[str] = Counter()
        self._days = array("d")

    def add(self, row: Mapping[str, Any]) -> None:
        """Count one row of `cases.jsonl`."""
        figures = self._figures(row)
        received = datetime.fromisoformat(row["received_at"])
        self.figures.update(figures)
        self.months[f"{received.astimezone(self._zone):%Y-%m}"].update(figures)
        self.kinds.update(row["items"])
        if row["responded_at"] and "answered" in figures:
            answered = datetime.fromisoformat(row["responded_at"])
            self._days.append((answered - received) / timedelta(days=1))
        refused = [o for o in row["outcomes"] if o["outcome"] == Outcome.REFUSED]
        self.grounds.update(outcome.get("ground", "") for outcome in refused)
        if row["state"] == State.REJECTED_AS_ABUSE:
            self.grounds[ABUSE] += 1

    @property
    def mean_days(self) -> float | None:
        """Days from receipt to the latest answer, on average."""
        return round(fmean(self._days), 1) if self._days else None

    @property
    def median_days(self) -> float | None:
        """Days from receipt to the latest answer, of the case in the middle."""
        return round(median(self._days), 1) if self._days else None

    def _figures(self, row: Mapping[str, Any]) -> list[str]:
        outcomes = {outcome["outcome"] for outcome in row["outcomes"]}
        abuse = row["state"] == State.REJECTED_AS_ABUSE
        granted, refused = bool(outcomes - WITHOUT_GRANT), Outcome.REFUSED in outcomes
        found = {
            "received": True,
            "answered": bool(outcomes),
            "whole": granted and not refused,
            "part": granted and refused,
            "denied": (refused and not granted) or abuse,
            "nothing_held": bool(outcomes) and not granted and not refused,
            "ended": row["state"] in _ENDED,
            "open": row["state"] in OPEN,
            "late": any(self._is_late(deadline) for deadline in row["deadlines"]),
        }
        return [name for name in FIGURES if found[name]]

    def _is_late(self, deadline: Mapping[str, Any]) -> bool:
        if not deadline["leads"]:
            return False
        running = deadline["state"] == "running" and deadline["due_on"]
        return deadline["state"] == "missed" or bool(running and running < self._today)
