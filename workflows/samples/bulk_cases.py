"""Makes open cases of invented people by the thousand, to try queue and reports with many.

Rows and events are those that filing writes, and a few first moves, but in bulk. Nothing is
enqueued: nobody is mailed, no team is chosen. The receipts are random and known to nobody.
"""

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from django.db import transaction
from django.utils import timezone

from workflows.cases.access import new_case_number
from workflows.cases.applicable_law import ApplicableLaws, laws_under
from workflows.cases.clocks import clocks_for, derive_deadlines, earliest_due
from workflows.cases.filing import EMAIL_INDEX, received_facts
from workflows.cases.filing_request import (
    FiledIdentifier,
    FiledItem,
    FilingRequest,
)
from workflows.cases.lifecycle import MOVES, Action, State
from workflows.cases.models import (
    Case,
    Clock,
    ClockEvent,
    EventContent,
    Identifier,
    Item,
    Person,
)
from workflows.cases.models.case import keep_versions
from workflows.cases.models.clock import Round
from workflows.cases.transition import prepare_case_event
from workflows.ledger.append import PreparedEvent, append_first_events, prepare
from workflows.mail.addresses import normalise_email
from workflows.regimes.deadlines.values import Deadline
from workflows.regimes.rules.regime import Regime
from workflows.regimes.stored_rules import stored_rules
from workflows.vault.blind_index import new_entries
from workflows.vault.models import BlindIndexEntry, DataKey
from workflows.vault.services import create_data_keys
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.people import Assurance, Channel, IdentifierKind
from workflows.vocabulary.roles import Role

BATCH = 500
# Received within the last week, in steps of four hours. No clock is due a reminder yet: half of the
# shortest, fifteen working days with two make-up days among them, is a little over eight days.
ARRIVALS = tuple(timedelta(hours=4 * step) for step in range(42))
RESIDENCES = ("CN", "CN", "CN", "DE-BE", "FR", "IE", "GB-ENG", "GB-SCT", "US-CA")
# How far a case has come: the moves that led there, each with the role that took it.
PATHS: dict[State, tuple[tuple[Action, Role], ...]] = {
    State.FILED: (),
    State.RECEIVED: ((Action.CONFIRM_CONTACT, Role.PUBLIC),),
    State.TRIAGE: (
        (Action.CONFIRM_CONTACT, Role.PUBLIC),
        (Action.BEGIN_TRIAGE, Role.INTAKE),
    ),
    State.IN_REVIEW: (
        (Action.CONFIRM_CONTACT, Role.PUBLIC),
        (Action.BEGIN_TRIAGE, Role.INTAKE),
        (Action.BEGIN_REVIEW, Role.REVIEWER),
    ),
}
_FAMILY = {"zh-hans": "王李张刘陈杨黄赵", "en": ("Sample", "Placeholder", "Example", "Specimen")}
_GIVEN = {"zh-hans": "芳伟娜敏静磊洋勇艳杰", "en": ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn")}
_STATEMENT = {"zh-hans": "请处理我的这项请求。", "en": "Please handle this request of mine."}
_STAFF = "staff-trial"


def make_bulk_cases(count: int, *, seed: int | None = None) -> Iterator[int]:
    """Make `count` cases, batch by batch in transactions of their own; yield how many are made."""
    maker = _Maker(Random(seed))
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        with transaction.atomic():
            maker.make(size)
        yield start + size


class _Maker:
    """Makes batches, and remembers the deadlines that many cases share."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._now = timezone.now()
        self._deadlines: dict[tuple[object, ...], dict[tuple[str, str], Deadline]] = {}
        self._versions: dict[tuple[str, str], str] = {}
        self._laws_found: dict[tuple[str, ...], ApplicableLaws] = {}
        self._rules = stored_rules()

    def make(self, size: int) -> None:
        """Make one batch, inside the caller's transaction."""
        filings = [
            (self._case(request, key, number), request)
            for request, key, number in zip(
                [self._request() for _place in range(size)],
                create_data_keys(size),
                _free_numbers(size, self._now),
                strict=True,
            )
        ]
        clocks = [clock for case, _request in filings for clock in self._clocks(case)]
        Case.objects.bulk_create(case for case, _request in filings)
        Clock.objects.bulk_create(clocks)
        _store_parts(filings)
        _append_events(filings)

    def _request(self) -> FilingRequest:
        choose = self._random.choice
        residence = choose(RESIDENCES)
        language = "zh-hans" if residence == "CN" else "en"
        name = choose(_FAMILY[language]) + choose(_GIVEN[language])
        if language == "en":
            name = f"{choose(_GIVEN[language])} {choose(_FAMILY[language])}"
        email = f"{self._random.getrandbits(48):012x}@people.example"
        return FilingRequest(
            items=tuple(
                FiledItem(kind, {"statement": _STATEMENT[language]})
                for kind in self._random.sample(ItemKind.values, k=choose((1, 1, 1, 2)))
            ),
            residence=residence,
            language=language,
            subject_name=name,
            identifiers=(FiledIdentifier(IdentifierKind.EMAIL, email),),
            email=email,
        )

    def _case(self, request: FilingRequest, key: DataKey, number: str) -> Case:
        kinds = [item.kind for item in request.items]
        laws = self._laws(request.residence, kinds)
        state = self._random.choice(list(PATHS))
        return Case(
            number=number,
            data_key=key,
            receipt_digest=secrets.token_bytes(32),
            state=state,
            language=request.language,
            channel=Channel.WEB,
            residence=request.residence,
            service="",
            requester_role=request.requester_role,
            assurance=Assurance.NONE if state == State.FILED else Assurance.CONTACT,
            kinds=kinds,
            regime=laws.lead.code,
            regimes=[regime.code for regime in laws.regimes],
            regime_versions={regime.code: self._version(regime) for regime in laws.regimes},
            applicability=laws.as_kept(self._rules.profile_id),
            has_contact=True,
            filed_at=self._now - self._random.choice(ARRIVALS),
        )

    def _laws(self, residence: str, kinds: list[str]) -> ApplicableLaws:
        shared = (residence, *sorted(kinds))
        if shared not in self._laws_found:
            self._laws_found[shared] = laws_under(self._rules, residence, kinds, self._now)
        return self._laws_found[shared]

    def _version(self, regime: Regime) -> str:
        seen_from = (regime.code, regime.default_place)
        if seen_from not in self._versions:
            self._versions[seen_from] = keep_versions((regime,))[regime.code]
        return self._versions[seen_from]

    def _clocks(self, case: Case) -> list[Clock]:
        shared = (case.residence, case.filed_at, *sorted(case.kinds))
        if shared not in self._deadlines:
            self._deadlines[shared] = self._derive(case)
        clocks = clocks_for(case, self._deadlines[shared], {}, Round(0, case.filed_at, ()))
        for clock in clocks:
            if clock.kind == case.regime_of(clock.regime).acknowledge:
                clock.state, clock.stopped_at, clock.check_at = Clock.State.MET, self._now, None
                clock.answered = True
        lead = earliest_due(clocks)
        if lead is not None:
            case.due_on, case.due_at = lead.due_on, lead.due_at
            case.due_provisional = lead.provisional
        return clocks

    def _derive(self, case: Case) -> dict[tuple[str, str], Deadline]:
        received = ClockEvent(case=case, name="received", at=case.filed_at)
        return derive_deadlines(case, Round(0, case.filed_at, (received,)), self._rules.notices)


def _free_numbers(count: int, now: datetime) -> list[str]:
    """Return new case numbers that no case has."""
    numbers: set[str] = set()
    while len(numbers) < count:
        fresh = {new_case_number(now) for _place in range(count - len(numbers))}
        taken = Case.objects.filter(number__in=fresh).values_list("number", flat=True)
        numbers |= fresh - set(taken)
    return sorted(numbers)


def _store_parts(filings: list[tuple[Case, FilingRequest]]) -> None:
    """Write people, identifiers, items, the event that starts the clocks, and the blind index."""
    Person.objects.bulk_create(
        Person(case=case, part=Person.Part.SUBJECT, name=request.subject_name, email=request.email)
        for case, request in filings
    )
    Identifier.objects.bulk_create(
        Identifier(case=case, kind=identifier.kind, value=identifier.value)
        for case, request in filings
        for identifier in request.identifiers
    )
    Item.objects.bulk_create(
        Item(case=case, position=position, kind=item.kind, details=dict(item.details))
        for case, request in filings
        for position, item in enumerate(request.items, start=1)
    )
    ClockEvent.objects.bulk_create(
        ClockEvent(case=case, name="received", at=case.filed_at) for case, _request in filings
    )
    BlindIndexEntry.objects.bulk_create(
        entry
        for case, request in filings
        for entry in new_entries(case.data_key, [(EMAIL_INDEX, normalise_email(request.email))])
    )


def _append_events(filings: list[tuple[Case, FilingRequest]]) -> None:
    """Append what filing, acknowledging and the moves of each case write into the log."""
    events: list[PreparedEvent] = []
    contents: list[EventContent] = []
    for case, request in filings:
        for code in case.regimes:
            received, opened = prepare_case_event(
                case,
                "case.received",
                role=Role.PUBLIC,
                register=code,
                facts=received_facts(case, code),
                contents={"request": request.as_content()} if code == case.regime else None,
            )
            events.append(received)
            contents += opened
        steps = ((Action.ACKNOWLEDGE, Role.SYSTEM), *PATHS[State(case.state)])
        state = State.FILED
        for action, role in steps:
            target = MOVES[action].target or state
            events.append(
                prepare(
                    case=case.pseudonym,
                    name=MOVES[action].event,
                    role=role,
                    actor="" if role in {Role.PUBLIC, Role.SYSTEM} else _STAFF,
                    facts={"from": state, "to": target},
                )
            )
            state = target
    append_first_events(events)
    EventContent.objects.bulk_create(contents)
