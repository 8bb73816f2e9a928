"""Whether what is told is so: mails, notices, the timeline and the page against the database.

Not all that a text says is looked at: words of law, reasons of staff and names of authorities are
taken as they are. What is looked at: each day that is named, what is said to have been done to the
data, that something was checked, found or not found, and how the case stands.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.mail import EmailMessage
from django.db.models import QuerySet
from django.utils import timezone

from requests_portal.presentation.deadlines import shown_clocks
from requests_portal.public.case_presenter import state_in_words
from tests.life_of_a_case.world import TEAM
from workflows.cases.clocks import earliest_due, extendable_clock
from workflows.cases.lifecycle import OPEN, OUTCOME_TOLD, State
from workflows.cases.models import BaseClock, Case, Clock, Item, Message
from workflows.cases.timeline import PUBLIC_SENTENCES
from workflows.corrections.models import Manifest
from workflows.identity.contact import waits_for_contact
from workflows.identity.reminders import WAITING
from workflows.ledger.models import Event
from workflows.ledger.selectors import events_of_case
from workflows.lookups.models import Match
from workflows.vocabulary.outcomes import CHANGES_DATA, Outcome

_DAY = r"(\d{1,2} [A-Z][a-z]+ \d{4})"
_DAYS = re.compile(_DAY)
_NUMBER = re.compile(r"[A-Z]{1,4}-\d{4}-[0-9A-Z-]+")


def _day(text: str) -> date:
    return datetime.strptime(text, "%d %B %Y").date()


def _local(case: Case, moment: datetime | None = None) -> date:
    zone = ZoneInfo(case.lead_regime.place(case.residence).zone)
    return timezone.localdate(moment, zone)


def _claim(text: str, sentence: str, *, true: bool) -> None:
    """Hold one sentence against what is so, where the text has it."""
    found = re.search(sentence, text)
    assert found is None or true, f"Told what is not so: {found.group()}"


def _named(text: str, sentence: str) -> list[date]:
    return [_day(found) for found in re.findall(sentence, text)]


def _clocks(case: Case) -> list[BaseClock]:
    return [*case.clocks.all(), *(c for each in case.complaints.all() for c in each.clocks.all())]


def _days_known(case: Case) -> set[date]:
    """Return every day that something about a case has to do with."""
    clocks = _clocks(case)
    instants = [case.filed_at, timezone.now(), case.answered_at, case.closed_at]
    instants += [clock.started_at for clock in clocks]
    instants += [clock.stopped_at for clock in clocks]
    instants += [complaint.received_at for complaint in case.complaints.all()]
    days = {_local(case, moment) for moment in instants if moment is not None}
    days |= {clock.due_on for clock in clocks if clock.due_on}
    days |= {item.retraining_on for item in case.items.all() if item.retraining_on}
    return days | ({case.fee_due_on} if case.fee_due_on else set())


def _days_are_known(case: Case, text: str) -> None:
    known = _days_known(case)
    text = re.sub(r"\(in force [^)]*\)", "", text)  # the day of a law
    for sentence in re.split(r"(?<=\.)\s|\n", text):
        unknown = set(_named(sentence, _DAY)) - known
        assert not unknown, f"{unknown.pop()} is no day of this case: {sentence}"


# --- Mails ----------------------------------------------------------------------------------


def mails_are_true(mails: Iterable[EmailMessage], cases: Iterable[Case]) -> None:
    """Hold each mail against the case that it names, as it stands when the mail goes out."""
    by_number = {case.number: case for case in cases}
    for one in mails:
        body = " ".join(str(one.body).split())
        named = [number for number in by_number if number in f"{one.subject} {body}"]
        assert len(named) == 1, f"A mail about {named}: {one.subject}"
        case = by_number[named[0]]
        _days_are_known(case, body)
        if one.to == [TEAM]:
            _team_mail_is_true(case, body)
        else:
            _mail_is_true(case, body)


def _mail_is_true(case: Case, body: str) -> None:
    open_, state = case.state in OPEN, State(case.state)
    says: dict[str, bool] = {
        r"We have received your request\. Its case number": open_,
        r"confirm that we reach you here": waits_for_contact(case),
        r"we must be sure that the request comes from": state == State.IDENTITY_NEEDED,
        r"We accepted your proof of identity": bool(case.assurance_set_by),
        r"There is nothing that you have to do": state not in WAITING,
        r"To go on, we have a question": state == State.INFORMATION_NEEDED,
        r"The law allows a fee for what you ask for": state == State.FEE_NEEDED,
        r"There is no fee left to pay": state != State.FEE_NEEDED,
        r"We go on with your request;": open_,
        r"did not arrive in time, so we have closed": state == State.EXPIRED,
        r"We cannot answer your request within the first": open_ and _extended(case),
        r"We have answered your request": case.answered_at is not None,
        r"point by point": case.messages.filter(kind=Message.Kind.ANSWER).exists(),
        r"and go on with that one": state == State.MERGED,
        r"We have decided not to handle this request": state == State.REJECTED_AS_ABUSE,
        r"We wrote to you about your request": case.messages.filter(from_person=False).exists(),
        r"Some days ago we asked you": state in WAITING and _asked_before(case),
        r"send it again from another": state in OPEN | {State.ANSWERED},
    }
    for sentence, true in says.items():
        _claim(body, sentence, true=true)
    for day in _named(body, f"We will answer by {_DAY} at the latest"):
        assert day == case.due_on, f"Promised for {day}, due on {case.due_on}"
        assert day >= _local(case), f"An answer is promised for {day}, which is over"
    for day in _named(body, f"The last day to pay or to say what you want is {_DAY}"):
        assert day == case.fee_due_on >= _local(case)


def _extended(case: Case) -> bool:
    return any(event.name == "extension_told" for event in case.clock_events.all())


def _asked_before(case: Case) -> bool:
    kind = WAITING[State(case.state)]
    asked = case.messages.filter(kind=kind).order_by("-sent_at").first()
    return asked is not None and asked.sent_at <= timezone.now() - timedelta(days=2)


def _team_mail_is_true(case: Case, body: str) -> None:
    complaint = next((each for each in case.complaints.all() if each.is_open), None)
    missed = any(
        clock.leads and clock.stopped_at is None and clock.state == Clock.State.MISSED
        for clock in case.clocks.all()
    )
    over = case.fee_due_on is not None and _local(case) > case.fee_due_on
    says: dict[str, bool] = {
        r"The time limit of case \S+ has passed and the case is not answered": (
            case.state in OPEN and missed
        ),
        r"Much of the time for case \S+ has gone by": case.state in OPEN,
        r"The time to pay the fee in case \S+ is over": case.state == State.FEE_NEEDED and over,
        r"a complaint in case": complaint is not None,
    }
    for sentence, true in says.items():
        _claim(body, sentence, true=true)


# --- Notices --------------------------------------------------------------------------------


def notice_is_true(case: Case, kind: str, text: str) -> None:  # noqa: C901 - one for each kind
    """Hold a notice against its case, as it stands right after it was sent."""
    _days_are_known(case, text)
    match kind:
        case "acknowledgement":
            for day in _named(text, f"We will answer by {_DAY}"):
                assert day == case.due_on, f"Promised for {day}, due on {case.due_on}"
                assert day >= _local(case), f"An answer is promised for {day}, which is over"
        case "extension":
            clock = extendable_clock(case)
            for day in _named(text, f"We will answer by {_DAY}"):
                assert clock is not None
                assert day == clock.due_on >= _local(case)
        case "fee":
            for day in _named(text, f"withdraw by {_DAY}"):
                assert day == case.fee_due_on >= _local(case)
        case "lateness":
            _lateness_is_true(case, text)
        case "answer":
            _answer_is_true(case, text)
        case "refusal":
            for day in _named(text, f"did not arrive by {_DAY}"):
                assert day == case.fee_due_on < _local(case)
        case "complaint_acknowledgement":
            due = {c.due_on for each in case.complaints.all() for c in each.clocks.all() if c.leads}
            assert set(_named(text, f"We will answer by {_DAY}")) <= due
        case "complaint_outcome":
            again = case.state in OPEN - {State.CONTESTED} and any(
                each.about == "answer" for each in case.complaints.all()
            )
            _claim(text, "nothing has to be changed", true=not again)


def _lateness_is_true(case: Case, text: str) -> None:
    clocks = [clock for clock in case.clocks.all() if clock.leads]
    missed = {clock.due_on for clock in clocks if clock.state == Clock.State.MISSED}
    assert set(_named(text, f"The last day was {_DAY}")) <= missed
    coming = earliest_due(
        clock
        for clock in clocks
        if clock.state == Clock.State.RUNNING and clock.due_at and clock.due_at > timezone.now()
    )
    for day in _named(text, f"We now aim to answer by {_DAY}"):
        assert coming is not None
        assert day == coming.due_on
    _claim(text, "We cannot name a new day yet", true=coming is None)


def _answer_is_true(case: Case, text: str) -> None:
    items = {item.position: item for item in case.items.select_related("case__data_key")}
    for position, said in re.findall(r"Item (\d+): ([^\n]+(?:\n(?!\n|\s*[-•*#]|Item).+)*)", text):
        item = items[int(position)]
        for sentence, true in _OF_AN_ITEM.items():
            _claim(said, sentence, true=true(case, item))
        _claim(said, r"Now: (?:changed|added|deleted)", true=_done(case, item))
        _claim(said, r"Now: the data are as before", true=item.outcome not in CHANGES_DATA)
    changes = any(item.outcome in CHANGES_DATA for item in items.values())
    states = set(_manifests(case).values_list("state", flat=True))
    _claim(text, "The change is under way", true=not changes)
    _claim(text, "another person will then look into it", true=case.state == State.ANSWERED)
    _claim(text, "nothing is left", true=Manifest.State.VERIFIED in states)
    _claim(text, r"nothing about you found", true=_searched_clean(case))
    for day in _named(text, f"the request that you filed on {_DAY}"):
        assert day == _local(case, case.filed_at)


def _manifests(case: Case) -> "QuerySet[Manifest]":
    return Manifest.objects.filter(instructions__item__case=case).distinct()


def _done(case: Case, item: Item) -> bool:
    """Return whether a receipt exists for an item, given since the decision was last approved."""
    approved = events_of_case(case.pseudonym).filter(name="decision.approved").last()
    if item.outcome not in CHANGES_DATA or not item.executed or approved is None:
        return False
    return item.instructions.filter(applied_at__gte=approved.at).exists()


def _theirs(case: Case) -> bool:
    return case.matches.filter(verdict=Match.Verdict.THEIRS).exists()


def _searched_clean(case: Case) -> bool:
    unjudged = case.matches.filter(verdict__in=["", Match.Verdict.UNSURE])
    run = case.lookup_runs.exclude(finished_at=None).exists()
    return run and not unjudged.exists()


# What an answer says of one item, and whether it is so.
_OF_AN_ITEM: dict[str, Callable[[Case, Item], bool]] = {
    r"complied with\.": lambda case, item: item.outcome == Outcome.PROVIDED or _done(case, item),
    r"the information was (?:deleted|anonymised)": _done,
    r"we (?:first )?checked what you told us": lambda _case, item: (
        item.is_verified or item.outcome in {Outcome.NOT_HELD, Outcome.REFUSED}
    ),
    r"then (?:corrected|added) it": _done,
    r"it was deleted instead": _done,
    r"nothing about you": lambda case, _item: not _theirs(case),
    r"it is scheduled for the training": lambda _case, item: item.retraining_on is not None,
}


# --- The timeline and the page --------------------------------------------------------------

# How the case must stand when a step is told of, right after it was taken.
_STEPS: dict[str, Callable[[Case, Event], bool]] = {
    "case.expired": lambda case, _event: case.contact_confirmed_at is None,
    "case.accepted": lambda case, _event: not case.has_contact,
    "identity.confirmed": lambda case, _event: case.assurance_set_by != case.assurance_confirmed_by,
    "information.given": lambda case, _event: case.messages.filter(
        kind=Message.Kind.INFORMATION_REQUEST
    ).exists(),
    "fee.not_paid": lambda case, _event: case.fee_due_on < _local(case),
    "case.ended_unpaid": lambda case, _event: case.fee_due_on < _local(case),
    "decision.approved": lambda case, _event: bool(case.deciders),
    "answer.sent": lambda case, _event: case.messages.filter(kind=Message.Kind.ANSWER).exists(),
    "clock.extended": lambda case, _event: _extended(case),
    "law.changed": lambda case, event: sorted(case.applicable_regimes) == event.facts["laws"],
    "clock.missed": lambda case, event: (
        case.state not in OUTCOME_TOLD or case.state == State.CONTESTED
    ),
    "case.merged": lambda case, _event: case.merged_into is not None,
    "case.reinstated": lambda case, _event: any(
        each.finding in {"upheld", "partly_upheld"} for each in case.complaints.all()
    ),
    "answer.confirmed": lambda case, _event: case.answered_at is not None,
    "review.reopened": lambda case, event: event.actor not in case.earlier_deciders,
    "case.erased": lambda case, _event: case.erased_at is not None,
}


def step_is_true(case: Case, event: Event) -> None:
    """Hold the sentence by which the timeline tells of a step against the case."""
    check = _STEPS.get(event.name)
    assert check is None or check(case, event), f"Not so: {PUBLIC_SENTENCES[event.name]}"


def page_is_true(case: Case, events: Sequence[Event]) -> None:
    """Hold how the page says that the case and its time stand against what happened."""
    words = state_in_words(case)
    names = {event.name for event in events}
    says: dict[str, bool] = {
        "the e-mail address was never confirmed": case.contact_confirmed_at is None,
        "the fee did not arrive in time": "case.ended_unpaid" in names,
        "You withdrew the request": "case.withdrawn" in names,
        r"^Answered\.": "answer.sent" in names,
        "You contested the answer": "case.contested" in names,
        "the answer comes there": case.merged_into is not None,
    }
    for sentence, true in says.items():
        _claim(words, sentence, true=true)
    answers = {
        _local(case, event.at)
        for event in events
        if event.name == "answer.sent"
        or (event.name == "answer.confirmed" and not event.facts.get("withdrawn"))
    }
    for clock in shown_clocks(case):
        if clock.stopped_at and (clock.state == "met" or clock.answered):
            told = _local(case, clock.stopped_at)
            assert told in answers, f"The page says: answered on {told}; answers: {answers}"
        if clock.state == "stopped":
            assert case.closed_at is not None or case.answered_at is not None
