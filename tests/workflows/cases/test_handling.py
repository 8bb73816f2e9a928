"""Identity, merging, abuse, views: moves of staff that need a reason or a second look."""

import pytest

from tests.factories import APPROVER, ERIKA, INTAKE, OFFICER, REVIEWER, file, make_case
from workflows.accounts.actors import Actor
from workflows.cases import staff_actions
from workflows.cases.errors import MoveRefused
from workflows.cases.filing_request import FiledItem
from workflows.cases.lifecycle import Action, State
from workflows.cases.models import Clock, EventContent
from workflows.cases.timeline import public_timeline
from workflows.cases.transition import advance
from workflows.common.errors import InvalidInput
from workflows.ledger.models import Event
from workflows.vocabulary.people import Assurance
from workflows.vocabulary.roles import Role

pytestmark = pytest.mark.django_db


class TestIdentity:
    @pytest.mark.parametrize("level", sorted(set(Assurance) - {Assurance.NONE}))
    def test_a_proof_is_accepted_at_a_level(self, level):
        case = make_case(State.IDENTITY_NEEDED)
        staff_actions.accept_identity(case, INTAKE, level, "Two data points.")

        case.refresh_from_db()
        assert (case.state, case.assurance) == (State.TRIAGE, level)
        event = Event.objects.get(name="identity.proved")
        assert event.facts["assurance"] == level
        assert b"data points" not in bytes(event.leaf)

    @pytest.mark.parametrize(
        ("level", "grounds"), [("none", "Seen."), ("sure", "Seen."), ("document", " ")]
    )
    def test_level_and_grounds_are_needed(self, level, grounds):
        case = make_case(State.IDENTITY_NEEDED)

        with pytest.raises(InvalidInput):
            staff_actions.accept_identity(case, INTAKE, level, grounds)
        case.refresh_from_db()
        assert (case.state, case.assurance) == (State.IDENTITY_NEEDED, Assurance.NONE)

    def test_without_proof_the_case_goes_on_at_the_level_it_had(self):
        case = make_case(State.IDENTITY_NEEDED, ERIKA, residence="GB-ENG")
        assert case.clocks.filter(state=Clock.State.PAUSED).exists()
        staff_actions.reject_identity(case, INTAKE, "No answer.")

        assert (case.state, case.assurance) == (State.TRIAGE, Assurance.NONE)
        assert not case.clocks.filter(state=Clock.State.PAUSED).exists()

    def test_who_may_not_accept_changes_nothing(self):
        case = make_case(State.IDENTITY_NEEDED)

        with pytest.raises(MoveRefused):
            staff_actions.accept_identity(case, APPROVER, Assurance.DOCUMENT, "Seen.")
        case.refresh_from_db()
        assert case.assurance == Assurance.NONE


class TestInformation:
    def test_going_on_without_an_answer_nobody_reads_of_one(self):
        copy = (FiledItem("copy"),)
        case = make_case(State.INFORMATION_NEEDED, ERIKA, residence="GB-ENG", items=copy)
        assert case.clocks.filter(state=Clock.State.PAUSED).exists()

        staff_actions.go_on_without_information(case, INTAKE, "No answer came in a month.")

        assert case.state == State.IN_REVIEW
        assert not case.clocks.filter(state=Clock.State.PAUSED).exists()
        told = [step.sentence for step in public_timeline(case)]
        assert told[-1] == "We go on without an answer to our question."
        assert "You answered our question." not in told
        event = Event.objects.get(name="information.not_given")
        assert EventContent.objects.get(event=event.uid).opening["content"].startswith("No answer")
        assert not Event.objects.filter(name="information.given").exists()

    def test_grounds_are_needed(self):
        case = make_case(State.INFORMATION_NEEDED)

        with pytest.raises(InvalidInput):
            staff_actions.go_on_without_information(case, INTAKE, " ")
        assert case.state == State.INFORMATION_NEEDED


class TestAbuse:
    def test_a_report_stays_among_staff(self):
        case = make_case(State.TRIAGE)
        staff_actions.report_abuse(case, INTAKE, "The same text a thousand times.")

        assert not case.messages.exists()
        assert case.abuse_reported_by == INTAKE.pseudonym
        event = Event.objects.get(name="abuse.reported")
        assert EventContent.objects.get(event=event.uid).opening["content"].startswith("The same")

    def test_a_report_needs_reasons(self):
        with pytest.raises(InvalidInput):
            staff_actions.report_abuse(make_case(State.TRIAGE), OFFICER, " ")

    def test_what_was_reported_can_still_be_handled(self):
        case = make_case(State.TRIAGE)
        staff_actions.report_abuse(case, INTAKE, "Odd.")
        advance(case, Action.BEGIN_REVIEW, REVIEWER)

        assert case.state == State.IN_REVIEW


class TestViews:
    @pytest.mark.parametrize("role", [Role.INTAKE, Role.REGULATOR, Role.PRIVACY_OFFICER])
    def test_each_look_is_an_event(self, role):
        case = file().case
        staff_actions.log_case_view(case, Actor(frozenset({role}), "staff-x"), what="case")
        staff_actions.log_case_view(case, Actor(frozenset({role}), "staff-x"), what="case")

        events = Event.objects.filter(case=case.pseudonym, name="case.viewed").order_by("pk")
        assert [(event.role, event.actor, event.facts) for event in events] == [
            (role, "staff-x", {"what": "case"})
        ] * 2
