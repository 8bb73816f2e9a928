"""What an export is narrowed to: days of receipt, states, one case; and identity documents."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.common.errors import InvalidInput
from workflows.regimes.services import get_regime

LONGEST_REASON = 200
# Beyond these a day has no instant in some zone.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)


@dataclass(frozen=True, slots=True)
class BundleFilters:
    """The choices of one export. Nothing chosen means every case of the regime.

    `since` and `until` are days of receipt in the regime's own time zone, both included. `case` is
    a case number. `identity_reason` says why identity documents are needed; without it they are
    left out. The reason goes into the log and so must not name a person. `register` asks for the
    receipts of all other requests too where the export is of one case: they prove that none is
    missing, and are as many as the register is long.
    """

    since: date | None = None
    until: date | None = None
    states: tuple[str, ...] = ()
    case: str = ""
    identity_reason: str = ""
    register: bool = False

    @property
    def shows_register(self) -> bool:
        """Say whether the receipts of all requests of the regime are shown."""
        return self.register or not self.case

    @property
    def narrows(self) -> bool:
        """Say whether cases of the regime are left out by these filters."""
        return bool(self.since or self.until or self.states or self.case)

    def check(self) -> None:
        """Raise `InvalidInput` for choices that make no sense."""
        if any(day and not FIRST_DAY <= day <= LAST_DAY for day in (self.since, self.until)):
            raise InvalidInput(_("Choose days between 1900 and 2999."))
        if self.since and self.until and self.since > self.until:
            raise InvalidInput(_("The first day must not be after the last day."))
        if set(self.states) - set(State):
            raise InvalidInput(_("Choose states from the list."))
        if len(self.identity_reason) > LONGEST_REASON or not self.identity_reason.isprintable():
            raise InvalidInput(
                _("Write the reason on one line of at most %(count)s characters.")
                % {"count": LONGEST_REASON}
            )

    def received_between(self, zone: str) -> tuple[datetime | None, datetime | None]:
        """Return the first instant of `since` and the first after `until`, in UTC."""
        return (
            _first_instant(self.since, zone) if self.since else None,
            _first_instant(self.until + timedelta(days=1), zone) if self.until else None,
        )

    def narrow(self, cases: QuerySet[Case], zone: str) -> QuerySet[Case]:
        """Return those of `cases` that these filters let through."""
        start, end = self.received_between(zone)
        if start:
            cases = cases.filter(filed_at__gte=start)
        if end:
            cases = cases.filter(filed_at__lt=end)
        if self.states:
            cases = cases.filter(state__in=self.states)
        if self.case:
            cases = cases.filter(number=self.case)
        return cases

    def to_json(self) -> dict[str, Any]:
        """Return the choices as JSON-able values, for the job."""
        return {
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "states": list(self.states),
            "case": self.case,
            "identity_reason": self.identity_reason,
            "register": self.register,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Restore what `to_json` wrote."""
        return cls(
            since=date.fromisoformat(data["since"]) if data["since"] else None,
            until=date.fromisoformat(data["until"]) if data["until"] else None,
            states=tuple(data["states"]),
            case=data["case"],
            identity_reason=data["identity_reason"],
            register=data.get("register", True),
        )


def zone_of(regime: str) -> str:
    """Return the time zone in which the days of a regime are counted; UTC for all regimes."""
    return get_regime(regime).zone if regime else "UTC"


def _first_instant(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
