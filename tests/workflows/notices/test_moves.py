"""Moves of staff and the notice that goes with each: both or neither."""

import pytest

from tests.clear_text import tables_with
from tests.factories import (
    APPROVER,
    ERIKA,
    INTAKE,
    OTHER_REVIEWER,
    REVIEWER,
    fee_overdue,
    make_case,
)
from workflows.cases import staff_actions
from workflows.cases.errors import MoveRefused
from workflows.cases.lifecycle import State
from workflows.cases.models import Case, EventContent, Message
from workflows.common.errors import InvalidInput
from workflows.ledger.canonical import opens
from workflows.ledger.models import Event
from workflows.notices import moves
from workflows.notices.errors import ElementMissing
from workflows.notices.models import Notice, NoticeText
from workflows.notices.texts import bundled_texts
from workflows.outbox.models import Effect

pytestmark = pytest.mark.django_db

SECRET = "Only the person may read this."


def _rejected(case: Case) -> Message:
    staff_actions.report_abuse(case, INTAKE, "Odd.")
    return moves.reject_as_abuse(case, APPROVER, SECRET, "excessive")


# Each move: the state in which it is made, the call, the kind of notice and of message, the mail.
WAYS = {
    "identity": (
        State.TRIAGE,
        lambda case: moves.ask_identity(case, INTAKE, SECRET),
        "identity_request",
        Message.Kind.IDENTITY_REQUEST,
        "mail.identity_request",
    ),
    "information": (
        State.TRIAGE,
        lambda case: moves.ask_information(case, INTAKE, SECRET),
        "clarification",
        Message.Kind.INFORMATION_REQUEST,
        "mail.information_request",
    ),
    "extension": (
        State.IN_REVIEW,
        lambda case: moves.extend(case, REVIEWER, SECRET),
        "extension",
        Message.Kind.EXTENSION,
        "mail.extension",
    ),
    "abuse": (
        State.TRIAGE,
        _rejected,
        "refusal",
        Message.Kind.NOTICE,
        "mail.rejected_as_abuse",
    ),
    "unpaid": (
        State.FEE_NEEDED,
        lambda case: moves.end_unpaid(fee_overdue(case), OTHER_REVIEWER, SECRET),
        "refusal",
        Message.Kind.NOTICE,
        "mail.ended_unpaid",
    ),
    "answer": (
        State.EXECUTING,
        lambda case: moves.answer(case, APPROVER),
        "answer",
        Message.Kind.ANSWER,
        "mail.answer",
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_notice_is_kept_committed_to_and_mailed_about(way):
    state, write, kind, message_kind, mail = WAYS[way]
    case = make_case(state, ERIKA)

    message = write(case)

    message.refresh_from_db()
    notice = Notice.objects.get(kind=kind)
    event = Event.objects.filter(case=case.pseudonym, name="notice.sent").latest("step")
    assert (message.kind, message.notice) == (message_kind, notice)
    assert way == "answer" or SECRET in message.body
    assert message.author == event.actor
    assert event.facts["notice"] == kind
    assert (event.facts["regime"], event.facts["language"]) == ("EU", "en")
    assert event.facts["version"][kind] == notice.texts.get(kind=kind).number
    opening = EventContent.objects.get(event=event.uid, name="notice").opening
    assert opening["content"]["text"] == message.body
    assert opens(event.commitments["notice"], opening["content"], bytes.fromhex(opening["nonce"]))
    move = Event.objects.get(case=case.pseudonym, step=event.step - 1)
    assert move.facts["message"] == str(message.pk)
    assert message.sent_at == move.at
    assert Effect.objects.filter(kind=mail).exists()
    assert not Effect.objects.filter(kind="mail.message").exists()


@pytest.mark.parametrize("way", [way for way in WAYS if way != "answer"])
def test_no_text_lies_in_the_clear(way):
    state, write, *_ = WAYS[way]
    write(make_case(state, ERIKA))

    assert tables_with(SECRET) == []


@pytest.mark.parametrize("way", WAYS)
def test_a_move_that_is_refused_leaves_nothing(way):
    case = make_case(State.CLOSED, ERIKA)
    before = (Message.objects.count(), Notice.objects.count(), Event.objects.count())

    with pytest.raises(MoveRefused):
        WAYS[way][1](case)
    assert (Message.objects.count(), Notice.objects.count(), Event.objects.count()) == before


@pytest.mark.parametrize("text", ["", " \n ", "x" * 10_001, "a\x00b"])
def test_what_is_no_text_is_refused(text):
    case = make_case(State.TRIAGE)

    with pytest.raises(InvalidInput):
        moves.ask_identity(case, INTAKE, text)
    assert case.state == State.TRIAGE


def test_a_notice_that_lacks_an_element_leaves_the_case_as_it_was(monkeypatch):
    case = make_case(State.TRIAGE, ERIKA)
    events = Event.objects.count()
    body = "# Case {case_number}\n\n[[question]]\n{question}\n"
    monkeypatch.setitem(bundled_texts(), ("", "clarification", "en"), body)

    with pytest.raises(ElementMissing, match="what this means for the time to answer"):
        moves.ask_information(case, INTAKE, SECRET)
    case.refresh_from_db()
    assert case.state == State.TRIAGE
    assert Event.objects.count() == events
    assert not Notice.objects.exists()
    assert not NoticeText.objects.exists()
