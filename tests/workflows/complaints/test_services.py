"""What can be done with a complaint, from the first letter to its outcome."""

from datetime import timedelta

import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from requests_portal.presentation.deadlines import shown_clocks
from tests.complaints import HANDLER, TEXT, complain_in
from tests.factories import (
    APPROVER,
    ERIKA,
    INTAKE,
    OFFICER,
    OTHER_REVIEWER,
    REVIEWER,
    earlier_case,
    file,
    make_case,
    propose,
)
from workflows.accounts.actors import SYSTEM
from workflows.cases import correspondence, merging
from workflows.cases.clocks import lead_differs
from workflows.cases.filing_request import FiledItem
from workflows.cases.lifecycle import Action as CaseAction
from workflows.cases.lifecycle import State as CaseState
from workflows.cases.models import Case, Clock, EventContent, Message
from workflows.cases.timeline import public_timeline
from workflows.cases.transition import advance as advance_case
from workflows.common.errors import InvalidInput
from workflows.complaints import services
from workflows.complaints.lifecycle import Action, State
from workflows.complaints.models import ComplaintClock
from workflows.complaints.transition import ComplaintOpen, ComplaintRefused, advance, refusals
from workflows.ledger.models import Event
from workflows.outbox.models import Effect
from workflows.outbox.services import drain
from workflows.regimes import registry

pytestmark = pytest.mark.django_db


def steps(case: Case) -> list[str]:
    events = Event.objects.filter(case=case.pseudonym, name__startswith="complaint.").order_by("pk")
    return list(events.order_by("step").values_list("name", flat=True))


@pytest.fixture
def law_without_time(settings, tmp_path):
    """Return a law of the provider's own, which has no clock for complaints."""
    text = (registry.SHIPPED / "SG.toml").read_text(encoding="utf-8")
    line = 'complaint = "complaint_response"\n'
    assert line in text
    (tmp_path / "SG.toml").write_text(text.replace(line, ""), encoding="utf-8")
    settings.REGIMES_DIR = str(tmp_path)
    registry.clear_cache()
    yield "SG"
    registry.clear_cache()


class TestComplaining:
    @pytest.mark.parametrize(
        "state", [CaseState.FILED, CaseState.ANSWERED, CaseState.REJECTED_AS_ABUSE]
    )
    def test_is_open_to_the_person_in_any_state_of_the_case(self, state):
        complaint = complain_in(State.RECEIVED, state)

        assert (complaint.state, complaint.about) == (State.RECEIVED, "handling")
        assert complaint.statement.body == TEXT
        assert complaint.case.state == state

    def test_is_a_step_whose_text_is_a_commitment(self):
        complaint = complain_in(State.RECEIVED)

        event = Event.objects.get(name="complaint.received")
        assert event.facts == {
            "complaint": str(complaint.pk),
            "about": "handling",
            "received_at": complaint.received_at.isoformat(),
        }
        content = EventContent.objects.get(event=event.uid, name="text")
        assert content.opening["content"] == TEXT
        assert TEXT.encode() not in bytes(event.leaf)

    def test_waits_for_the_outcome_of_the_earlier_complaint(self):
        complaint = complain_in(State.IN_HANDLING)
        with pytest.raises(ComplaintOpen):
            services.complain(complaint.case, "Once more.")

        services.withdraw(complaint)
        services.complain(complaint.case, "Once more.")

        assert complaint.case.complaints.count() == 2

    def test_needs_words(self):
        with pytest.raises(InvalidInput):
            services.complain(file(ERIKA).case, "  ")


class TestContesting:
    def test_opens_a_complaint_that_gives_the_case_a_date_again(self):
        case = make_case(CaseState.ANSWERED, ERIKA)

        complaint = services.contest_answer(case, "You overlooked the second dataset.")

        assert case.state == CaseState.CONTESTED
        assert (complaint.about, complaint.statement.kind) == ("answer", "contest")
        assert complaint.clocks.filter(leads=True, stopped_at=None).exists()
        assert case.due_at == case.clocks.get(leads=True, stopped_at=None).due_at
        assert Case.objects.get(pk=case.pk).due_at == case.due_at

    def test_keeps_that_date_while_the_case_is_looked_at_anew(self):
        case = make_case(CaseState.ANSWERED, ERIKA)
        services.contest_answer(case, "You overlooked the second dataset.")
        before = case.due_at
        advance_case(case, CaseAction.REOPEN, OTHER_REVIEWER)

        assert case.due_at == before

    def test_opens_none_where_the_law_gives_complaints_no_time(self, settings, law_without_time):
        settings.PROVIDER_REGIMES = (law_without_time,)
        case = make_case(CaseState.ANSWERED, ERIKA, residence=law_without_time)

        assert services.contest_answer(case, "No.") is None
        assert case.state == CaseState.CONTESTED
        running = case.clocks.filter(leads=True, stopped_at=None)
        assert case.due_at == min(clock.due_at for clock in running)

    def test_during_an_open_complaint_has_a_date_too(self):
        case = make_case(CaseState.ANSWERED, ERIKA)
        services.complain(case, "You were rude.")

        assert services.contest_answer(case, "You overlooked the second dataset.") is None
        assert case.due_at is not None
        assert not lead_differs(case)

    @pytest.mark.parametrize("finding", ["upheld", "partly_upheld"])
    def test_that_is_upheld_leaves_a_clock_running(self, finding):
        case = make_case(CaseState.ANSWERED, ERIKA)
        complaint = services.contest_answer(case, "You overlooked the second dataset.")
        services.acknowledge(complaint, INTAKE)
        services.take_up(complaint, OTHER_REVIEWER)
        services.answer(complaint, OTHER_REVIEWER, finding, "You are right.", "We look anew.")

        case.refresh_from_db()
        assert case.state == CaseState.CONTESTED
        [running] = case.clocks.filter(leads=True, stopped_at=None)
        assert case.due_at == running.due_at
        assert running.check_at is not None
        assert not lead_differs(case)

    def test_that_is_withdrawn_lets_the_answer_stand_and_nothing_run(self):
        case = make_case(CaseState.ANSWERED, ERIKA)
        services.withdraw(services.contest_answer(case, "You overlooked the second dataset."))

        case.refresh_from_db()
        assert case.state == CaseState.ANSWERED
        assert not case.clocks.filter(stopped_at=None).exists()
        assert not ComplaintClock.objects.filter(case=case, stopped_at=None).exists()
        sentences = [step.sentence for step in public_timeline(case)]
        assert "The complaint was withdrawn, so the answer stands." in sentences

    def test_that_is_withdrawn_was_not_answered(self):
        case = make_case(CaseState.ANSWERED, ERIKA)
        services.withdraw(services.contest_answer(case, "You overlooked the second dataset."))

        clock = case.clocks.get(leads=True, round=1)
        assert (clock.state, clock.answered) == (Clock.State.STOPPED, False)
        shown = next(each for each in shown_clocks(case) if each.state == clock.state)
        page = render_to_string("public/clock.html", {"clock": shown})
        assert "when you withdrew the complaint; the answer stands" in page
        assert "Answered" not in page

    def test_cannot_be_found_wrong_while_the_case_is_reviewed_again(self):
        case = make_case(CaseState.ANSWERED, ERIKA)
        complaint = services.contest_answer(case, "You overlooked the second dataset.")
        services.acknowledge(complaint, INTAKE)
        services.take_up(complaint, OFFICER)
        advance_case(case, CaseAction.REOPEN, OTHER_REVIEWER)
        complaint.refresh_from_db()

        with pytest.raises(InvalidInput, match="under review again"):
            services.answer(complaint, OFFICER, "not_upheld", "It was searched as well.")
        services.answer(complaint, OFFICER, "upheld", "You are right.", "We look anew.")

    def test_that_is_not_upheld_lets_the_answer_stand(self):
        case = make_case(CaseState.ANSWERED, ERIKA)
        complaint = services.contest_answer(case, "You overlooked the second dataset.")
        services.acknowledge(complaint, INTAKE, "We have it.")
        services.take_up(complaint, OTHER_REVIEWER)
        services.answer(complaint, OTHER_REVIEWER, "not_upheld", "It was searched as well.")

        case.refresh_from_db()
        assert case.state == CaseState.ANSWERED
        assert Event.objects.filter(case=case.pseudonym).last().name == "answer.confirmed"

    def test_that_is_upheld_leaves_the_case_to_be_taken_up_again(self):
        case = make_case(CaseState.ANSWERED, ERIKA)
        complaint = services.contest_answer(case, "You overlooked the second dataset.")
        services.acknowledge(complaint, INTAKE, "We have it.")
        services.take_up(complaint, OTHER_REVIEWER)
        services.answer(complaint, OTHER_REVIEWER, "upheld", "You are right.", "We look anew.")

        case.refresh_from_db()
        assert case.state == CaseState.CONTESTED


class TestARequestThatComplains:
    REQUEST = (
        FiledItem("copy", {"statement": "Everything."}),
        FiledItem("complaint", {"statement": "The answer in spring came late."}),
    )

    def test_opens_its_complaint_after_the_commit_once(self):
        long_ago = timezone.now() - timedelta(days=3)
        case = file(ERIKA, items=self.REQUEST, at=long_ago).case
        assert Effect.objects.filter(kind="complaints.open").count() == 1
        drain()
        services.open_from_request(case)

        complaint = case.complaints.get()
        assert (complaint.about, complaint.received_at) == ("request", case.filed_at)
        assert complaint.statement.body == "The answer in spring came late."
        assert {clock.started_at for clock in complaint.clocks.all()} == {long_ago}

    def test_is_not_lost_when_the_person_complains_again_before_a_worker_came(self):
        case = file(ERIKA, items=(FiledItem("complaint", {"statement": "You ignored me."}),)).case

        with pytest.raises(ComplaintOpen):
            services.complain(case, "And you were rude.")
        drain()

        assert case.complaints.get().statement.body == "You ignored me."

    def test_is_opened_on_a_case_that_was_merged_before_a_worker_came(self):
        ignored = FiledItem("complaint", {"statement": "You ignored me."})
        case = make_case(CaseState.TRIAGE, ERIKA, items=(*ERIKA.items, ignored))
        merging.merge_duplicate(case, INTAKE, earlier_case(case, items=ERIKA.items))

        drain()

        complaint = case.complaints.get()
        assert complaint.statement.body == "You ignored me."
        assert complaint.is_open

    def test_opens_none_on_a_request_that_was_withdrawn_meanwhile(self):
        case = file(ERIKA, items=(FiledItem("complaint", {"statement": "You ignored me."}),)).case
        correspondence.withdraw(case)
        drain()

        assert not case.complaints.exists()

    def test_opens_none_where_nothing_is_complained_about(self):
        case = file(ERIKA).case

        assert not Effect.objects.filter(kind="complaints.open").exists()
        assert services.open_from_request(case) is None


class TestTheWay:
    def test_from_receipt_to_the_end_each_step_is_in_the_log(self):
        complaint = complain_in(State.IN_HANDLING)
        services.tell_progress(complaint, HANDLER, "We asked the post room.")
        services.answer(complaint, HANDLER, "upheld", "The letters lay.", "Answered now.")
        services.close(complaint, HANDLER)

        assert steps(complaint.case) == [
            "complaint.received",
            "complaint.acknowledged",
            "complaint.taken_up",
            "complaint.progress_told",
            "complaint.answered",
            "complaint.closed",
        ]
        answered = Event.objects.get(name="complaint.answered")
        assert answered.facts["finding"] == complaint.finding == "upheld"
        assert set(answered.commitments) == {"reasons", "redress"}
        assert complaint.handler == HANDLER.pseudonym

    def test_touches_the_state_of_the_case_in_no_fact(self):
        complaint = complain_in(State.CLOSED)

        for event in Event.objects.filter(
            case=complaint.case.pseudonym, name__startswith="complaint."
        ).order_by("pk"):
            assert not {"from", "to"} & set(event.facts)

    def test_each_letter_is_kept_and_a_mail_says_only_that_it_waits(self, mailoutbox):
        complaint = complain_in(State.ANSWERED)
        drain()

        bodies = [letter.body for letter in complaint.letters.order_by("sent_at")]
        assert complaint.case.number in bodies[0]
        assert bodies[1] == "We have it."
        assert "The letters lay." in bodies[2]
        assert "Your complaint is upheld." in bodies[2]
        mails = [mail for mail in mailoutbox if "erika@example.de" in mail.to]
        assert not any("letters lay" in mail.body for mail in mails)
        assert Effect.objects.filter(kind="mail.message").count() == 3

    def test_the_letters_are_in_the_language_and_the_days_of_the_person(self):
        complaint = complain_in(
            State.ANSWERED, CaseState.TRIAGE, residence="CN", language="zh-hans"
        )
        acknowledgement, _added, outcome = complaint.letters.order_by("sent_at")

        assert complaint.case.number in acknowledgement.body
        assert str(complaint.clocks.get(leads=True).due_on.year) in acknowledgement.body
        assert "国家互联网信息办公室" in outcome.body
        assert "您的投诉成立。" in outcome.body

    @pytest.mark.parametrize("residence", ["CN", "DE-BE", "GB", "US-CA"])
    def test_the_notices_hold_what_the_law_prescribes(self, residence):
        complaint = complain_in(State.IN_HANDLING, residence=residence)
        services.answer(complaint, HANDLER, "not_upheld", "We answered in time.")
        regime = complaint.case.lead_regime

        sent = {notice.kind: set(notice.elements) for notice in complaint.case.notices.all()}
        for kind in ("complaint_acknowledgement", "complaint_outcome"):
            assert sent[kind] >= set(regime.notices[kind].elements)
        assert complaint.letters.filter(notice__isnull=False).count() == 2

    def test_ends_when_the_person_withdraws(self):
        complaint = complain_in(State.IN_HANDLING)
        services.withdraw(complaint)

        assert {clock.state for clock in complaint.clocks.all()} == {Clock.State.STOPPED}
        with pytest.raises(ComplaintRefused):
            services.answer(complaint, HANDLER, "upheld", "Yes.", "Done.")

    @pytest.mark.parametrize(
        ("finding", "redress"), [("maybe", "Something"), ("upheld", ""), ("partly_upheld", " ")]
    )
    def test_an_outcome_says_what_was_found_and_what_is_done(self, finding, redress):
        complaint = complain_in(State.IN_HANDLING)
        before = Message.objects.count()

        with pytest.raises(InvalidInput):
            services.answer(complaint, HANDLER, finding, "Reasons.", redress)
        assert Message.objects.count() == before

    def test_what_is_refused_leaves_no_trace(self):
        complaint = complain_in(State.RECEIVED)
        before = Event.objects.count(), Message.objects.count()

        with pytest.raises(ComplaintRefused, match="state"):
            services.tell_progress(complaint, HANDLER, "So far so good.")
        assert (Event.objects.count(), Message.objects.count()) == before


class TestWhoHandlesIt:
    def test_is_nobody_who_took_part_in_the_decision(self):
        case = make_case(CaseState.ANSWERED, ERIKA)
        complaint = services.contest_answer(case, "You overlooked the second dataset.")
        services.acknowledge(complaint, REVIEWER, "We have it.")

        for actor in (REVIEWER, APPROVER):
            assert refusals(complaint, actor)[Action.TAKE_UP] == "own_decision"
            with pytest.raises(ComplaintRefused, match="took part"):
                services.take_up(complaint, actor)
        services.take_up(complaint, OTHER_REVIEWER)

    def test_may_decide_anew_without_becoming_partial(self):
        """Only what was decided before the complaint counts, not what follows from it."""
        case = make_case(CaseState.ANSWERED, ERIKA)
        complaint = services.contest_answer(case, "You overlooked the second dataset.")
        services.acknowledge(complaint, INTAKE, "We have it.")
        services.take_up(complaint, OTHER_REVIEWER)
        advance_case(case, CaseAction.REOPEN, OTHER_REVIEWER)
        propose(case, OTHER_REVIEWER)

        assert refusals(complaint, OTHER_REVIEWER)[Action.ANSWER] == ""

    def test_the_system_only_reminds_marks_late_and_ends_what_is_erased(self):
        complaint = complain_in(State.RECEIVED)

        assert set(refusals(complaint, SYSTEM)) == {
            Action.END_ERASED,
            Action.REMIND,
            Action.MARK_LATE,
        }
        with pytest.raises(ComplaintRefused):
            advance(complaint, Action.ACKNOWLEDGE, SYSTEM)
