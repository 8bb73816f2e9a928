"""The laws under which a request is filed: found, ordered, and one of them leading.

What the provider's profile says of its connections is read here; which law follows from it is
decided in `workflows.regimes.applicability`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from workflows.cases.clocks import response_clock_kinds
from workflows.cases.models import Case
from workflows.regimes.applicability import (
    NEUTRAL,
    UNKNOWN,
    Applicability,
    ProviderProfile,
    applicable_laws,
    canonical_place,
)
from workflows.regimes.calendar_store import stored_notices
from workflows.regimes.deadlines.values import ClockEvent
from workflows.regimes.limits import rules_in_force
from workflows.regimes.models import ProviderProfileVersion
from workflows.regimes.rules.regime import Regime
from workflows.regimes.services import NoticeSource, all_regimes, deadlines_at, get_regime


@dataclass(frozen=True, slots=True)
class ApplicableLaws:
    """The laws of one request, with the rules that are in force on its day of receipt.

    `regimes` are never empty: where no law applies, they are the neutral policy alone. The first
    is the law of the person's home where that applies. `due` is the first day by which each law
    wants an item answered, None where it gives no number.
    """

    regimes: tuple[Regime, ...]
    lead: Regime
    due: dict[str, date | None]
    applicability: Applicability

    def as_kept(self, profile: int | None) -> dict[str, Any]:
        """Return what a case keeps of why these laws apply; `profile` is the version's id."""
        return {"profile": profile, **self.applicability.to_dict()}


def profile_in_force() -> tuple[ProviderProfile, int | None]:
    """Return the profile that was set last with its id. One query.

    Before one is set, the law of every home is taken to apply.
    """
    latest = ProviderProfileVersion.objects.first()
    if latest is None:
        return UNKNOWN, None
    return ProviderProfile.from_dict(latest.profile), latest.pk


def codes_for(case: Case, profile: ProviderProfile | None = None) -> tuple[str, ...]:
    """Return the codes of the laws that apply to a case by the profile in force. One query."""
    facts = profile or profile_in_force()[0]
    return applicable_laws(facts, case.residence, case.filed_at, all_regimes()).codes or (NEUTRAL,)


def laws_for(
    residence: str,
    kinds: Iterable[str],
    at: datetime | None = None,
    profile: ProviderProfile | None = None,
) -> ApplicableLaws:
    """Return the laws of a request for items of these kinds, by the profile in force."""
    at = at or timezone.now()
    facts = profile or profile_in_force()[0]
    found = applicable_laws(facts, residence, at, all_regimes())
    chosen = [get_regime(code) for code in found.codes or (NEUTRAL,)]
    return with_lead(
        found,
        rules_in_force(chosen, at),
        facts,
        residence=residence,
        kinds=kinds,
        at=at,
        notices=stored_notices,
    )


def with_lead(
    found: Applicability,
    regimes: Iterable[Regime],
    profile: ProviderProfile,
    *,
    residence: str,
    kinds: Iterable[str],
    at: datetime,
    notices: NoticeSource,
) -> ApplicableLaws:
    """Return laws with the one that leads: by which an item has to be answered first.

    On the same day it is the one that stands first; without any day too.
    """
    home, kinds = canonical_place(residence), tuple(kinds)
    main = canonical_place(profile.main_establishment)
    laws = tuple(
        regime if regime.covers(home) else regime.at_main_establishment(main) for regime in regimes
    )
    due = {}
    for regime in laws:
        received = (ClockEvent("received", at),)
        clocks = response_clock_kinds(regime, kinds)
        deadlines = deadlines_at(regime, clocks, received, home, notices)
        days = [each.due_on or each.provisional_on for each in deadlines.values()]
        due[regime.code] = min((day for day in days if day), default=None)
    return ApplicableLaws(
        regimes=laws,
        lead=min(laws, key=lambda regime: due[regime.code] or date.max),
        due=due,
        applicability=found,
    )
