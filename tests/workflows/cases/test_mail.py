"""Mail: in both languages, as text and HTML, without a word of what is personal."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from tests.database_time import let_pass
from tests.factories import (
    APPROVER,
    ERIKA,
    INTAKE,
    OTHER_REVIEWER,
    REVIEWER,
    WANG,
    earlier_case,
    fee_overdue,
    file,
    make_case,
    send_malware,
)
from workflows.cases import correspondence, merging, staff_actions
from workflows.cases.effects import WAITING
from workflows.cases.filing import EFFECTS
from workflows.cases.lifecycle import MOVES, State
from workflows.cases.mail import requester_of
from workflows.cases.models import Case
from workflows.identity.reminders import REMIND_EVERY, sweep_waiting
from workflows.ledger.selectors import events_of_case
from workflows.mail import links
from workflows.mail.models import MailTally
from workflows.mail.outbound import next_quota_reset, purge_tallies, take_mail_quota
from workflows.notices import moves
from workflows.outbox import handlers
from workflows.outbox import services as outbox
from workflows.outbox.models import Effect
from workflows.outbox.services import drain
from workflows.vocabulary.people import Assurance

pytestmark = pytest.mark.django_db

TEMPLATES = Path(django_settings.BASE_DIR) / "templates" / "emails"
SECRET = "Nur für Erika 只给小明"
FOLDERS = sorted(path.name for path in TEMPLATES.iterdir() if path.is_dir())


def _reject(case: Case) -> None:
    staff_actions.report_abuse(case, INTAKE, SECRET)
    moves.reject_as_abuse(case, APPROVER, SECRET, "excessive")


def _answer(case: Case) -> None:
    moves.answer(case, APPROVER)


# How each mail comes about: from which state, and by what.
OCCASIONS = {
    "confirm_contact": (State.FILED, lambda case: None),
    "acknowledgement": (State.FILED, lambda case: None),
    "identity_request": (
        State.TRIAGE,
        lambda case: moves.ask_identity(case, INTAKE, SECRET),
    ),
    "identity_accepted": (
        State.IDENTITY_NEEDED,
        lambda case: staff_actions.accept_identity(case, INTAKE, Assurance.DOCUMENT, SECRET),
    ),
    "information_request": (
        State.TRIAGE,
        lambda case: moves.ask_information(case, INTAKE, SECRET),
    ),
    "fee": (
        State.TRIAGE,
        lambda case: moves.ask_fee(case, REVIEWER, Decimal(20), "EUR", SECRET),
    ),
    "fee_settled": (
        State.FEE_NEEDED,
        lambda case: staff_actions.confirm_fee_paid(case, INTAKE, SECRET),
    ),
    "ended_unpaid": (
        State.FEE_NEEDED,
        lambda case: moves.end_unpaid(fee_overdue(case), OTHER_REVIEWER, SECRET),
    ),
    "question_waits": (
        State.INFORMATION_NEEDED,
        lambda case: sweep_waiting(timezone.now() + REMIND_EVERY),
    ),
    "extension": (State.IN_REVIEW, lambda case: moves.extend(case, REVIEWER, SECRET)),
    "file_refused": (State.TRIAGE, lambda case: send_malware(case, SECRET)),
    "message": (State.TRIAGE, lambda case: correspondence.write_to_person(case, INTAKE, SECRET)),
    "answer": (State.EXECUTING, _answer),
    "merged": (
        State.TRIAGE,
        lambda case: merging.merge_duplicate(case, INTAKE, earlier_case(case)),
    ),
    "rejected_as_abuse": (State.TRIAGE, _reject),
}


def mails_of(template: str, language: str, mailoutbox) -> tuple[Case, list]:
    """Bring about one mail; return the case and what was mailed after the occasion."""
    state, occasion = OCCASIONS[template]
    case = make_case(state, ERIKA, language=language)
    if state != State.FILED:
        drain()
        mailoutbox.clear()
    occasion(case)
    drain()
    return case, [mail for mail in mailoutbox if mail.to == [ERIKA.email]]


def test_each_folder_of_templates_is_one_mail_that_has_its_occasion():
    assert set(FOLDERS) == {
        *OCCASIONS,
        "team_notice",
        "recipient_notice",
        "account_event",
        "invitation",
    }


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_mail_has_a_subject_and_a_text_and_for_people_html(folder):
    names = {path.name for path in (TEMPLATES / folder).iterdir()}

    assert names == {"subject.txt", "body.txt"} | (
        set() if folder == "team_notice" else {"body.html"}
    )


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("template", OCCASIONS)
def test_a_mail_says_that_something_waits_and_nothing_else(template, language, mailoutbox):
    case, mails = mails_of(template, language, mailoutbox)

    mine = [mail for mail in mails if case.number in mail.subject]
    assert len(mine) == (2 if OCCASIONS[template][0] == State.FILED else 1)
    for mail in mine:
        ((html, kind),) = mail.alternatives
        assert kind == "text/html"
        assert mail.from_email == django_settings.DEFAULT_FROM_EMAIL
        assert "\n" not in mail.subject
        assert mail.extra_headers["Auto-Submitted"] == "auto-generated"
        assert mail.extra_headers["Content-Language"] == language
        for text in (mail.subject, mail.body, html):
            for secret in (SECRET, "Erika", "Beispiel", "erika", "forum", "staff-", "Because"):
                assert secret not in text
        for text in (mail.body, html):
            assert links.status_link(language) in text
            assert "{{" not in text
            assert "{%" not in text
        assert f'lang="{language}"' in html
        assert "<script" not in html
        assert not re.search(r'(src|background)="', html)


def test_a_mail_repeated_after_a_crash_is_one_mail_to_the_reader(mailoutbox):
    case = make_case()
    drain()
    mailoutbox.clear()
    one = outbox.enqueue("mail.message", key="one", payload={"case": str(case.pk)})
    drain()
    # The process died between the mail server's answer and the mark.
    Effect.objects.filter(pk=one.pk).update(state=Effect.State.PENDING, sent_at=None)
    let_pass(timedelta(minutes=1))
    drain()
    other = outbox.enqueue("mail.message", key="other", payload={"case": str(case.pk)})
    drain()

    ids = [mail.extra_headers["Message-ID"] for mail in mailoutbox]
    assert ids[0] == ids[1] == f"<{one.pk}@testserver>"
    assert ids[2] == f"<{other.pk}@testserver>"


def test_whatever_may_be_enqueued_has_a_handler():
    kinds = {effect for move in MOVES.values() for effect in move.effects}
    kinds |= {*EFFECTS, *(f"mail.{notice}" for notice in WAITING)}
    kinds |= {"identity.remind", "routing.notify_team"}

    assert kinds <= set(handlers._handlers)
    for kind in kinds:
        if kind.startswith("mail."):
            assert (TEMPLATES / kind.removeprefix("mail.")).is_dir()


def test_who_acts_for_another_gets_the_mail(mailoutbox):
    case = file(
        ERIKA,
        requester_role="agent",
        requester_name="Nadia",
        authority="Mandate.",
        email="nadia@chambers.example",
    ).case
    drain()

    assert requester_of(case).name == "Nadia"
    assert {address for mail in mailoutbox for address in mail.to} == {"nadia@chambers.example"}


def test_who_left_no_address_gets_no_mail_and_is_acknowledged_in_the_portal(mailoutbox):
    case = file(WANG, email="").case
    drain()

    assert mailoutbox == []
    event = events_of_case(case.pseudonym).get(name="acknowledgement.sent")
    assert event.facts["by"] == "portal"


class TestTheLimit:
    ADDRESS = "somebody@mail.example"

    @pytest.fixture(autouse=True)
    def three_a_day(self, settings):
        settings.MAILS_PER_ADDRESS_PER_DAY = 3

    def test_an_address_gets_so_many_mails_a_day(self):
        assert [take_mail_quota(self.ADDRESS, confirmed=True) for _ in range(5)] == [True] * 3 + [
            False
        ] * 2
        assert take_mail_quota("another@mail.example", confirmed=True)

    def test_another_spelling_is_the_same_address(self):
        for spelling in (self.ADDRESS, f" {self.ADDRESS}", self.ADDRESS.upper()):
            assert take_mail_quota(spelling, confirmed=True)
        assert not take_mail_quota(self.ADDRESS, confirmed=True)

    def test_it_holds_over_all_cases(self, mailoutbox):
        for _ in range(5):
            file(WANG, email=self.ADDRESS)
        drain()

        assert len(mailoutbox) == 3
        # Only the link that confirms an address comes later; without it nobody could go on.
        waiting = Effect.objects.exclude(state=Effect.State.DONE)
        assert {(effect.kind, effect.state) for effect in waiting} <= {
            ("mail.confirm_contact", Effect.State.PENDING)
        }

    def test_over_the_limit_a_confirmed_contact_gets_the_mail_tomorrow(self, mailoutbox):
        case = make_case(State.TRIAGE, WANG, email=self.ADDRESS)
        drain()
        Case.objects.update(assurance=Assurance.CONTACT)
        MailTally.objects.update(count=3)
        mailoutbox.clear()

        correspondence.write_to_person(case, INTAKE, "A word.")
        drain()

        waiting = Effect.objects.get(kind="mail.message")
        assert (waiting.state, waiting.attempts) == (Effect.State.PENDING, 0)
        assert waiting.due_at == next_quota_reset()
        assert not mailoutbox

    def test_the_next_day_counts_anew(self):
        for _ in range(3):
            take_mail_quota(self.ADDRESS, confirmed=True)
        MailTally.objects.update(day=timezone.now().date() - timedelta(days=1))

        assert take_mail_quota(self.ADDRESS, confirmed=True)

    def test_the_address_is_not_stored(self):
        take_mail_quota(self.ADDRESS, confirmed=True)

        assert self.ADDRESS.encode() not in bytes(MailTally.objects.get().address_digest)

    def test_tallies_of_days_that_are_over_are_forgotten(self):
        take_mail_quota(self.ADDRESS, confirmed=True)

        assert purge_tallies() == 0
        assert purge_tallies(timezone.now() + timedelta(days=2)) == 1
        assert not MailTally.objects.exists()


def test_an_erased_case_gets_no_mail(mailoutbox):
    case = make_case(State.CLOSED, ERIKA)
    drain()
    mailoutbox.clear()
    Case.objects.filter(pk=case.pk).update(erased_at=timezone.now())
    outbox.enqueue("mail.message", key="late", payload={"case": str(case.pk)})

    drain()

    assert mailoutbox == []
