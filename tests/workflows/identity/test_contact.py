"""Confirming a contact: a link that a mail scanner may open, and that works once for its case."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from tests.factories import ERIKA, INTAKE, file, make_case
from tests.threads import at_once
from workflows.accounts.actors import PUBLIC
from workflows.cases.lifecycle import Action, State
from workflows.cases.models import Case
from workflows.cases.transition import advance
from workflows.identity.contact import (
    EXPIRE_AFTER,
    REMIND_AFTER,
    VALID_FOR,
    InvalidChallenge,
    ask_for_link,
    confirm_contact,
    find_challenge,
    note_sent,
    open_challenge,
    sweep_unconfirmed,
)
from workflows.identity.models import ContactChallenge
from workflows.ledger.models import Event
from workflows.outbox.models import Effect
from workflows.vocabulary.people import Assurance

pytestmark = pytest.mark.django_db


def test_to_open_the_link_changes_nothing_however_often():
    case = make_case()
    token = open_challenge(case, uuid4())
    events = Event.objects.count()

    for _scanner in range(3):
        assert find_challenge(token).case == case

    case.refresh_from_db()
    assert (case.state, case.assurance) == (State.FILED, Assurance.NONE)
    assert Event.objects.count() == events


def test_the_button_confirms_and_works_once():
    case = make_case()
    token = open_challenge(case, uuid4())

    assert confirm_contact(token) == case

    case.refresh_from_db()
    assert (case.state, case.assurance) == (State.RECEIVED, Assurance.CONTACT)
    for again in (find_challenge, confirm_contact):
        with pytest.raises(InvalidChallenge):
            again(token)
    assert Event.objects.filter(name="contact.confirmed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_pressed_twice_at_once_it_confirms_once():
    case = make_case()
    token = open_challenge(case, uuid4())

    results = at_once(lambda: confirm_contact(token), lambda: confirm_contact(token))

    assert sorted(isinstance(result, InvalidChallenge) for result in results) == [False, True]
    assert Event.objects.filter(name="contact.confirmed").count() == 1


def test_a_link_opens_its_own_case_only():
    mine, other = make_case(), make_case()
    token = open_challenge(mine, uuid4())
    open_challenge(other, uuid4())

    confirm_contact(token)

    other.refresh_from_db()
    assert other.state == State.FILED


def test_a_newer_link_ends_the_older():
    case = make_case()
    first, second = uuid4(), uuid4()
    older = open_challenge(case, first)
    note_sent(case, first)
    # As long as the newer one is not on its way, the older one is all that the person has.
    newer = open_challenge(case, second)
    assert find_challenge(older).case == case
    note_sent(case, second)

    with pytest.raises(InvalidChallenge):
        find_challenge(older)
    assert find_challenge(newer).case == case


def test_it_ends_after_its_days():
    token = open_challenge(make_case(), uuid4())
    ContactChallenge.objects.update(expires_at=timezone.now())

    with pytest.raises(InvalidChallenge):
        confirm_contact(token)
    assert timedelta(days=7) == VALID_FOR


@pytest.mark.parametrize("token", ["", "x", "王", "\x00", "a" * 5_000])
def test_an_invented_token_is_no_link(token):
    with pytest.raises(InvalidChallenge):
        confirm_contact(token)


def test_the_secret_is_not_stored():
    token = open_challenge(make_case(), uuid4())

    stored = ContactChallenge.objects.get()
    assert len(token) >= 43
    assert token.encode() not in bytes(stored.token_digest)


def test_a_case_that_staff_have_taken_up_keeps_its_state():
    case = make_case()
    token = open_challenge(case, uuid4())
    advance(case, Action.BEGIN_TRIAGE, INTAKE)

    confirm_contact(token)

    case.refresh_from_db()
    assert (case.state, case.assurance) == (State.TRIAGE, Assurance.CONTACT)
    assert Event.objects.filter(case=case.pseudonym, name="contact.confirmed").count() == 1


def test_a_stronger_assurance_is_not_lowered():
    case = make_case(State.TRIAGE)
    token = open_challenge(case, uuid4())
    Case.objects.update(assurance=Assurance.DOCUMENT)

    assert confirm_contact(token).assurance == Assurance.DOCUMENT


def make_linked() -> Case:
    """File a request and mail its link."""
    case = make_case()
    mail_link(case)
    return case


def mail_link(case: Case) -> None:
    effect_id = uuid4()
    open_challenge(case, effect_id)
    note_sent(case, effect_id)


class TestTheSweep:
    def at(self, age: timedelta):
        return timezone.now() + age

    def test_it_leaves_a_young_case_alone(self):
        make_case()

        assert sweep_unconfirmed(self.at(REMIND_AFTER - timedelta(hours=1))) == (0, 0)

    def test_a_letter_that_is_entered_late_does_not_expire_before_its_link_was_there(self):
        case = file(ERIKA, at=timezone.now() - EXPIRE_AFTER * 3).case
        assert sweep_unconfirmed() == (0, 0)

        mail_link(case)
        assert sweep_unconfirmed(self.at(EXPIRE_AFTER - timedelta(hours=1)))[1] == 0

    def test_who_was_sent_no_link_is_never_let_go(self):
        file(ERIKA)
        # Composed, and the mail server never took it.
        open_challenge(file(ERIKA).case, uuid4())

        assert sweep_unconfirmed(self.at(EXPIRE_AFTER * 5)) == (0, 0)

    def test_another_link_is_asked_for_once_a_day(self):
        case = file(ERIKA).case

        assert ask_for_link(case)
        assert ask_for_link(case)

        asked = Effect.objects.filter(key__startswith="identity.confirm_contact.asked")
        assert asked.count() == 1

    def test_it_sends_a_second_link_once(self):
        case = make_linked()

        for _again in range(3):
            sweep_unconfirmed(self.at(REMIND_AFTER + timedelta(hours=1)))

        effects = Effect.objects.filter(kind="identity.confirm_contact", payload__case=str(case.pk))
        assert effects.count() == 2

    def test_a_second_link_that_is_on_its_way_costs_nothing_more(self):
        make_linked()
        later = self.at(REMIND_AFTER + timedelta(hours=1))

        assert sweep_unconfirmed(later) == (1, 0)
        assert sweep_unconfirmed(later) == (0, 0)

    def test_it_lets_go_of_what_never_was_confirmed(self):
        case = make_linked()

        assert sweep_unconfirmed(self.at(EXPIRE_AFTER + timedelta(hours=1))) == (0, 1)
        case.refresh_from_db()
        assert case.state == State.EXPIRED

    def test_it_leaves_what_was_confirmed_or_taken_up_or_has_no_contact(self):
        advance(make_case(), Action.CONFIRM_CONTACT, PUBLIC)
        advance(make_case(), Action.BEGIN_TRIAGE, INTAKE)
        file(email="")

        assert sweep_unconfirmed(self.at(EXPIRE_AFTER * 2)) == (0, 0)

    @pytest.mark.django_db(transaction=True)
    def test_two_sweeps_at_once_let_go_once(self):
        case = make_linked()
        later = self.at(EXPIRE_AFTER * 2)

        at_once(lambda: sweep_unconfirmed(later), lambda: sweep_unconfirmed(later))

        assert Event.objects.filter(case=case.pseudonym, name="case.expired").count() == 1
