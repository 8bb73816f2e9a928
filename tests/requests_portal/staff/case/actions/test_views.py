"""The page of each action, walked over HTTP: form, service, what was done, what was refused."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import translation
from django.utils.formats import date_format

from tests.factories import (
    ERIKA,
    INTAKE,
    fee_overdue,
    granted,
    in_review_with_proof,
    make_case,
    provider,
)
from tests.personas import PASSWORD, make_staff
from tests.requests_portal.staff.addresses import action_url, case_url, hidden_fields
from workflows.accounts.actors import SYSTEM
from workflows.cases import correspondence
from workflows.cases.filing_request import FiledItem
from workflows.cases.lifecycle import Action, State
from workflows.cases.models import Message
from workflows.cases.transition import advance
from workflows.corrections.instructions import issue_instructions
from workflows.ledger.models import Event
from workflows.notices import moves
from workflows.outbox.models import Effect
from workflows.routing.models import Team

pytestmark = pytest.mark.django_db


def last_event(case) -> Event:
    steps = (
        Event.objects.filter(case=case.pseudonym)
        .order_by("pk")
        .exclude(name__in=("case.viewed", "notice.sent"))
    )
    return steps.order_by("step").last()


def items_of(*kinds: str) -> tuple[FiledItem, ...]:
    return tuple(FiledItem(kind) for kind in kinds)


TEXT = {"text": "我们需要知道您指的是哪一个账号。"}
# State, role, action, what is typed, the event that follows, the state that follows.
WALKS = [
    (State.RECEIVED, "intake", "begin_triage", {}, "triage.begun", State.TRIAGE),
    (State.FILED, "intake", "begin_triage", {}, "triage.begun", State.TRIAGE),
    (State.TRIAGE, "intake", "ask_identity", TEXT, "identity.asked", State.IDENTITY_NEEDED),
    (
        State.IDENTITY_NEEDED,
        "intake",
        "accept_identity",
        {"assurance": "document", "text": "A document was compared."},
        "identity.proved",
        State.TRIAGE,
    ),
    (State.IDENTITY_NEEDED, "intake", "reject_identity", TEXT, "identity.not_proved", State.TRIAGE),
    (
        State.TRIAGE,
        "reviewer",
        "ask_information",
        TEXT,
        "information.asked",
        State.INFORMATION_NEEDED,
    ),
    (State.INFORMATION_NEEDED, "intake", "give_information", {}, "information.given", "in_review"),
    (
        State.INFORMATION_NEEDED,
        "intake",
        "go_on_without_information",
        TEXT,
        "information.not_given",
        State.IN_REVIEW,
    ),
    (
        State.FEE_NEEDED,
        "intake",
        "confirm_fee_paid",
        {"text": "A transfer arrived."},
        "fee.paid",
        State.IN_REVIEW,
    ),
    (State.FEE_NEEDED, "reviewer", "waive_fee", TEXT, "fee.waived", State.IN_REVIEW),
    (State.TRIAGE, "reviewer", "begin_review", {}, "review.begun", State.IN_REVIEW),
    (
        State.IN_REVIEW,
        "reviewer",
        "record_finding",
        {"text": "Two records.", "training_snapshot": "found", "model": "not_searched"},
        "finding.recorded",
        State.IN_REVIEW,
    ),
    (
        State.IN_REVIEW,
        "reviewer",
        "propose_decision",
        {"outcome_1": "refused", "ground_1": "not_proved", "reasons_1": "It is right."},
        "decision.proposed",
        State.DECISION_PROPOSED,
    ),
    (State.DECISION_PROPOSED, "approver", "approve", {}, "decision.approved", State.EXECUTING),
    (State.DECISION_PROPOSED, "approver", "send_back", TEXT, "decision.sent_back", "in_review"),
    (State.EXECUTING, "approver", "answer", {}, "answer.sent", State.ANSWERED),
    (State.ANSWERED, "reviewer", "close", {}, "case.closed", State.CLOSED),
    (State.CONTESTED, "reviewer", "reopen", {}, "review.reopened", State.IN_REVIEW),
    (State.TRIAGE, "intake", "write_to_person", TEXT, "message.sent", State.TRIAGE),
    (State.TRIAGE, "data_steward", "note", TEXT, "note.written", State.TRIAGE),
    (State.TRIAGE, "intake", "report_abuse", TEXT, "abuse.reported", State.TRIAGE),
    (
        State.CLOSED,
        "privacy_officer",
        "request_erasure",
        {"ground": "retention_over"},
        "erasure.requested",
        State.CLOSED,
    ),
]


@pytest.mark.parametrize("step", WALKS, ids=[step[2] for step in WALKS])
def test_a_page_takes_its_action(sign_in, send, step) -> None:
    state, role, slug, typed, event, reached = step
    case = make_case(state)
    client = sign_in(make_staff("someone", role), fresh=True)
    answer = send(client, action_url(case, slug), typed)
    assert answer.headers["Location"] == case_url(case)
    case.refresh_from_db()
    assert case.state == reached
    assert last_event(case).name == event
    assert "bg-green" in client.get(case_url(case)).content.decode()


class TestSingleActions:
    def test_assigning_names_team_and_member(self, sign_in, send, intake, reviewer) -> None:
        team = Team.objects.create(name="Team")
        team.members.add(reviewer)
        case = make_case(State.TRIAGE)
        send(
            sign_in(intake),
            action_url(case, "assign"),
            {"team": team.pk, "assignee": reviewer.pk},
        )
        assert (case.assignment.team, case.assignment.assignee) == (team, reviewer)

    def test_a_member_of_another_team_is_refused(self, sign_in, send, intake, reviewer) -> None:
        team, other = Team.objects.create(name="Team"), Team.objects.create(name="Other")
        other.members.add(reviewer)
        answer = send(
            sign_in(intake),
            action_url(make_case(State.TRIAGE), "assign"),
            {"team": team.pk, "assignee": reviewer.pk},
        )
        assert "Choose a member of the team." in answer.content.decode()

    def test_a_fee_is_asked_in_the_currency_of_the_law(self, sign_in, send, reviewer) -> None:
        case = make_case(State.TRIAGE, ERIKA, residence="GB-ENG")
        client = sign_in(reviewer)
        page = client.get(action_url(case, "ask_fee")).content.decode()
        assert 'value="GBP"' in page
        assert "manifestly unfounded or excessive" in page
        send(
            client,
            action_url(case, "ask_fee"),
            {"amount": "15.00", "currency": "gbp", "text": "Again."},
        )
        case.refresh_from_db()
        assert case.state == State.FEE_NEEDED
        assert "15.00 GBP" in case.messages.get().body

    def test_a_fee_that_never_came_ends_the_case_by_somebody_elses_hand(
        self, sign_in, send, reviewer
    ) -> None:
        case = make_case(State.FEE_NEEDED, ERIKA)
        client = sign_in(reviewer)
        shown = client.get(case_url(case)).content.decode()
        assert "The time that the person has to pay is not over yet." in shown
        fee_overdue(case)
        send(client, action_url(case, "end_unpaid"), {"text": "Nothing arrived."})
        case.refresh_from_db()
        assert case.state == State.EXPIRED
        assert last_event(case).name == "case.ended_unpaid"

    def test_a_case_goes_on_without_what_was_not_paid(self, sign_in, send, reviewer) -> None:
        case = fee_overdue(make_case(State.FEE_NEEDED, ERIKA))
        send(sign_in(reviewer), action_url(case, "go_on_unpaid"), {"text": "Nothing arrived."})
        case.refresh_from_db()
        assert case.state == State.IN_REVIEW
        assert last_event(case).name == "fee.not_paid"

    def test_going_on_without_proof_tells_the_day_that_then_counts(self, sign_in, intake) -> None:
        case = make_case(
            State.TRIAGE, ERIKA, residence="GB-ENG", at=datetime(2026, 3, 2, tzinfo=UTC)
        )
        moves.ask_identity(case, INTAKE, "Please show who you are.")
        page = sign_in(intake).get(action_url(case, "reject_identity")).content.decode()
        assert "as if this had not been asked for; the last day is 2 April 2026." in page

    def test_no_fee_is_offered_where_the_law_allows_none(self, sign_in, reviewer) -> None:
        case = make_case(State.TRIAGE)
        page = sign_in(reviewer).get(case_url(case)).content.decode()
        assert "The law of this case allows no fee for what is asked." in page

    def test_a_finding_is_recorded_for_the_item_that_was_chosen(
        self, sign_in, send, reviewer
    ) -> None:
        case = make_case(State.IN_REVIEW, residence="DE", items=items_of("copy", "delete"))
        send(
            sign_in(reviewer),
            f"{action_url(case, 'record_finding')}?item=2",
            {"text": "Three posts.", "raw_collection": "found"},
        )
        first, second = case.items.all()
        assert (first.finding, second.finding) == ("", "Three posts.")
        assert second.scopes == {"raw_collection": "found"}

    def test_a_refusal_needs_a_ground_and_what_was_typed_stays(
        self, sign_in, send, reviewer
    ) -> None:
        case = in_review_with_proof()
        typed = {"outcome_1": "refused", "reasons_1": "Because <b>so</b>."}
        answer = send(sign_in(reviewer), action_url(case, "propose_decision"), typed)
        page = answer.content.decode()
        assert "Choose a ground that Mainland China has for this item and this outcome." in page
        assert "Because &lt;b&gt;so&lt;/b&gt;." in page
        assert '<option value="refused" selected>' in page
        case.refresh_from_db()
        assert case.state == State.IN_REVIEW

    def test_a_ground_is_offered_with_its_source(self, sign_in, reviewer) -> None:
        page = sign_in(reviewer).get(action_url(in_review_with_proof(), "propose_decision"))
        assert "PIPL" in page.content.decode()

    def test_a_ground_is_kept_with_the_refusal(self, sign_in, send, reviewer) -> None:
        case = in_review_with_proof()
        ground = case.lead_regime.grounds_for("correct")[0].code
        typed = {"outcome_1": "refused", "ground_1": ground, "reasons_1": "Facts."}
        send(sign_in(reviewer), action_url(case, "propose_decision"), typed)
        assert case.items.get().ground == ground

    def test_the_answer_is_read_before_it_is_sent(self, sign_in, approver) -> None:
        case = make_case(State.EXECUTING)
        page = sign_in(approver).get(action_url(case, "answer")).content.decode()
        assert "Because of the facts of this case." in page
        assert case.number in page

    def test_a_receipt_is_entered_for_an_instruction(self, sign_in, send, data_steward) -> None:
        case = granted()
        [instruction] = issue_instructions(case)
        send(
            sign_in(data_steward),
            action_url(case, "record_execution"),
            {"instruction": str(instruction.pk), "receipt": "Snapshot 2026-11, row searched."},
        )
        instruction.refresh_from_db()
        assert instruction.receipt == "Snapshot 2026-11, row searched."
        assert case.items.get().executed

    def test_the_answer_waits_for_the_receipt(self, sign_in, approver) -> None:
        case = granted()
        client = sign_in(approver)
        answer = client.get(action_url(case, "answer"), follow=True)
        assert "has not been carried out yet" in answer.content.decode()

    def test_an_extension_tells_its_new_date_first(self, sign_in, send, approver) -> None:
        case = make_case(State.IN_REVIEW, residence="DE")
        client = sign_in(approver)
        assert (
            "The last day would then be" in client.get(action_url(case, "extend")).content.decode()
        )
        before = case.due_on
        send(client, action_url(case, "extend"), {"text": "The request is complex."})
        case.refresh_from_db()
        assert case.due_on > before
        answer = client.get(action_url(case, "extend"), follow=True)
        assert "The law of this case allows no extension" in answer.content.decode()

    def test_a_duplicate_is_merged_by_the_number_as_people_type_it(
        self, sign_in, send, intake
    ) -> None:
        other = make_case(State.TRIAGE, at=datetime(2026, 11, 2, 9, tzinfo=UTC))
        case = make_case(State.TRIAGE, at=datetime(2026, 11, 4, 9, tzinfo=UTC))
        client = sign_in(intake)
        shown = client.get(action_url(case, "merge")).content.decode()
        assert other.number in shown
        for one in (case, other):
            with translation.override("en"):
                assert f"last day {date_format(one.due_on)}" in shown
        answer = send(client, action_url(case, "merge"), {"number": "2026-XXXX-XXXX"})
        assert "No case has this number." in answer.content.decode()
        send(client, action_url(case, "merge"), {"number": other.number.lower()})
        case.refresh_from_db()
        assert case.merged_into == other

    def test_an_earlier_case_is_not_merged_into_a_later_one(self, sign_in, send, intake) -> None:
        case, later = make_case(State.TRIAGE), make_case(State.TRIAGE)
        answer = send(sign_in(intake), action_url(case, "merge"), {"number": later.number})
        assert "Merge the later case into the earlier" in answer.content.decode()
        case.refresh_from_db()
        assert case.state == State.TRIAGE

    def test_abuse_is_rejected_by_another_than_who_reported_it(
        self, sign_in, send, intake, approver
    ) -> None:
        case = make_case(State.TRIAGE)
        send(sign_in(intake), action_url(case, "report_abuse"), {"text": "A script."})
        client, typed = sign_in(approver), {"text": "A script.", "ground": "bad_faith"}
        page = client.get(action_url(case, "reject_as_abuse")).content.decode()
        assert "acts in bad faith" in page
        assert 'value="confidentiality"' not in page
        send(client, action_url(case, "reject_as_abuse"), typed)
        case.refresh_from_db()
        assert case.state == State.REJECTED_AS_ABUSE
        assert last_event(case).facts["ground"] == "bad_faith"

    def test_abuse_is_not_rejected_without_the_ground_that_the_law_has_for_it(
        self, sign_in, send, intake, approver
    ) -> None:
        case = make_case(State.TRIAGE)
        send(sign_in(intake), action_url(case, "report_abuse"), {"text": "A script."})
        answer = send(
            sign_in(approver), action_url(case, "reject_as_abuse"), {"text": "A <b>script</b>."}
        )
        assert "A &lt;b&gt;script&lt;/b&gt;." in answer.content.decode()
        case.refresh_from_db()
        assert case.state == State.TRIAGE

    def test_an_officer_cannot_reject_what_they_reported(
        self, sign_in, send, privacy_officer
    ) -> None:
        case = make_case(State.TRIAGE)
        client = sign_in(privacy_officer)
        send(client, action_url(case, "report_abuse"), {"text": "A script."})
        page = client.get(case_url(case)).content.decode()
        assert "You reported the abuse; somebody else has to decide on it." in page

    def test_a_note_stays_among_staff(self, sign_in, send, intake) -> None:
        case = make_case(State.TRIAGE)
        client = sign_in(intake)
        send(client, action_url(case, "note"), {"text": "Call the forum team."})
        assert case.messages.get().kind == Message.Kind.NOTE
        assert "Call the forum team." in client.get(case_url(case)).content.decode()


class TestFourEyes:
    def test_nobody_approves_a_proposal_of_their_own(self, sign_in, send) -> None:
        both = make_staff("both", "reviewer", "approver")
        case = in_review_with_proof()
        client = sign_in(both)
        typed = {"outcome_1": "not_held", "reasons_1": "Nothing is held."}
        send(client, action_url(case, "propose_decision"), typed)
        answer = client.get(action_url(case, "approve"), follow=True)
        assert "You proposed this decision" in answer.content.decode()

    def test_not_even_with_a_form_made_by_hand(self, sign_in, send) -> None:
        both = make_staff("both", "reviewer", "approver")
        case = in_review_with_proof()
        client = sign_in(both)
        typed = {"outcome_1": "not_held", "reasons_1": "Nothing is held."}
        send(client, action_url(case, "propose_decision"), typed)
        answer = client.post(
            action_url(case, "approve"),
            {"csrfmiddlewaretoken": client.cookies["csrf"].value, "seen": last_event(case).uid},
        )
        assert "You proposed this decision" in answer.content.decode()
        case.refresh_from_db()
        assert case.state == State.DECISION_PROPOSED

    def test_a_role_that_never_may_is_forbidden(self, sign_in, intake) -> None:
        case = make_case(State.DECISION_PROPOSED)
        assert sign_in(intake).get(action_url(case, "approve")).status_code == 403

    def test_erasure_takes_two_officers_and_the_number(
        self, sign_in, send, privacy_officer, other_privacy_officer
    ) -> None:
        case = make_case(State.CLOSED)
        first = sign_in(privacy_officer, fresh=True)
        second = sign_in(other_privacy_officer, fresh=True)
        send(
            first,
            action_url(case, "request_erasure"),
            {"ground": "retention_over", "text": "Three years, as agreed."},
        )
        own = first.get(action_url(case, "erase"), follow=True)
        assert "You requested the erasure" in own.content.decode()
        wrong = send(second, action_url(case, "erase"), {"number": "2026-0000-0000"})
        assert "This is not the number of the case." in wrong.content.decode()
        send(second, action_url(case, "erase"), {"number": case.number})
        case.refresh_from_db()
        assert case.erased_at is not None
        page = second.get(case_url(case)).content.decode()
        assert "王小明" not in page
        assert "The personal data of this case were erased on" in page
        assert second.get(action_url(case, "note")).headers["Location"] == case_url(case)


class TestFreshSignIn:
    @pytest.mark.parametrize("slug", ["request_erasure", "erase"])
    def test_is_asked_for_before_anything_is_erased(self, sign_in, privacy_officer, slug) -> None:
        case = make_case(State.CLOSED)
        client = sign_in(privacy_officer)
        asked = client.get(action_url(case, slug))
        assert asked.headers["Location"].startswith("/accounts/reauthenticate/?next=")
        answer = client.post(action_url(case, slug), csrf(client, {"text": "x", "number": "x"}))
        assert answer.headers["Location"].startswith("/accounts/reauthenticate/?next=")
        assert "text" not in str(dict(client.session))

    def test_leads_back_once_given(self, sign_in, privacy_officer) -> None:
        case = make_case(State.CLOSED)
        client = sign_in(privacy_officer)
        path = action_url(case, "request_erasure")
        client.get(path, follow=True)
        answer = client.post(
            f"/accounts/reauthenticate/?next={path}",
            csrf(client, {"password": PASSWORD, "next": path}),
        )
        assert answer.headers["Location"] == path
        assert client.get(path).status_code == 200


def csrf(client: Client, data: dict[str, str]) -> dict[str, str]:
    client.get("/accounts/2fa/")
    return {**data, "csrfmiddlewaretoken": client.cookies["csrf"].value}


class TestRacing:
    def test_who_comes_second_is_told_what_happened_and_loses_nothing(
        self, sign_in, send, reviewer
    ) -> None:
        case = in_review_with_proof()
        client = sign_in(reviewer)
        path = action_url(case, "record_finding")
        mine = hidden_fields(client.get(path).content.decode())
        other = make_staff("rosa", "reviewer")
        other.first_name, other.last_name = "Rosa", "Ruiz"
        other.save()
        send(sign_in(other), path, {"text": "Hers."})
        answer = client.post(path, {**mine, "text": "Mine, quite long."})
        page = answer.content.decode()
        assert "Rosa Ruiz: A finding was recorded." in page
        assert "Mine, quite long." in page
        assert case.items.get().finding == "Hers."
        client.post(path, {**hidden_fields(page), "text": "Mine, quite long."})
        assert case.items.get().finding == "Mine, quite long."

    def test_a_state_that_moved_on_meanwhile_is_refused_with_a_sentence(
        self, sign_in, approver
    ) -> None:
        case = make_case(State.DECISION_PROPOSED)
        client = sign_in(approver)
        mine = hidden_fields(client.get(action_url(case, "approve")).content.decode())
        correspondence.withdraw(case)
        answer = client.post(action_url(case, "approve"), mine)
        assert "The case was changed while your form was open" in answer.content.decode()
        case.refresh_from_db()
        assert case.state == State.WITHDRAWN

    def test_a_message_of_the_person_overtakes_no_form(self, sign_in, approver) -> None:
        case = make_case(State.DECISION_PROPOSED)
        client = sign_in(approver)
        mine = hidden_fields(client.get(action_url(case, "approve")).content.decode())
        correspondence.write_to_provider(case, "How far are you?")
        client.post(action_url(case, "approve"), mine)
        case.refresh_from_db()
        assert case.state == State.EXECUTING

    def test_a_reminder_of_the_system_disturbs_nobody(self, sign_in, send, intake) -> None:
        case = make_case(State.TRIAGE)
        client = sign_in(intake)
        path = action_url(case, "write_to_person")
        mine = hidden_fields(client.get(path).content.decode())
        advance(case, Action.REMIND, SYSTEM, facts={"percent": 50})
        assert client.post(path, {**mine, "text": "Hello."}).status_code == 302


class TestSafety:
    def test_a_form_needs_a_csrf_token(self, sign_in, intake) -> None:
        case = make_case(State.RECEIVED)
        client = sign_in(intake)
        assert client.post(action_url(case, "begin_triage")).status_code == 403
        case.refresh_from_db()
        assert case.state == State.RECEIVED

    def test_looking_changes_nothing(self, sign_in, intake) -> None:
        case = make_case(State.RECEIVED)
        sign_in(intake).get(action_url(case, "begin_triage"))
        case.refresh_from_db()
        assert case.state == State.RECEIVED

    def test_each_opened_form_is_a_step_in_the_log_once(self, sign_in, send, intake) -> None:
        case = make_case(State.TRIAGE)
        send(sign_in(intake), action_url(case, "write_to_person"), {"text": "Hello."})
        views = Event.objects.filter(case=case.pseudonym, name="case.viewed").order_by("pk")
        assert [event.facts for event in views] == [{"what": "write_to_person"}]

    @pytest.mark.parametrize("slug", ["confirm_contact", "withdraw", "mark_late", "no-such"])
    def test_there_is_no_page_for_what_is_not_staffs_to_do(self, sign_in, intake, slug) -> None:
        assert sign_in(intake).get(action_url(make_case(), slug)).status_code == 404

    def test_no_case_no_page(self, sign_in, intake) -> None:
        client = sign_in(intake)
        for path in ("/staff/cases/case/x/do/note/", f"/staff/cases/case/{'0' * 32}/do/note/"):
            assert client.get(path).status_code == 404


def test_what_was_asked_reaches_the_person_and_not_the_mail(sign_in, send, intake) -> None:
    case = make_case(State.TRIAGE)
    typed = {"text": "Show us a letter.", "accepted": "The envelope is enough."}
    send(sign_in(intake), action_url(case, "ask_identity"), typed)
    message = case.messages.get()
    assert "The envelope is enough." in message.body
    assert message.kind == Message.Kind.IDENTITY_REQUEST
    assert "Show us a letter." in message.body
    assert "letter" not in str(list(Effect.objects.values_list("payload", flat=True)))


def test_other_laws_are_shown_before_they_are_applied(sign_in, send):
    case = make_case(State.TRIAGE, ERIKA)
    provider(established_in=["CN"], processes_in=["CN"], offers_service_in=["DE"])
    officer = sign_in(make_staff("olga", "privacy_officer"))
    page = officer.get(action_url(case, "change_law")).content.decode()
    assert "Mainland China: It applies because we process data in Mainland China." in page

    sent = send(officer, action_url(case, "change_law"), {**hidden_fields(page), **TEXT})
    assert sent.status_code == 302
    case.refresh_from_db()
    assert set(case.applicable_regimes) == {"CN", "EU"}
    page = officer.get(case_url(case)).content.decode()
    assert "The case was put under the laws that apply to it." in page
