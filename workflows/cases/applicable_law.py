"""The laws under which a request is filed: found, ordered, and one of them leading.

What the provider's profile says of its connections is read here; which law follows from it is
decided in `workflows.regimes.applicability`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache, cached_property, lru_cache
from typing import Any

from django.utils import timezone

from workflows.cases.clocks import response_clock_kinds
from workflows.cases.models import Case, RegimeVersion
from workflows.cases.models.case import versions_of
from workflows.regimes.applicability import (
    NEUTRAL,
    Applicability,
    ProviderProfile,
    applicable_laws,
    canonical_place,
)
from workflows.regimes.deadlines.values import ClockEvent
from workflows.regimes.limits import rules_in_force
from workflows.regimes.registry import Registry, rule_files
from workflows.regimes.rules.regime import Regime
from workflows.regimes.services import NoticeSource, all_regimes, deadlines_at
from workflows.regimes.stored_rules import StoredRules, stored_rules

_QUARTER_OF_AN_HOUR = 15 * 60


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
    rules = stored_rules()
    return rules.profile, rules.profile_id


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
    """Return the laws of a request for items of these kinds, by the profile in force.

    One query, or by another `profile` as well as it is.
    """
    rules, at = stored_rules(), at or timezone.now()
    if profile is not None and profile != rules.profile:
        rules = replace(rules, profile=profile)
    return laws_under(rules, residence, kinds, at)


def laws_under(
    rules: StoredRules, residence: str, kinds: Iterable[str], at: datetime
) -> ApplicableLaws:
    """Return the laws of a request by these rules. No query."""
    found = laws_of_place(rules, residence, at)
    return with_lead(found, residence=residence, kinds=kinds, at=at, notices=rules.notices)


@dataclass(frozen=True)
class LawsOfPlace:
    """The laws that apply to whoever lives at a place, as they are in force."""

    applicability: Applicability
    regimes: tuple[Regime, ...]

    @cached_property
    def versions(self) -> tuple[RegimeVersion, ...]:
        """Return the versions of the rules as a case keeps them, not stored."""
        return versions_of(self.regimes)


def laws_of_place(rules: StoredRules, residence: str, at: datetime) -> LawsOfPlace:
    """Return what follows from the rules for a place at an instant.

    It is the same for a quarter of an hour: no midnight of a time zone lies within one.
    """
    quarter = int(at.timestamp() // _QUARTER_OF_AN_HOUR)
    return _laws_by_place(rules, rule_files(), quarter)(canonical_place(residence))


# What is over goes as a whole: rules with a published limit are large, and places share them.
@lru_cache(maxsize=2)
def _laws_by_place(
    rules: StoredRules, files: Registry, quarter: int
) -> Callable[[str], LawsOfPlace]:
    at = datetime.fromtimestamp(quarter * _QUARTER_OF_AN_HOUR, UTC)
    main = canonical_place(rules.profile.main_establishment)

    @cache
    def in_force(code: str) -> Regime:
        (regime,) = rules_in_force([files.current[code]], at, rules.limits)
        return regime

    # A place comes from outside.
    @lru_cache(maxsize=1000)
    def laws_of(home: str) -> LawsOfPlace:
        found = applicable_laws(rules.profile, home, at, all_regimes())
        codes = found.codes or (NEUTRAL,)
        return LawsOfPlace(found, tuple(in_force(code).seen_from(home, main) for code in codes))

    return laws_of


def with_lead(
    found: LawsOfPlace,
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
    due = {}
    for regime in found.regimes:
        received = (ClockEvent("received", at),)
        clocks = response_clock_kinds(regime, kinds)
        deadlines = deadlines_at(regime, clocks, received, home, notices)
        days = [each.due_on or each.provisional_on for each in deadlines.values()]
        due[regime.code] = min((day for day in days if day), default=None)
    return ApplicableLaws(
        regimes=found.regimes,
        lead=min(found.regimes, key=lambda regime: due[regime.code] or date.max),
        due=due,
        applicability=found.applicability,
    )
