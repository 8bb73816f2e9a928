"""What is written on a case: kept sealed, committed to in the log, told by mail without content."""

import pytest

from tests.clear_text import tables_with
from tests.factories import ERIKA, INTAKE, OFFICER, file, make_case
from tests.workflows.cases.test_attachments import PNG
from workflows.cases import correspondence
from workflows.cases.attachments import Upload
from workflows.cases.errors import InvalidFiling, MoveRefused
from workflows.cases.lifecycle import State
from workflows.cases.models import EventContent, Message
from workflows.common.errors import InvalidInput
from workflows.ledger.canonical import opens
from workflows.ledger.models import Event
from workflows.outbox.models import Effect

pytestmark = pytest.mark.django_db

SECRET = "Only the person may read this."

# Each way to write: the state in which it is made, the call, the kind of message, the mail.
WAYS = {
    "message": (
        State.TRIAGE,
        lambda case: correspondence.write_to_person(case, INTAKE, SECRET),
        Message.Kind.MESSAGE,
        "mail.message",
    ),
    "contest": (
        State.ANSWERED,
        lambda case: correspondence.contest(case, SECRET),
        Message.Kind.CONTEST,
        None,
    ),
    "from the person": (
        State.TRIAGE,
        lambda case: correspondence.write_to_provider(case, SECRET),
        Message.Kind.MESSAGE,
        None,
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_text_is_kept_committed_to_and_mailed_about(way):
    state, write, kind, mail = WAYS[way]
    case = make_case(state, ERIKA)

    message = write(case)

    message.refresh_from_db()
    event = Event.objects.filter(case=case.pseudonym).latest("step")
    assert (message.kind, message.body) == (kind, SECRET)
    assert message.from_person == (mail is None)
    assert message.author == event.actor
    assert event.facts["message"] == str(message.pk)
    opening = EventContent.objects.get(event=event.uid, name="text").opening
    assert opens(event.commitments["text"], SECRET, bytes.fromhex(opening["nonce"]))
    assert SECRET not in bytes(event.leaf).decode()
    assert mail is None or Effect.objects.filter(kind=mail).exists()


@pytest.mark.parametrize("way", WAYS)
def test_no_text_lies_in_the_clear(way):
    state, write, _kind, _mail = WAYS[way]
    write(make_case(state, ERIKA))

    assert tables_with(SECRET) == []


@pytest.mark.parametrize("text", ["", " \n ", "x" * 10_001, "\ud83d", "a\x00b"])
@pytest.mark.parametrize(
    "write",
    [
        lambda case, text: correspondence.write_to_person(case, INTAKE, text),
        correspondence.write_to_provider,
        lambda case, text: correspondence.write_note(case, INTAKE, text),
    ],
)
def test_what_is_no_text_is_refused_and_leaves_nothing(write, text):
    case = make_case(State.TRIAGE)
    events = Event.objects.count()

    with pytest.raises(InvalidInput):
        write(case, text)
    assert not Message.objects.exists()
    assert Event.objects.count() == events


def test_a_move_that_is_refused_leaves_no_message():
    case = make_case(State.CLOSED)
    messages = Message.objects.count()

    with pytest.raises(MoveRefused):
        correspondence.write_to_person(case, INTAKE, SECRET)
    assert Message.objects.count() == messages


class TestTheAnswerToAQuestion:
    def test_a_message_answers_the_question_that_waits(self):
        case = make_case(State.INFORMATION_NEEDED)

        correspondence.write_to_provider(case, "It was on my phone.")

        assert case.state == State.IN_REVIEW
        assert case.clock_events.filter(name="clarification_answered").exists()

    def test_a_message_to_the_request_for_proof_leaves_the_decision_to_staff(self):
        case = make_case(State.IDENTITY_NEEDED)

        correspondence.write_to_provider(case, "Here.", (Upload("proof.png", PNG),))

        assert case.state == State.IDENTITY_NEEDED
        assert case.attachments.get(from_person=True).name == "proof.png"


class TestFiles:
    def test_files_of_a_message_are_committed_to(self):
        case = make_case(State.TRIAGE)
        correspondence.write_to_provider(case, "Here.", (Upload("shot.png", PNG),))

        event = Event.objects.get(name="message.received")
        opening = EventContent.objects.get(event=event.uid, name="files").opening
        assert event.facts["files"] == 1
        assert [described["name"] for described in opening["content"]] == ["shot.png"]

    def test_five_at_filing_do_not_bar_a_later_proof(self):
        case = file(uploads=(Upload("a.png", PNG),) * 5).case

        correspondence.write_to_provider(case, "More.", (Upload("b.png", PNG),) * 5)

        assert case.attachments.count() == 10

    def test_each_message_has_its_limit_and_the_case_another(self):
        case = make_case(State.TRIAGE)

        with pytest.raises(InvalidFiling):
            correspondence.write_to_provider(case, "Many.", (Upload("a.png", PNG),) * 6)
        for _message in range(correspondence.MAX_FILES_OF_CASE // 5):
            correspondence.write_to_provider(case, "Five.", (Upload("a.png", PNG),) * 5)
        with pytest.raises(InvalidFiling):
            correspondence.write_to_provider(case, "One more.", (Upload("a.png", PNG),))
        assert case.attachments.count() == correspondence.MAX_FILES_OF_CASE


class TestNotes:
    def test_a_note_is_not_for_the_person_and_needs_no_state(self):
        case = make_case(State.CLOSED)

        note = correspondence.write_note(case, OFFICER, SECRET)

        assert (note.kind, note.from_person) == (Message.Kind.NOTE, False)
        assert Event.objects.get(name="note.written").role == "privacy_officer"
        assert not Effect.objects.filter(kind="mail.message").exists()


class TestWithdrawing:
    @pytest.mark.parametrize("reasons", ["", "  ", "Settled."])
    def test_it_needs_no_reason(self, reasons):
        case = make_case(State.IN_REVIEW)
        correspondence.withdraw(case, reasons)

        assert case.state == State.WITHDRAWN
        event = Event.objects.get(name="case.withdrawn")
        opening = EventContent.objects.get(event=event.uid).opening
        assert opening["content"] == reasons.strip()

    def test_a_reason_that_cannot_be_stored_is_refused(self):
        with pytest.raises(InvalidInput):
            correspondence.withdraw(make_case(), "\ud83d")
