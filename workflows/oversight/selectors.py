"""What a regulator reads, and what stands behind commitments. Every function takes the scope.

What stands behind commitments is withheld in one place, for the export and for the case file alike.
An identity document is withheld unless a reason was given for needing it: law asks for as little as
will do.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from workflows.accounts.regulators import RegulatorScope
from workflows.cases.access import normalise_number
from workflows.cases.lifecycle import State
from workflows.cases.models import BaseClock, Case, Clock, EventContent, Item
from workflows.cases.timeline import STAFF_SENTENCES
from workflows.complaints.models import ComplaintClock
from workflows.ledger.selectors import events_of_case
from workflows.oversight.filters import BundleFilters, zone_of
from workflows.oversight.law import Provision, provisions
from workflows.oversight.models import Fact, KeptCheckpoint
from workflows.regimes.deadlines.values import Deadline
from workflows.regimes.explain import explain
from workflows.regimes.rules.regime import Regime
from workflows.vault.crypto import Shredded
from workflows.vocabulary.people import IdentifierKind
from workflows.vocabulary.roles import Role

EventEntry = Mapping[str, Any]

_IDENTITY_EVENTS = frozenset(
    {"identity.proved", "identity.not_proved", "identity.confirmed", "identity.doubted"}
)


class WithheldContent(StrEnum):
    """Why a commitment cannot be opened here."""

    ERASED = "erased"
    IDENTITY_DOCUMENT = "identity_document"
    WHOLE_LOG = "whole_log"


@dataclass(frozen=True, slots=True)
class DisclosedContent:
    """One commitment of one entry: either `nonce` (hex) and `content`, or why not (`closed`)."""

    entry: EventEntry
    name: str
    commitment: str
    nonce: str = ""
    content: Any = None
    closed: WithheldContent | None = None


def disclosed_contents(
    entries: Iterable[tuple[UUID, EventEntry]],
    contents: Iterable[EventContent],
    *,
    withhold: WithheldContent | None,
) -> Iterator[DisclosedContent]:
    """Yield one opening for each commitment, in the order of the entries and then by name.

    `entries` are the events of cases as (uid, parsed leaf), `contents` those of the same cases.
    `withhold` IDENTITY_DOCUMENT withholds only what shows or may show a document of identity;
    WHOLE_LOG withholds everything; None nothing. A content that is not there any more was erased
    with its case.
    """
    stored = {(content.event, content.name): content for content in contents}
    for uid, entry in entries:
        for name, commitment in sorted(entry["commitments"].items()):
            opening = _opened(stored.get((uid, name)))
            if opening is None:
                yield DisclosedContent(entry, name, commitment, closed=WithheldContent.ERASED)
            elif withhold == WithheldContent.WHOLE_LOG or (
                withhold == WithheldContent.IDENTITY_DOCUMENT
                and _shows_identity(entry, name, opening)
            ):
                yield DisclosedContent(entry, name, commitment, closed=withhold)
            else:
                yield DisclosedContent(
                    entry, name, commitment, opening["nonce"], opening["content"]
                )


def _opened(content: EventContent | None) -> Mapping[str, Any] | None:
    if content is None:
        return None
    try:
        opening: Mapping[str, Any] = content.opening
    except Shredded:
        return None
    return opening


def _shows_identity(entry: EventEntry, name: str, opening: Mapping[str, Any]) -> bool:
    """Say whether a content is, describes or may hold a proof of identity.

    That is on what an acceptance rests, what the person sent while a proof was waited for, and a
    request that names an identity number: a commitment opens as a whole or not at all.
    """
    if entry["name"] in _IDENTITY_EVENTS:
        return True
    if entry["role"] == Role.PUBLIC and entry["facts"].get("from") == State.IDENTITY_NEEDED:
        return True
    if name != "request":
        return False
    identifiers = opening["content"].get("identifiers", [])
    return any(identifier["kind"] == IdentifierKind.NATIONAL_ID for identifier in identifiers)


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What a list of cases is narrowed to. Days are those of receipt in the regime's time zone."""

    states: tuple[str, ...] = ()
    kind: str = ""
    since: date | None = None
    until: date | None = None
    late: bool = False
    number: str = ""


@dataclass(frozen=True, slots=True)
class ReadStep:
    """One entry of the log about a case, the rules it follows, and what its commitments hold."""

    number: int
    at: datetime
    sentence: str
    name: str
    role: str
    actor: str
    facts: dict[str, object]
    provisions: list[Provision]
    openings: list[DisclosedContent]


@dataclass(frozen=True, slots=True)
class ReadClock:
    """A clock of the regime with its rule and its arithmetic as sentences."""

    clock: BaseClock
    name: str
    explained: list[str]


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case as a regulator reads it, under the regime's rules of the time of filing."""

    case: Case
    regime: Regime
    items: list[Item]
    clocks: list[ReadClock]
    steps: list[ReadStep]


def visible_cases(scope: RegulatorScope) -> QuerySet[Case]:
    """Return the cases that the scope covers."""
    return Case.objects.filter(regimes__contains=[scope.regime])


def find_case(scope: RegulatorScope, number: str) -> Case:
    """Return a case by its number as typed. Raises `Case.DoesNotExist`, beyond the scope too."""
    return visible_cases(scope).select_related("data_key").get(number=normalise_number(number))


def late(now: datetime | None = None) -> Q:
    """Match the clocks, of requests or of complaints, for which `counting.is_late` holds."""
    now = now or timezone.now()
    return Q(state=Clock.State.MISSED) | Q(state=Clock.State.RUNNING, due_at__lte=now)


def visible_facts(scope: RegulatorScope) -> QuerySet[Fact]:
    """Return what is counted under the regime of the scope."""
    return Fact.objects.filter(regime=scope.regime)


def filter_cases(scope: RegulatorScope, chosen: CaseFilter) -> QuerySet[Fact]:
    """Return the facts of the cases that fit, the latest first.

    Their cases come by one more query for those that are read.
    """
    facts = visible_facts(scope)
    cases = facts.filter(position=0)
    filters = BundleFilters(since=chosen.since, until=chosen.until)
    start, end = filters.received_between(zone_of(scope.regime))
    if start:
        cases = cases.filter(filed_at__gte=start)
    if end:
        cases = cases.filter(filed_at__lt=end)
    if chosen.states:
        cases = cases.filter(state__in=chosen.states)
    if chosen.kind:
        cases = cases.filter(case__in=facts.filter(position__gt=0, kind=chosen.kind).values("case"))
    if chosen.late:
        cases = cases.filter(Q(missed=True) | Q(late_from__lte=timezone.now()))
    if chosen.number:
        cases = cases.filter(case__number=normalise_number(chosen.number))
    # Columns of `fact_of_case`: a page far behind is found without looking at the rows before it.
    read = cases.only("case", "regime", "position", "filed_at", "state", "missed", "late_from")
    return read.order_by("-filed_at", "-case_id").prefetch_related("case")


def case_file(scope: RegulatorScope, case: Case, language: str) -> CaseFile:
    """Return a case with all its steps. Identity documents are withheld. Six queries.

    `case` is one that `find_case` gave for this scope.
    """
    regime = case.regime_of(scope.regime)
    events = list(events_of_case(case.pseudonym))
    entries = [(event.uid, event.body) for event in events]
    contents = list(EventContent.objects.filter(case=case))
    for content in contents:
        content.case = case
    openings: dict[int, list[DisclosedContent]] = {}
    for opening in disclosed_contents(
        entries, contents, withhold=WithheldContent.IDENTITY_DOCUMENT
    ):
        openings.setdefault(opening.entry["step"], []).append(opening)
    return CaseFile(
        case=case,
        regime=regime,
        items=list(case.items.all()),
        clocks=_clocks(case, regime, language),
        steps=[
            ReadStep(
                number=event.step or 0,
                at=event.at,
                sentence=str(STAFF_SENTENCES.get(event.name, event.name)),
                name=event.name,
                role=event.role,
                actor=event.actor,
                facts=dict(event.facts),
                provisions=provisions(entry, regime, case.kinds),
                openings=openings.get(event.step or 0, []),
            )
            for event, (_uid, entry) in zip(events, entries, strict=True)
        ],
    )


def kept_checkpoints(scope: RegulatorScope) -> QuerySet[KeptCheckpoint]:
    """Return the checkpoints that the account keeps, the largest first."""
    return KeptCheckpoint.objects.filter(account=scope.account)


def _clocks(case: Case, regime: Regime, language: str) -> list[ReadClock]:
    read = []
    of_complaints = ComplaintClock.objects.filter(case=case, regime=regime.code)
    for clock in (*case.clocks.filter(regime=regime.code), *of_complaints):
        rule = regime.clock(clock.kind)
        deadline = Deadline.from_dict(clock.deadline)
        read.append(
            ReadClock(clock, rule.name.in_language(language), explain(deadline, rule, language))
        )
    return read
